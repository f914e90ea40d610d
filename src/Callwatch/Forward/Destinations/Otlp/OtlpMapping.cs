using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.OpenInference;
using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.Otlp;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Otlp;

/// <summary>Which names the spans get besides those they came with.</summary>
internal enum Conventions
{
    GenAi,
    OpenInference,
    Both,
}

/// <summary>How a destination of plain OTLP wants its spans.</summary>
internal sealed record OtlpShape(Conventions Conventions, string? ServiceName, IReadOnlyDictionary<string, string> ResourceAttributes, bool CaptureContent, string Version);

/// <summary>
/// Spans as they were sent, with the names added that they lack. Pure. Where nothing has to be hidden the sender's own bytes go on, unknown fields
/// and all; else the span is made anew from what may be seen.
/// </summary>
internal static class OtlpMapping
{
    // The names prompts and answers stand under in the dialects that are read; what begins with one of them is left out when content is not to go.
    private static readonly string[] ContentNames =
    [
        "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.prompt", "gen_ai.completion", "gen_ai.tool.call.arguments",
        "gen_ai.tool.call.result", "gen_ai.tool.definitions", "gen_ai.content.", "gen_ai.event.content", "gen_ai.retrieval.", "retrieval.", "input.value", "output.value", "llm.input_messages",
        "llm.output_messages", "llm.prompts", "llm.choices", "llm.prompt_template", "embedding.embeddings", "reranker.", "tool.parameters", "traceloop.entity.input", "traceloop.entity.output",
        "ai.prompt", "ai.response.text", "ai.response.object", "ai.response.toolCalls", "ai.toolCall.args", "ai.toolCall.result", "ai.value", "langfuse.observation.input", "langfuse.observation.output",
        "langfuse.trace.input", "langfuse.trace.output", "langsmith.", "mlflow.spanInputs", "mlflow.spanOutputs", "callwatch.input", "callwatch.output", "callwatch.query", "callwatch.tool_inputs", "callwatch.tool_outputs",
        "callwatch.documents", "callwatch.node_inputs", "callwatch.node_outputs", "callwatch.process_data", "callwatch.suggested_question", "callwatch.preset_response",
    ];

    public static IReadOnlyList<OutboundItem> Items(TraceToSend trace, Anchor anchor, OtlpShape shape) => [.. trace.Spans.Select(span => Item(span, anchor, shape))];

    private static OutboundItem Item(SpanToSend span, Anchor anchor, OtlpShape shape)
    {
        var asSent = !span.Body.IsEmpty && shape.CaptureContent;
        return new OutboundItem
        {
            Route = OtlpBatch.Route,
            TraceId = span.Span.TraceId,
            SpanIds = [span.Span.SpanId],
            Id = span.Span.SpanId.ToString(),
            Head = Head(span, shape, asSent),
            Payload = asSent ? WithMore(span, Added(span, anchor, shape)) : Anew(span, anchor, shape),
        };
    }

    private static byte[] Head(SpanToSend span, OtlpShape shape, bool asSent)
    {
        if (asSent && shape.ServiceName is null && shape.ResourceAttributes.Count == 0) return OtlpBatch.Head(span.Resource.Span, span.Scope.Span);
        var resource = new OutboundAttributes();
        foreach (var (key, value) in Prefixed(span.Content.Attributes, "resource.")) resource.AddAll(new JsonObject { [key] = value?.DeepClone() });
        resource.Add("service.name", shape.ServiceName);
        foreach (var (key, value) in shape.ResourceAttributes) resource.Add(key, value);
        if (resource.All.Count == 0) resource.Add("service.name", "callwatch");
        return OtlpBatch.Head(resource, "callwatch", shape.Version);
    }

    private static OutboundAttributes Added(SpanToSend span, Anchor anchor, OtlpShape shape)
    {
        var attributes = new OutboundAttributes();
        if (shape.Conventions is Conventions.GenAi or Conventions.Both) GenAiAttributes.Add(attributes, span, anchor);
        if (shape.Conventions is Conventions.OpenInference or Conventions.Both) OpenInferenceAttributes.Add(attributes, span, anchor);
        return attributes;
    }

    // Attributes may stand anywhere in a Span message: what is missing is put behind what came.
    private static byte[] WithMore(SpanToSend span, OutboundAttributes added)
    {
        var missing = new OutboundAttributes();
        foreach (var (key, value) in added.All)
            if (!span.Content.Attributes.ContainsKey(key)) missing.Put(key, value);
        using var buffer = new PayloadBuffer(budget: null, int.MaxValue);
        var writer = new ProtobufWriter(buffer);
        writer.Raw(span.Body.Span);
        missing.Write(writer, 9);
        return buffer.Written.ToArray();
    }

    private static byte[] Anew(SpanToSend span, Anchor anchor, OtlpShape shape)
    {
        var visible = shape.CaptureContent ? span : WithoutContent(span);
        var attributes = new OutboundAttributes();
        foreach (var (key, value) in visible.Content.Attributes)
            if (!key.StartsWith("resource.", StringComparison.Ordinal) && !key.StartsWith("scope.", StringComparison.Ordinal)) attributes.AddAll(new JsonObject { [key] = value?.DeepClone() });
        foreach (var (key, value) in Added(visible, anchor, shape).All)
            if (!visible.Content.Attributes.ContainsKey(key)) attributes.Put(key, value);
        return new OutboundSpan
        {
            TraceId = span.Span.TraceId,
            SpanId = span.Span.SpanId,
            ParentSpanId = span.Span.ParentSpanId,
            Name = visible.Span.Name,
            Kind = span.Span.IsCallOverNetwork() ? 3 : 1,
            Start = span.Span.Start,
            End = span.Span.End,
            Attributes = attributes,
            Events = [.. visible.Content.Events.Select(item => (item.Name, item.Time, new OutboundAttributes().AddAll(item.Attributes)))],
            Links = visible.Content.Links,
            StatusCode = span.Span.Outcome == Outcome.Error ? 2 : 0,
            StatusMessage = visible.Span.Error?.Message,
        }.ToBytes();
    }

    private static SpanToSend WithoutContent(SpanToSend span) => span with
    {
        Span = span.Span with { InputPreview = null, OutputPreview = null },
        Content = span.Content with
        {
            Input = null,
            Output = null,
            InputMessages = [],
            OutputMessages = [],
            Tools = [],
            Documents = [],
            Attributes = new JsonObject(span.Content.Attributes.Where(pair => !IsContent(pair.Key)).Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone()))),
            Events = [.. span.Content.Events.Where(item => !item.Name.StartsWith("gen_ai.", StringComparison.Ordinal))],
        },
    };

    private static bool IsContent(string key) => Array.Exists(ContentNames, name => key.StartsWith(name, StringComparison.Ordinal));

    private static bool IsCallOverNetwork(this Span span) => span.Kind.IsCall();

    private static IEnumerable<KeyValuePair<string, JsonNode?>> Prefixed(JsonObject attributes, string prefix) =>
        attributes.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(pair => KeyValuePair.Create(pair.Key[prefix.Length..], pair.Value));
}
