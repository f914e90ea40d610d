using System.Globalization;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.OpenInference;

/// <summary>
/// A span in the names of OpenInference (semantic conventions as of <c>@arizeai/openinference-semantic-conventions</c> 2.12): Arize AX and Phoenix read
/// them, and an OTLP destination may ask for them. Lists are flattened with indexes from 0; no value is a map, none is empty.
/// </summary>
internal static class OpenInferenceAttributes
{
    public static void Add(OutboundAttributes attributes, SpanToSend span, Anchor anchor)
    {
        var kind = KindOf(span);
        attributes.Add("openinference.span.kind", kind);
        AddValue(attributes, "input", InputOf(span));
        AddValue(attributes, "output", OutputOf(span));
        attributes.Add("session.id", NotEmpty(span.Span.SessionId ?? anchor.SessionId));
        attributes.Add("user.id", NotEmpty(span.Span.UserId ?? anchor.UserId));
        attributes.Add("tag.tags", TagsOf(span, anchor));
        attributes.AddJson("metadata", span.Metadata());
        switch (kind)
        {
            case "LLM":
                OpenInferenceCalls.AddCall(attributes, span);
                break;
            case "EMBEDDING":
                OpenInferenceCalls.AddEmbedding(attributes, span);
                break;
            case "RERANKER":
                OpenInferenceWork.AddRerank(attributes, span);
                break;
            case "RETRIEVER":
                OpenInferenceWork.AddDocuments(attributes, "retrieval.documents", span.FoundDocuments());
                break;
            case "TOOL":
                OpenInferenceWork.AddTool(attributes, span);
                break;
            case "AGENT":
                attributes.Add("agent.name", span.Span.DisplayName);
                OpenInferenceCalls.AddSummary(attributes, span);
                break;
        }

        OpenInferenceWork.AddNode(attributes, span);
    }

    public static string Indexed(string prefix, int index, string member) => string.Create(CultureInfo.InvariantCulture, $"{prefix}.{index}.{member}");

    private static string KindOf(SpanToSend span) => span.Span.Kind switch
    {
        SpanKind.Chat or SpanKind.Completion or SpanKind.Image or SpanKind.Speech or SpanKind.Transcription when span.Span.IsCall() => "LLM",
        SpanKind.Embedding when span.Span.IsCall() => "EMBEDDING",
        SpanKind.Rerank => "RERANKER",
        SpanKind.Agent => "AGENT",
        SpanKind.Retrieval => "RETRIEVER",
        SpanKind.Guardrail or SpanKind.Moderation => "GUARDRAIL",
        SpanKind.Evaluator => "EVALUATOR",
        SpanKind.Prompt => "PROMPT",

        // Steps of a workflow that run code or fetch something are nothing a model has asked for.
        SpanKind.Tool when span.Field("node_type") is null or "tool" => "TOOL",
        _ => "CHAIN",
    };

    private static JsonNode? InputOf(SpanToSend span) =>
        span.Span.Kind.IsCall() && span.Content.InputMessages.Count > 0 ? new JsonObject { ["messages"] = MessageForms.OpenAi(span.Content.InputMessages) } : span.Input();

    private static JsonNode? OutputOf(SpanToSend span) => MessageForms.TextOf(span.Content.OutputMessages) is { } text && span.Span.Kind.IsCall() ? JsonValue.Create(text) : span.Output();

    private static void AddValue(OutboundAttributes attributes, string side, JsonNode? value)
    {
        if (value is null) return;
        attributes.AddJson(side + ".value", value);
        attributes.Add(side + ".mime_type", value is JsonValue text && text.TryGetValue<string>(out _) ? "text/plain" : "application/json");
    }

    // Those of the trace stand on its root, where lists of traces read them.
    private static IReadOnlyList<string> TagsOf(SpanToSend span, Anchor anchor) =>
        span.Span.SpanId == anchor.RootSpanId ? [.. anchor.Tags.Concat(span.Span.Tags).Distinct(StringComparer.Ordinal)] : span.Span.Tags;

    // An empty session would gather all such traces in one.
    private static string? NotEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
