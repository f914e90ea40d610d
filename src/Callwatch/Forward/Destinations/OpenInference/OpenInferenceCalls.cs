using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Spans;
using static Callwatch.Forward.Destinations.OpenInference.OpenInferenceAttributes;

namespace Callwatch.Forward.Destinations.OpenInference;

/// <summary>The facts of model calls. Tokens stand on the calls that count, and nowhere else: those who read them add them up.</summary>
internal static class OpenInferenceCalls
{
    public static void AddCall(OutboundAttributes attributes, SpanToSend span)
    {
        var call = span.Span.Call!;
        attributes.Add("llm.system", OpenInferenceNames.SystemOf(call));
        attributes.Add("llm.provider", OpenInferenceNames.ProviderOf(call));
        attributes.Add("llm.model_name", call.Model);
        if (call.RequestModel is not null && call.ResponseModel is not null && call.RequestModel != call.ResponseModel)
        {
            attributes.Add("llm.request.model_name", call.RequestModel);
            attributes.Add("llm.response.model_name", call.ResponseModel);
        }

        if (span.Span.Parameters() is { Count: > 0 } parameters) attributes.AddJson("llm.invocation_parameters", parameters);
        attributes.Add("llm.finish_reason", call.FinishReasonsRaw.Count > 0 ? call.FinishReasonsRaw[0] : null);
        attributes.Add("llm.prompt_template.version", call.PromptVersion);
        attributes.Add("prompt.id", call.PromptName);
        if (span.Span.Kind == SpanKind.Completion) AddTexts(attributes, span);
        else OpenInferenceMessages.Add(attributes, span);
        for (var i = 0; i < span.Content.Tools.Count; i++) attributes.Add(Indexed("llm.tools", i, "tool.json_schema"), WorkFacts.JsonText(span.Content.Tools[i]));
        AddTokens(attributes, call.Usage);
        AddCost(attributes, call.Cost);
    }

    public static void AddEmbedding(OutboundAttributes attributes, SpanToSend span)
    {
        var call = span.Span.Call!;
        attributes.Add("embedding.model_name", call.Model);
        if (span.Span.Parameters() is { Count: > 0 } parameters) attributes.AddJson("embedding.invocation_parameters", parameters);
        IReadOnlyList<JsonNode?> texts = span.Content.Input switch
        {
            JsonArray list => [.. list],
            { } one => [one],
            null => [],
        };
        for (var i = 0; i < texts.Count; i++) attributes.AddJson(Indexed("embedding.embeddings", i, "embedding.text"), texts[i] ?? "");
        AddTokens(attributes, call.Usage);
        AddCost(attributes, call.Cost);
    }

    /// <summary>An agent that tells the usage of calls nobody recorded: nothing beneath it counts, so nothing counts twice.</summary>
    public static void AddSummary(OutboundAttributes attributes, SpanToSend span)
    {
        if (span.Span.Call is not { } call || (call.Usage.IsUnknown && call.Cost.TotalUsd is null)) return;
        attributes.Add("llm.provider", OpenInferenceNames.ProviderOf(call));
        attributes.Add("llm.model_name", call.Model);
        AddTokens(attributes, call.Usage);
        AddCost(attributes, call.Cost);
    }

    public static void AddCost(OutboundAttributes attributes, CallCost cost)
    {
        attributes.Add("llm.cost.total", cost.TotalUsd);
        if (cost.InputUsd is null && cost.OutputUsd is null) return;
        attributes.Add("llm.cost.prompt", (cost.InputUsd ?? 0) + (cost.CacheReadUsd ?? 0) + (cost.CacheWriteUsd ?? 0));
        attributes.Add("llm.cost.completion", (cost.OutputUsd ?? 0) + (cost.ReasoningUsd ?? 0));
        attributes.Add("llm.cost.prompt_details.input", cost.InputUsd);
        attributes.Add("llm.cost.prompt_details.cache_read", cost.CacheReadUsd);
        attributes.Add("llm.cost.prompt_details.cache_write", cost.CacheWriteUsd);
        attributes.Add("llm.cost.completion_details.output", cost.OutputUsd);
        attributes.Add("llm.cost.completion_details.reasoning", cost.ReasoningUsd);
    }

    private static void AddTokens(OutboundAttributes attributes, TokenUsage usage) => attributes
        .Add("llm.token_count.prompt", usage.Input)
        .Add("llm.token_count.completion", usage.Output)
        .Add("llm.token_count.total", usage.Total ?? (usage.Input is { } input && usage.Output is { } output ? input + output : null))
        .Add("llm.token_count.prompt_details.cache_read", usage.CacheRead)
        .Add("llm.token_count.prompt_details.cache_write", usage.CacheWrite)
        .Add("llm.token_count.prompt_details.audio", usage.AudioInput)
        .Add("llm.token_count.completion_details.reasoning", usage.Reasoning)
        .Add("llm.token_count.completion_details.audio", usage.AudioOutput);

    // Completions have texts where chats have messages.
    private static void AddTexts(OutboundAttributes attributes, SpanToSend span)
    {
        if ((MessageForms.TextOf(span.Content.InputMessages) ?? OutboundAttributes.TextOf(span.Content.Input)) is { } prompt) attributes.Add("llm.prompts.0.prompt.text", prompt);
        var choices = 0;
        foreach (var message in span.Content.OutputMessages)
            if (MessageForms.TextOf([message]) is { } text) attributes.Add(Indexed("llm.choices", choices++, "completion.text"), text);
    }
}

/// <summary>OpenInference's words for who made a model and who hosts it.</summary>
internal static class OpenInferenceNames
{
    /// <summary>Whose product it is: <c>openai</c> also where Azure hosts it. The provider's own word where the table has none; <c>unknown</c> when nothing is known, for the field is required.</summary>
    public static string SystemOf(LlmCall call) => call.Provider switch
    {
        "azure" => "openai",
        "google" => "vertexai",
        "aws" => OfBedrock(call.Model),
        "mistral" => "mistralai",
        "x-ai" => "xai",
        { Length: > 0 } other => other,
        _ => "unknown",
    };

    public static string? ProviderOf(LlmCall call) => call.Provider switch
    {
        "mistral" => "mistralai",
        "x-ai" => "xai",
        "moonshotai" => "moonshot",
        { Length: > 0 } other => other,
        _ => null,
    };

    // Models there are named "anthropic.claude-…", with a region before it at times.
    private static string OfBedrock(string? model)
    {
        foreach (var part in (model ?? "").Split('.'))
        {
            switch (part)
            {
                case "anthropic" or "cohere" or "meta" or "ai21" or "deepseek" or "amazon":
                    return part;
                case "mistral":
                    return "mistralai";
            }
        }

        return "amazon";
    }
}
