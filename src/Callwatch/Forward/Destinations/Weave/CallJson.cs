using System.Text.Json;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Weave;

/// <summary>Writes one finished call, all but its <c>project_id</c>.</summary>
internal sealed class CallJson(Anchor anchor) : IDisposable
{
    private const int LongestOp = 128;
    private const int LongestName = 1_024;

    private readonly JsonBuffer buffer = new();

    public ReadOnlyMemory<byte> Of(SpanToSend span) => buffer.Written(json => Write(json, span));

    public void Dispose() => buffer.Dispose();

    private void Write(Utf8JsonWriter json, SpanToSend span)
    {
        json.WriteString("id", WeaveMapping.IdOf(anchor.TraceId, span.Span.SpanId));
        json.WriteString("trace_id", PlatformIds.OfTrace(anchor.TraceId).ToString("D"));
        if (ParentOf(span.Span) is { } parent) json.WriteString("parent_id", parent);
        else json.WriteNull("parent_id");
        var op = OpOf(span);
        json.WriteString("op_name", Cut(op, LongestOp));
        if (span.Span.DisplayName is { Length: > 0 } name && name != op) json.WriteString("display_name", Cut(name, LongestName));
        Thread(json, span.Span);
        json.WriteString("started_at", span.Span.Start.Iso());
        json.WriteString("ended_at", (span.Span.End < span.Span.Start ? span.Span.Start : span.Span.End).Iso());
        json.WritePropertyName("attributes");
        CallAttributes.Of(span, anchor).WriteTo(json);
        CallBodies.Write(json, span);

        // Empty text would count as a failure, too.
        if (span.Span.Failure() is { } error) json.WriteString("exception", error);
        else json.WriteNull("exception");
        Summary(json, span.Span);
    }

    // A root that was called from another process has a parent that never comes here.
    private string? ParentOf(Span span) =>
        span.ParentSpanId.IsNone || span.ParentSpanId == span.SpanId || (span.SpanId == anchor.RootSpanId && !anchor.RootIsMissing)
            ? null : WeaveMapping.IdOf(anchor.TraceId, span.ParentSpanId);

    // By what it does, not by what it is about: calls are grouped by it. Nodes go by their type, tools by their name.
    private static string OpOf(SpanToSend span)
    {
        var op = span.Field("node_type") ?? (span.Span.Kind == SpanKind.Tool ? span.Span.DisplayName : span.Span.Name);

        // What looks like a reference has to be one.
        return string.IsNullOrWhiteSpace(op) || op.Contains("://", StringComparison.Ordinal) ? span.Span.Kind.Word() : op;
    }

    private void Thread(Utf8JsonWriter json, Span span)
    {
        if ((span.SessionId ?? anchor.SessionId) is not { } session) return;
        json.WriteString("thread_id", session);

        // The turn is the root's call; as long as the root has not come nobody else knows its id.
        if (!anchor.RootIsMissing) json.WriteString("turn_id", WeaveMapping.IdOf(anchor.TraceId, anchor.RootSpanId));
        else if (span.ParentSpanId.IsNone) json.WriteString("turn_id", WeaveMapping.IdOf(anchor.TraceId, span.SpanId));
    }

    private static void Summary(Utf8JsonWriter json, Span span)
    {
        var failed = span.Outcome == Outcome.Error;
        json.WriteStartObject("summary");
        json.WriteStartObject("status_counts");
        json.WriteNumber("success", failed ? 0 : 1);
        json.WriteNumber("error", failed ? 1 : 0);
        json.WriteEndObject();

        // On model calls only: what lies beneath is added up there. Costs are looked up by the model's name.
        if (span.Call is { Model: { } model, Usage: { IsUnknown: false } usage })
        {
            json.WriteStartObject("usage");
            json.WriteStartObject(model);
            json.WriteNumber("requests", 1);
            CallBodies.Tokens(json, usage);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static string Cut(string text, int most) => text.Length <= most ? text : text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];
}
