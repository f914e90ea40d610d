using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Weave;

/// <summary>
/// Finished calls of Weave (<c>calls/complete</c>), and judgements as feedback on them. The project's id is filled in when sending: without an entity in
/// the config it is asked from the account first. Pure.
/// </summary>
internal static class WeaveMapping
{
    public const string Route = "calls";
    public const string FeedbackRoute = "feedback";

    public static IReadOnlyList<OutboundItem> Items(TraceToSend trace, Anchor anchor)
    {
        var spans = RecordSpans.Folded(trace).Spans;
        var parents = spans.Select(span => span.Span.ParentSpanId).ToHashSet();

        // A conversation is a thread there, made of the calls that name it.
        var wanted = spans.Where(span => span.Span.Kind != SpanKind.Conversation || span.Span.Scores.Count > 0 || parents.Contains(span.Span.SpanId)).ToList();
        using var json = new CallJson(anchor);
        return [.. wanted.Select(span => Call(span, anchor, json)), .. wanted.Concat(Judged(trace)).SelectMany(span => Feedback(span, anchor))];
    }

    public static string IdOf(TraceId trace, SpanId span) => PlatformIds.OfSpan(trace, span).ToString("D");

    // What people said later of spans that are there already.
    private static IEnumerable<SpanToSend> Judged(TraceToSend trace) => trace.Scored.Select(scored => scored.Span).Where(span => span.Span.Kind != SpanKind.Conversation);

    private static OutboundItem Call(SpanToSend span, Anchor anchor, CallJson json) => new()
    {
        Route = Route,
        TraceId = anchor.TraceId,
        SpanIds = [span.Span.SpanId],
        Id = IdOf(anchor.TraceId, span.Span.SpanId),
        Payload = json.Of(span),
    };

    private static IEnumerable<OutboundItem> Feedback(SpanToSend span, Anchor anchor)
    {
        var call = IdOf(anchor.TraceId, span.Span.SpanId);
        foreach (var (id, payload) in FeedbackJson.Of(span.Span.Scores, call))
            yield return new OutboundItem { Route = FeedbackRoute, Stage = 1, TraceId = anchor.TraceId, SpanIds = [span.Span.SpanId], Id = id, Payload = payload };
    }
}
