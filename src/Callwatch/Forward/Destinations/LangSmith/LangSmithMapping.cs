using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.LangSmith;

/// <summary>
/// Runs of LangSmith: each finished span is created once, and judgements follow as feedback. Only a root that comes after its children was sent is
/// an update, of the open run that held its place. Pure.
/// </summary>
internal static class LangSmithMapping
{
    public const string Route = "runs";
    public const string FeedbackRoute = "feedback";

    /// <summary>The head of an item that updates a run; others create one.</summary>
    public static ReadOnlyMemory<byte> Patch { get; } = "patch"u8.ToArray();

    public static IReadOnlyList<OutboundItem> Items(TraceToSend trace, Anchor anchor, string project)
    {
        var wanted = Wanted(RecordSpans.Folded(trace));
        var runs = wanted.Spans.Count == 0 ? [] : RunTree.Of(wanted, anchor);
        using var json = new RunJson(anchor, project);
        var items = new List<OutboundItem>(runs.Count + 1);
        if (runs.Count > 0 && anchor.RootIsMissing && trace.Revision.Seq == anchor.Seq)
            items.Add(new OutboundItem { Route = Route, TraceId = anchor.TraceId, SpanIds = [], Id = RunTree.RootId(anchor).ToString("D"), Payload = json.OpenRoot() });
        foreach (var run in runs)
        {
            items.Add(new OutboundItem
            {
                Route = Route,
                TraceId = anchor.TraceId,
                SpanIds = [run.Span.Span.SpanId],
                Id = run.Id.ToString("D"),
                Head = run.CompletesRoot ? Patch : default,
                Payload = json.Of(run),
            });
        }

        items.AddRange(runs.SelectMany(run => FeedbackJson.Of(run.Span, run.Id, anchor)));

        // What people said later of spans that are there already.
        items.AddRange(trace.Scored.Where(scored => scored.Span.Span.Kind != SpanKind.Conversation).SelectMany(scored => FeedbackJson.Of(scored.Span, RunTree.IdOf(scored, anchor), anchor)));
        return items;
    }

    // A conversation is a thread there, made of the runs that name it.
    private static TraceToSend Wanted(TraceToSend trace)
    {
        if (trace.Spans.All(span => span.Span.Kind != SpanKind.Conversation)) return trace;
        var parents = trace.Spans.Select(span => span.Span.ParentSpanId).ToHashSet();
        return trace with { Spans = [.. trace.Spans.Where(span => span.Span.Kind != SpanKind.Conversation || span.Span.Scores.Count > 0 || parents.Contains(span.Span.SpanId))] };
    }
}
