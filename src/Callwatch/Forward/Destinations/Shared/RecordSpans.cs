using System.Text.Json.Nodes;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Shared;

/// <summary>
/// Business records as platforms show them. A record's usage comes as a call of its own beneath it; a node that calls a model is one run
/// everywhere else, so the two become one span, with the node's identity and the call's facts. Pure; records and their calls come together.
/// </summary>
internal static class RecordSpans
{
    /// <summary>The trace with such pairs as one, and each node with the kind it is by its type.</summary>
    public static TraceToSend Folded(TraceToSend trace)
    {
        if (!trace.Spans.Any(span => IsRecord(span.Span.Kind))) return trace;
        var calls = trace.Spans.Where(IsSynthetic).ToLookup(span => span.Span.ParentSpanId);
        var parents = trace.Spans.Select(span => span.Span.ParentSpanId).ToHashSet();
        var spans = new List<SpanToSend>(trace.Spans.Count);
        var gone = new HashSet<SpanId>();
        foreach (var span in trace.Spans)
        {
            if (gone.Contains(span.Span.SpanId)) continue;

            // The recorded call beneath the same record is shown; what was made up for want of it would show the call twice.
            if (IsSynthetic(span) && span.Span.MergedInto is not null && !parents.Contains(span.Span.SpanId)) continue;
            if (!TakesItsCall(span.Span.Kind))
            {
                spans.Add(span);
                continue;
            }

            var own = calls[span.Span.SpanId].Where(call => call.Span.MergedInto is null).ToList();
            if (own is [var call] && !parents.Contains(call.Span.SpanId))
            {
                gone.Add(call.Span.SpanId);
                spans.Add(Together(span, call));
            }
            else
            {
                spans.Add(span with { Span = span.Span with { Kind = KindOf(span) } });
            }
        }

        return trace with { Spans = spans };
    }

    /// <summary>A plain attribute that the record route wrote for a field of the record; null when it is not there.</summary>
    public static string? Field(this SpanToSend span, string field) =>
        span.Content.Attributes["callwatch." + field] is JsonValue value ? value.ToString() : null;

    /// <summary>Moderation that found something.</summary>
    public static bool IsFlagged(this SpanToSend span) =>
        span.Span.Kind is SpanKind.Moderation or SpanKind.Guardrail && string.Equals(span.Field("flagged"), "true", StringComparison.OrdinalIgnoreCase);

    private static bool IsRecord(SpanKind kind) => kind is >= SpanKind.Message and <= SpanKind.Conversation;

    private static bool TakesItsCall(SpanKind kind) => kind is SpanKind.Node or SpanKind.SuggestedQuestion or SpanKind.GenerateConversationName;

    private static bool IsSynthetic(SpanToSend span) => span.Span.Call?.Source == CallSource.Synthetic;

    // A node's model was given the messages of the call; of the other records the fields say it better (a list of questions, a name).
    private static SpanToSend Together(SpanToSend record, SpanToSend call)
    {
        var own = record.Content;
        var content = record.Span.Kind == SpanKind.Node && call.Content.InputMessages.Count > 0
            ? own with { InputMessages = call.Content.InputMessages, OutputMessages = call.Content.OutputMessages.Count > 0 ? call.Content.OutputMessages : own.OutputMessages, Tools = call.Content.Tools }
            : own with
            {
                InputMessages = own.Input is null ? call.Content.InputMessages : [],
                OutputMessages = own.Output is null ? call.Content.OutputMessages : [],
                Input = own.Input ?? call.Content.Input,
                Output = own.Output ?? call.Content.Output,
                Tools = call.Content.Tools,
            };
        return record with { Span = record.Span with { Kind = call.Span.Kind, Call = call.Span.Call }, Content = content };
    }

    private static SpanKind KindOf(SpanToSend span) => span.Span.Kind != SpanKind.Node ? span.Span.Kind : span.Field("node_type") switch
    {
        "knowledge-retrieval" => SpanKind.Retrieval,
        "tool" or "http-request" or "code" => SpanKind.Tool,
        "agent" => SpanKind.Agent,
        _ => SpanKind.Node,
    };
}
