using System.Text.Json;

namespace Callwatch.Client.Capture.Dialects;

/// <summary>Chat Completions (OpenAI API, November 2026), also of Azure OpenAI and everything that calls itself compatible.</summary>
internal sealed class OpenAiChat : Dialect
{
    public static readonly OpenAiChat One = new();

    public override void ReadRequest(JsonElement request, CallFacts facts, bool messages)
    {
        ReadSampling(request, facts);
        facts.OutputType = request.Get("response_format").Text("type") is { } format ? format.StartsWith("json", StringComparison.Ordinal) ? "json" : "text" : null;
        if (!messages) return;
        facts.InputMessages = MessageJson.Of(request.Get("messages"));
        facts.ToolDefinitions = Tools(request);
    }

    public override void ReadAnswer(JsonElement answer, CallFacts facts, bool messages)
    {
        Head(answer, facts);
        var choices = answer.Get("choices").Items().ToList();
        foreach (var choice in choices) facts.Finished(choice.Text("finish_reason"));
        if (messages) facts.OutputMessages = MessageJson.Answers(choices.Select(choice => (choice.Get("message"), choice.Text("finish_reason"))));
    }

    public override bool ReadEvent(JsonElement data, CallFacts facts, bool messages)
    {
        Head(data, facts);
        // vLLM and OpenRouter tell so of what fails after the first piece.
        if (data.Get("error").Is(JsonValueKind.Object)) ReadError(data, facts);
        var said = false;
        foreach (var choice in data.Get("choices").Items())
        {
            facts.Finished(choice.Text("finish_reason"));
            var delta = choice.Get("delta");
            var (text, thought) = (delta.Text("content") ?? delta.Text("refusal"), delta.Text("reasoning_content") ?? delta.Text("reasoning"));
            said |= text is { Length: > 0 } || thought is { Length: > 0 };
            if (messages && choice.Count("index") is null or 0)
            {
                facts.Said(text);
                facts.Thought(thought);
            }

            foreach (var call in delta.Get("tool_calls").Items())
            {
                said = true;
                var tool = facts.Tool((int)Math.Min(call.Count("index") ?? 0, 1_000));
                tool.Id ??= call.Text("id");
                tool.Name ??= call.Get("function").Text("name");
                if (messages) tool.Arguments.Append(call.Get("function").Text("arguments"));
            }
        }

        return said;
    }

    internal static void Head(JsonElement answer, CallFacts facts)
    {
        facts.ResponseModel = answer.Text("model") is { Length: > 0 } model ? model : facts.ResponseModel;
        facts.ResponseId = answer.Text("id") is { Length: > 0 } id ? id : facts.ResponseId;
        facts.ServiceTier = answer.Text("service_tier") ?? facts.ServiceTier;
        Usage(answer.Get("usage"), facts);
    }

    internal static void Usage(JsonElement usage, CallFacts facts)
    {
        if (!usage.Is(JsonValueKind.Object)) return;
        facts.InputTokens = usage.Count("prompt_tokens") ?? usage.Count("input_tokens") ?? facts.InputTokens;
        facts.OutputTokens = usage.Count("completion_tokens") ?? usage.Count("output_tokens") ?? facts.OutputTokens;
        facts.CacheReadTokens = usage.Get("prompt_tokens_details").Count("cached_tokens") ?? usage.Get("input_tokens_details").Count("cached_tokens")
            ?? usage.Count("prompt_cache_hit_tokens") ?? facts.CacheReadTokens;
        facts.ReasoningTokens = usage.Get("completion_tokens_details").Count("reasoning_tokens") ?? usage.Get("output_tokens_details").Count("reasoning_tokens") ?? facts.ReasoningTokens;
    }
}

/// <summary>The older text completions.</summary>
internal sealed class OpenAiCompletions : Dialect
{
    public static readonly OpenAiCompletions One = new();

    public override void ReadRequest(JsonElement request, CallFacts facts, bool messages)
    {
        ReadSampling(request, facts);
        if (messages && request.Text("prompt") is not null) facts.InputMessages = MessageJson.Of(request.Get("prompt"));
    }

    public override void ReadAnswer(JsonElement answer, CallFacts facts, bool messages) => ReadEvent(answer, facts, messages);

    public override bool ReadEvent(JsonElement data, CallFacts facts, bool messages)
    {
        OpenAiChat.Head(data, facts);
        var said = false;
        foreach (var choice in data.Get("choices").Items())
        {
            facts.Finished(choice.Text("finish_reason"));
            said |= choice.Text("text") is { Length: > 0 };
            if (messages) facts.Said(choice.Text("text"));
        }

        return said;
    }
}

/// <summary>Embeddings.</summary>
internal sealed class OpenAiEmbeddings : Dialect
{
    public static readonly OpenAiEmbeddings One = new();

    public override void ReadRequest(JsonElement request, CallFacts facts, bool messages)
    {
        facts.RequestModel = request.Text("model") ?? facts.RequestModel;
        facts.Dimensions = request.Count("dimensions");
        if (messages && request.Text("input") is not null) facts.InputMessages = MessageJson.Of(request.Get("input"));
    }

    public override void ReadAnswer(JsonElement answer, CallFacts facts, bool messages)
    {
        OpenAiChat.Head(answer, facts);
        if (facts.Dimensions is null && answer.Get("data").Items().FirstOrDefault().Get("embedding") is { ValueKind: JsonValueKind.Array } vector) facts.Dimensions = vector.GetArrayLength();
    }
}
