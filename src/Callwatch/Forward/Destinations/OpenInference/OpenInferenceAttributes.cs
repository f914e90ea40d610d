using System.Globalization;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.OpenInference;

/// <summary>
/// A span in the names of OpenInference (semantic conventions as of <c>@arizeai/openinference-semantic-conventions</c> 2.x): Arize AX and Phoenix read
/// them, and an OTLP destination may ask for them. Tokens and cost stand on model calls only: those who read them add them up.
/// </summary>
internal static class OpenInferenceAttributes
{
    public static void Add(OutboundAttributes attributes, SpanToSend span, Anchor anchor)
    {
        attributes.Add("openinference.span.kind", KindOf(span.Span));
        AddValue(attributes, "input", span.Content.InputMessages.Count > 0 ? new JsonObject { ["messages"] = span.Input() } : span.Content.Input);
        AddValue(attributes, "output", OutputOf(span));
        attributes.Add("session.id", span.Span.SessionId ?? anchor.SessionId);
        attributes.Add("user.id", span.Span.UserId ?? anchor.UserId);
        attributes.Add("tag.tags", span.Span.Tags);
        attributes.AddJson("metadata", span.Metadata());
        if (span.Span.IsCall()) AddCall(attributes, span);
        if (span.Span.Kind == SpanKind.Tool) AddTool(attributes, span);
        if (span.Span.Kind == SpanKind.Agent) attributes.Add("agent.name", span.Span.DisplayName);
        AddDocuments(attributes, span);
        AddNode(attributes, span.Span);
    }

    private static string KindOf(Span span) => span.Kind switch
    {
        SpanKind.Chat or SpanKind.Completion or SpanKind.Image or SpanKind.Speech or SpanKind.Transcription => "LLM",
        SpanKind.SuggestedQuestion or SpanKind.GenerateConversationName => span.Call is null ? "CHAIN" : "LLM",
        SpanKind.Embedding => "EMBEDDING",
        SpanKind.Rerank => "RERANKER",
        SpanKind.Tool => "TOOL",
        SpanKind.Agent => "AGENT",
        SpanKind.Retrieval => "RETRIEVER",
        SpanKind.Guardrail or SpanKind.Moderation => "GUARDRAIL",
        SpanKind.Evaluator => "EVALUATOR",
        SpanKind.Prompt => "PROMPT",
        _ => "CHAIN",
    };

    private static JsonNode? OutputOf(SpanToSend span) => MessageForms.TextOf(span.Content.OutputMessages) is { } text ? JsonValue.Create(text) : span.Output();

    private static void AddValue(OutboundAttributes attributes, string side, JsonNode? value)
    {
        if (value is null) return;
        attributes.AddJson(side + ".value", value);
        attributes.Add(side + ".mime_type", value is JsonValue text && text.TryGetValue<string>(out _) ? "text/plain" : "application/json");
    }

    private static void AddCall(OutboundAttributes attributes, SpanToSend span)
    {
        var call = span.Span.Call!;
        var parameters = span.Span.Parameters();
        if (span.Span.Kind == SpanKind.Embedding)
        {
            attributes.Add("embedding.model_name", call.Model);
            if (parameters.Count > 0) attributes.AddJson("embedding.invocation_parameters", parameters);
            var texts = span.Content.Input is JsonArray list ? list : [.. span.Content.Input is { } one ? [one.DeepClone()] : Array.Empty<JsonNode>()];
            for (var i = 0; i < texts.Count; i++) attributes.AddJson(Indexed("embedding.embeddings", i, "embedding.text"), texts[i]);
        }
        else
        {
            attributes.Add("llm.system", call.Provider ?? "unknown");
            attributes.Add("llm.provider", call.Provider);
            attributes.Add("llm.model_name", call.Model);
            if (call.RequestModel is not null && call.ResponseModel is not null && call.RequestModel != call.ResponseModel)
            {
                attributes.Add("llm.request.model_name", call.RequestModel);
                attributes.Add("llm.response.model_name", call.ResponseModel);
            }

            if (parameters.Count > 0) attributes.AddJson("llm.invocation_parameters", parameters);
            attributes.Add("llm.finish_reason", call.FinishReasonsRaw.Count > 0 ? call.FinishReasonsRaw[0] : null);
            attributes.Add("llm.prompt_template.version", call.PromptVersion);
            AddMessages(attributes, "llm.input_messages", span.Content.InputMessages);
            AddMessages(attributes, "llm.output_messages", span.Content.OutputMessages);
            for (var i = 0; i < span.Content.Tools.Count; i++) attributes.AddJson(Indexed("llm.tools", i, "tool.json_schema"), span.Content.Tools[i]);
        }

        AddTokens(attributes, call.Usage);
        AddCost(attributes, call.Cost);
    }

