using Callwatch.Dashboard.Frame;
using Callwatch.Dashboard.SpanView;
using Callwatch.Query;
using Callwatch.Query.Traces;
using Callwatch.Spans;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Callwatch.Dashboard.Traces;

/// <summary>What the page of one trace shows.</summary>
/// <param name="Path">Its critical path.</param>
/// <param name="Critical">The same for each span that is on it or above it.</param>
public sealed record TraceModel(
    TraceView View, SpanTree Tree, TracePart Part, IReadOnlyList<PathPiece> Path, IReadOnlyDictionary<SpanNode, PathPiece> Critical, OpenSpan? Open);

internal static class TracePage
{
    private const int MostSpans = 10_000;

    public static async Task<IResult> GetAsync(Visit visit, string traceId, TraceQueries traces, CancellationToken cancel)
    {
        if (!TraceId.TryParse(traceId, null, out var id)) return visit.Render<NoTrace>(StatusCodes.Status404NotFound, (nameof(NoTrace.Id), traceId));
        if (visit.Part == "side" && SpanId.TryParse(visit.Place.Find("span"), null, out var wanted))
            return visit.Render<SpanPanel>((nameof(SpanPanel.Open), new OpenSpan(id, wanted, await traces.FindSpanAsync(visit.Scope, id, wanted, cancel))), (nameof(SpanPanel.InTrace), true));

        if (await traces.FindOutlineAsync(visit.Scope, id, MostSpans, cancel) is not { } view) return visit.Render<NoTrace>(StatusCodes.Status404NotFound, (nameof(NoTrace.Id), traceId));
        var tree = new SpanTree(view.Spans, foldAttempts: true);
        var part = TracePart.Of(tree, visit.Place);

        // Time goes by what was waited for, whatever is folded: there attempts stand one after the other.
        var path = CriticalPath.Of(new SpanTree(view.Spans));
        var critical = CriticalPath.Extent(path).ToDictionary(pair => tree.Find(pair.Key.Span.SpanId)!, pair => pair.Value);
        if (visit.Part is not null && !part.IsWhole) return Below(visit, tree, part, critical);

        var chosen = SpanId.TryParse(visit.Place.Find("span"), null, out var spanId) ? tree.Find(spanId) : Waterfall.First(tree);
        var open = chosen is null ? null : new OpenSpan(id, chosen.Span.SpanId, await traces.FindSpanAsync(visit.Scope, id, chosen.Span.SpanId, cancel));

        // A tab of the span that is looked at first, which the address does not name.
        if (visit.Part == "side") return visit.Render<SpanPanel>((nameof(SpanPanel.Open), open), (nameof(SpanPanel.InTrace), true));
        return visit.Render<TraceScreen>((nameof(TraceScreen.Model), new TraceModel(view, tree, part, path, critical, open)));
    }

    // The rows come to stand in the page of the whole trace, and link as its own do.
    private static RazorComponentResult Below(Visit visit, SpanTree tree, TracePart part, IReadOnlyDictionary<SpanNode, PathPiece> critical) => visit.Render<WaterfallRows>(
        (nameof(WaterfallRows.Tree), tree), (nameof(WaterfallRows.Part), part), (nameof(WaterfallRows.Critical), critical), (nameof(WaterfallRows.At), TracePart.Without(visit.Place)),
        (nameof(WaterfallRows.Base), TracePart.IndentedFrom(visit.Place)));
}
