using Callwatch.Dashboard.Frame;
using Callwatch.Dashboard.SpanView;
using Callwatch.Query;
using Callwatch.Spans;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Traces;

/// <summary>What the page of one trace shows.</summary>
/// <param name="Top">The span whose subtree is shown; null for the whole trace.</param>
public sealed record TraceModel(TraceView View, SpanTree Tree, SpanNode? Top, OpenSpan? Open)
{
    public IReadOnlyList<SpanNode> Tops => Top is null ? Tree.Roots : [Top];
}

internal static class TracePage
{
    private const int MostSpans = 10_000;

    public static async Task<IResult> GetAsync(Visit visit, string traceId, TraceQueries traces, CancellationToken cancel)
    {
        if (!TraceId.TryParse(traceId, null, out var id)) return visit.Render<NoTrace>(StatusCodes.Status404NotFound, (nameof(NoTrace.Id), traceId));
        if (visit.Part == "side" && SpanId.TryParse(visit.Place.Find("span"), null, out var wanted))
            return visit.Render<SpanPanel>((nameof(SpanPanel.Open), new OpenSpan(id, wanted, await traces.FindSpanAsync(visit.Scope, id, wanted, cancel))), (nameof(SpanPanel.InTrace), true));

        if (await traces.FindAsync(visit.Scope, id, MostSpans, null, cancel) is not { } view) return visit.Render<NoTrace>(StatusCodes.Status404NotFound, (nameof(NoTrace.Id), traceId));
        var tree = new SpanTree(view.Spans);
        var top = SpanId.TryParse(visit.Place.Find("under"), null, out var under) ? tree.Find(under) : null;
        if (visit.Part == "below" && top is not null) return visit.Render<WaterfallRows>((nameof(WaterfallRows.Tree), tree), (nameof(WaterfallRows.Below), top));

        var chosen = SpanId.TryParse(visit.Place.Find("span"), null, out var spanId) ? tree.Find(spanId) : Waterfall.First(tree);
        var open = chosen is null ? null : new OpenSpan(id, chosen.Span.SpanId, await traces.FindSpanAsync(visit.Scope, id, chosen.Span.SpanId, cancel));
        return visit.Render<TraceScreen>((nameof(TraceScreen.Model), new TraceModel(view, tree, top, open)));
    }
}