    private static void AddTokens(OutboundAttributes attributes, TokenUsage usage) => attributes
        .Add("llm.token_count.prompt", usage.Input)
        .Add("llm.token_count.completion", usage.Output)
        .Add("llm.token_count.total", usage.Total)
        .Add("llm.token_count.prompt_details.cache_read", usage.CacheRead)
        .Add("llm.token_count.prompt_details.cache_write", usage.CacheWrite)
        .Add("llm.token_count.prompt_details.audio", usage.AudioInput)
        .Add("llm.token_count.completion_details.reasoning", usage.Reasoning)
        .Add("llm.token_count.completion_details.audio", usage.AudioOutput);

    private static void AddCost(OutboundAttributes attributes, CallCost cost)
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

    private static void AddMessages(OutboundAttributes attributes, string prefix, IReadOnlyList<ChatMessage> messages)
    {
        for (var i = 0; i < messages.Count; i++)
        {
            var message = messages[i];
            attributes.Add(Indexed(prefix, i, "message.role"), message.Role);
            var shown = message.Parts.Where(part => part.Type is not ("tool_call" or "tool_result")).ToList();
            if (shown.Count > 0 && shown.TrueForAll(part => part.Type == "text")) attributes.Add(Indexed(prefix, i, "message.content"), string.Join("\n", shown.Select(part => part.Text)));
            else AddContents(attributes, Indexed(prefix, i, "message.contents"), shown);
            var calls = message.Parts.Where(part => part.Type == "tool_call").ToList();
            for (var k = 0; k < calls.Count; k++)
            {
                var at = Indexed(prefix, i, "message.tool_calls");
                attributes.Add(Indexed(at, k, "tool_call.id"), calls[k].Id);
                attributes.Add(Indexed(at, k, "tool_call.function.name"), calls[k].Name);
                attributes.AddJson(Indexed(at, k, "tool_call.function.arguments"), calls[k].Arguments);
            }

            if (message.Parts.FirstOrDefault(part => part.Type == "tool_result") is not { } result) continue;
            attributes.Add(Indexed(prefix, i, "message.tool_call_id"), result.Id);
            attributes.Add(Indexed(prefix, i, "message.name"), result.Name);
            attributes.AddJson(Indexed(prefix, i, "message.content"), result.Result ?? (result.Text is { } text ? JsonValue.Create(text) : null));
        }
    }

    private static void AddContents(OutboundAttributes attributes, string prefix, List<MessagePart> parts)
    {
        for (var m = 0; m < parts.Count; m++)
        {
            var part = parts[m];
            attributes.Add(Indexed(prefix, m, "message_content.type"), part.Type is "text" or "image" or "audio" or "reasoning" ? part.Type : "text");
            if (part.Type == "image") attributes.Add(Indexed(prefix, m, "message_content.image.image.url"), part.Uri);
            else if (part.Type == "audio") attributes.Add(Indexed(prefix, m, "message_content.audio.audio.url"), part.Uri);
            else attributes.Add(Indexed(prefix, m, "message_content.text"), part.Text ?? part.Uri ?? OutboundAttributes.TextOf(part.Raw));
        }
    }

    private static void AddTool(OutboundAttributes attributes, SpanToSend span)
    {
        attributes.Add("tool.name", span.Span.DisplayName);
        attributes.AddJson("tool.parameters", span.Content.Input is JsonObject arguments ? arguments : null);
        attributes.Add("tool.id", (string?)span.Content.Attributes["gen_ai.tool.call.id"]?.ToString());
        attributes.Add("tool.description", (string?)span.Content.Attributes["gen_ai.tool.description"]?.ToString());
    }

    private static void AddDocuments(OutboundAttributes attributes, SpanToSend span)
    {
        var prefix = span.Span.Kind == SpanKind.Rerank ? "reranker.output_documents" : "retrieval.documents";
        for (var i = 0; i < span.Content.Documents.Count; i++)
        {
            if (span.Content.Documents[i] is not JsonObject document) continue;
            attributes.AddJson(Indexed(prefix, i, "document.id"), document["id"]);
            attributes.AddJson(Indexed(prefix, i, "document.content"), document["content"]);
            attributes.Add(Indexed(prefix, i, "document.score"), document["score"] is JsonValue score && score.TryGetValue<double>(out var number) ? number : (double?)null);
            attributes.AddJson(Indexed(prefix, i, "document.metadata"), document["metadata"] as JsonObject);
        }
    }

    private static void AddNode(OutboundAttributes attributes, Span span)
    {
        if (span.Kind != SpanKind.Node) return;
        attributes.Add("graph.node.id", span.Metadata.GetValueOrDefault("node_id") ?? span.SpanId.ToString());
        attributes.Add("graph.node.name", span.DisplayName);
        attributes.Add("graph.node.parent_id", span.Metadata.GetValueOrDefault("predecessor_node_id"));
    }

    private static string Indexed(string prefix, int index, string member) => string.Create(CultureInfo.InvariantCulture, $"{prefix}.{index}.{member}");
}
