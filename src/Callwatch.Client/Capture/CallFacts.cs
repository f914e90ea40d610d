using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Callwatch.Client.Capture;

/// <summary>A tool call as it comes in pieces.</summary>
internal sealed class ToolCallFacts
{
    public string? Id { get; set; }

    public string? Name { get; set; }

    public StringBuilder Arguments { get; } = new();
}

/// <summary>What has been learnt of a call so far; at its end it becomes attributes of the OpenTelemetry GenAI conventions (1.38 and later).</summary>
internal sealed class CallFacts
{
    // Beyond it an answer is kept no further; what a model writes is far shorter.
    private const int MostText = 1 << 20;

    private readonly SortedDictionary<int, ToolCallFacts> tools = [];

    public string? RequestModel { get; set; }

    public string? ResponseModel { get; set; }

    public string? ResponseId { get; set; }

    public bool? Streaming { get; set; }

    public double? Temperature { get; set; }

    public double? TopP { get; set; }

    public long? MaxTokens { get; set; }

    public long? Seed { get; set; }

    public string[]? StopSequences { get; set; }

    public string? ReasoningEffort { get; set; }

    public string? OutputType { get; set; }

    public long? Dimensions { get; set; }

    public string? ServiceTier { get; set; }

    public long? InputTokens { get; set; }

    public long? OutputTokens { get; set; }

    public long? CacheReadTokens { get; set; }

    public long? CacheWriteTokens { get; set; }

    public long? ReasoningTokens { get; set; }

    public List<string> FinishReasons { get; } = [];

    /// <summary>Messages that went in, system instructions and tools as JSON in the shape of the conventions.</summary>
    public string? InputMessages { get; set; }

    public string? SystemInstructions { get; set; }

    public string? ToolDefinitions { get; set; }

    /// <summary>Finished messages of an answer that came whole.</summary>
    public string? OutputMessages { get; set; }

    public StringBuilder Text { get; } = new();

    public StringBuilder Reasoning { get; } = new();

    public IReadOnlyCollection<ToolCallFacts> Tools => tools.Values;

    public string? ErrorType { get; set; }

    public string? ErrorMessage { get; set; }

    /// <summary>The last event of a stream has come.</summary>
    public bool IsComplete { get; set; }

    public ToolCallFacts Tool(int index)
    {
        if (!tools.TryGetValue(index, out var tool)) tools[index] = tool = new ToolCallFacts();
        return tool;
    }

    public void Said(string? text)
    {
        if (text is not null && Text.Length < MostText) Text.Append(text);
    }

    public void Thought(string? text)
    {
        if (text is not null && Reasoning.Length < MostText) Reasoning.Append(text);
    }

    public void Finished(string? reason)
    {
        if (reason is not null && !FinishReasons.Contains(reason)) FinishReasons.Add(reason);
    }

    public void Into(Activity span, bool messages)
    {
        Set("gen_ai.request.model", RequestModel);
        Set("gen_ai.response.model", ResponseModel);
        Set("gen_ai.response.id", ResponseId);
        Set("gen_ai.request.stream", Streaming);
        Set("gen_ai.request.temperature", Temperature);
        Set("gen_ai.request.top_p", TopP);
        Set("gen_ai.request.max_tokens", MaxTokens);
        Set("gen_ai.request.seed", Seed);
        Set("gen_ai.request.stop_sequences", StopSequences);
        Set("gen_ai.request.reasoning_effort", ReasoningEffort);
        Set("gen_ai.output.type", OutputType);
        Set("gen_ai.embeddings.dimension.count", Dimensions);
        Set("openai.response.service_tier", ServiceTier);
        Set("gen_ai.usage.input_tokens", InputTokens);
        Set("gen_ai.usage.output_tokens", OutputTokens);
        Set("gen_ai.usage.cache_read.input_tokens", CacheReadTokens);
        Set("gen_ai.usage.cache_creation.input_tokens", CacheWriteTokens);
        Set("gen_ai.usage.reasoning.output_tokens", ReasoningTokens);
        Set("gen_ai.response.finish_reasons", FinishReasons.Count == 0 ? null : FinishReasons.ToArray());
        if (messages)
        {
            Set("gen_ai.input.messages", InputMessages);
            Set("gen_ai.system_instructions", SystemInstructions);
            Set("gen_ai.tool.definitions", ToolDefinitions);
            Set("gen_ai.output.messages", OutputMessages ?? MessageJson.Answer(this));
        }

        void Set(string name, object? value)
        {
            if (value is not null) span.SetTag(name, value);
        }
    }

    /// <summary>Counts as providers write them; null for anything that is no count.</summary>
    public static long? Count(System.Text.Json.JsonElement value) =>
        value.ValueKind == System.Text.Json.JsonValueKind.Number && value.TryGetInt64(out var count) && count >= 0 ? count : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{RequestModel} {InputTokens}/{OutputTokens}");
}
