using System.Globalization;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Settle;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.LangSmith;

/// <summary>A span in its place among the runs of its trace.</summary>
/// <param name="Parent">Null for the root run.</param>
/// <param name="DottedOrder">Start and id of every run from the root down to this one.</param>
/// <param name="Start">Of the span, put on where the server would refuse it.</param>
/// <param name="CompletesRoot">The root run is there already, open: this is what was missing of it.</param>
internal sealed record Run(SpanToSend Span, Guid Id, Guid? Parent, string DottedOrder, Timestamp Start, bool CompletesRoot);

/// <summary>
/// Places spans as LangSmith's ingestion demands: the trace's id is that of its root run, each dotted order continues its parent's, no run begins
/// before its parent. Pure.
/// </summary>
internal static class RunTree
{
    // A dotted order names every run above; unbounded, a tower of calls would cost the square of its height.
    private const int Deepest = 100;

    public static Guid RootId(Anchor anchor) => PlatformIds.OfTrace(anchor.TraceId);

    public static string RootOrder(Anchor anchor) => Segment(anchor.Start, RootId(anchor));

    /// <summary>The run that an earlier revision made of a span.</summary>
    public static Guid IdOf(ScoredSpan scored, Anchor anchor)
    {
        var span = scored.Span.Span;
        var isRoot = anchor.RootIsMissing ? span.ParentSpanId.IsNone && scored.Seq != anchor.Seq : span.SpanId == anchor.RootSpanId;
        return isRoot ? RootId(anchor) : PlatformIds.OfSpan(anchor.TraceId, span.SpanId);
    }

    /// <summary>In the order of <see cref="TraceToSend.Spans"/>: parents before children.</summary>
    public static IReadOnlyList<Run> Of(TraceToSend trace, Anchor anchor)
    {
        var root = new Place(RootId(anchor), RootOrder(anchor), Micros(anchor.Start), 1, null);
        var rootSpan = RootOf(trace, anchor);
        var earlier = new EarlierPlaces(trace, anchor, root);
        var places = new Dictionary<SpanId, Place>(trace.Spans.Count);
        var moments = new Moments();
        var runs = new List<Run>(trace.Spans.Count);
        foreach (var span in trace.Spans)
        {
            var id = span.Span.SpanId;
            if (id == rootSpan)
            {
                places[id] = root;
                runs.Add(new Run(span, root.Id, null, root.Order, anchor.Start, anchor.RootIsMissing));
                continue;
            }

            // A parent that has not come cannot be named: the order wants its start. The metadata tells it.
            var parent = (places.GetValueOrDefault(span.Span.ParentSpanId) ?? earlier.Of(span.Span.ParentSpanId)).NotTooDeep();
            var place = Place.Beneath(parent, PlatformIds.OfSpan(anchor.TraceId, id), moments.Take(parent.Id, Math.Max(Micros(span.Span.Start), parent.Micros)));
            places[id] = place;
            runs.Add(new Run(span, place.Id, parent.Id, place.Order, new Timestamp(place.Micros * 1_000), CompletesRoot: false));
        }

        return runs;
    }

    private static SpanId RootOf(TraceToSend trace, Anchor anchor)
    {
        if (!anchor.RootIsMissing) return anchor.RootSpanId;
        if (trace.Revision.Seq == anchor.Seq) return default;
        var ids = trace.Spans.Select(span => span.Span.SpanId).ToHashSet();
        var root = First(trace.Spans.Where(span => span.Span.ParentSpanId.IsNone));

        // One with a parent in another process is known by what it did: it ended the trace.
        if (root is null && trace.Revision.Reason == SettleReason.RootEnded) root = First(trace.Spans.Where(span => !ids.Contains(span.Span.ParentSpanId)));
        return root?.Span.SpanId ?? default;
    }

    private static SpanToSend? First(IEnumerable<SpanToSend> spans) => spans.OrderBy(span => span.Span.Start).ThenBy(span => span.Span.SpanId).FirstOrDefault();

    // Six digits: the server cannot read three.
    private static string Segment(Timestamp time, Guid id) =>
        time.ToDateTimeOffset().UtcDateTime.ToString("yyyyMMdd'T'HHmmssffffff'Z'", CultureInfo.InvariantCulture) + id.ToString("D");

    private static long Micros(Timestamp time) => time.UnixNanoseconds / 1_000;

    private sealed record Place(Guid Id, string Order, long Micros, int Depth, Place? Parent)
    {
        public static Place Beneath(Place parent, Guid id, long micros) =>
            new(id, parent.Order + "." + Segment(new Timestamp(micros * 1_000), id), micros, parent.Depth + 1, parent);

        public Place NotTooDeep() => Depth < Deepest ? this : Parent!;
    }

    /// <summary>Where the runs stand that earlier revisions made: beneath the parents that were known by then.</summary>
    private sealed class EarlierPlaces(TraceToSend trace, Anchor anchor, Place root)
    {
        private readonly Dictionary<SpanId, Place> known = [];

        public Place Of(SpanId id)
        {
            // From the span up to one whose place is known, then down again.
            var above = new Stack<(SpanId Id, EarlierSpan Span)>();
            var seen = new HashSet<SpanId>();
            Place? place;
            while (!known.TryGetValue(id, out place))
            {
                if (!trace.Earlier.TryGetValue(id, out var span) || !seen.Add(id) || IsRoot(id, span))
                {
                    place = root;
                    break;
                }

                above.Push((id, span));
                id = trace.Earlier.TryGetValue(span.ParentSpanId, out var parent) && parent.Seq <= span.Seq ? span.ParentSpanId : default;
            }

            foreach (var (own, span) in above)
            {
                var parent = place.NotTooDeep();
                known[own] = place = Place.Beneath(parent, PlatformIds.OfSpan(anchor.TraceId, own), Math.Max(Micros(span.Start), parent.Micros));
            }

            return place;
        }

        // What came later without a known parent may be what completed the root.
        private bool IsRoot(SpanId id, EarlierSpan span) =>
            anchor.RootIsMissing ? span.Seq != anchor.Seq && !trace.Earlier.ContainsKey(span.ParentSpanId) : id == anchor.RootSpanId;
    }

    /// <summary>Gives siblings of one microsecond the next free one each, so that their order is theirs.</summary>
    private sealed class Moments
    {
        private readonly HashSet<(Guid Parent, long Micros)> taken = [];
        private readonly Dictionary<(Guid Parent, long Micros), long> free = [];

        public long Take(Guid parent, long micros)
        {
            var at = free.GetValueOrDefault((parent, micros), micros);
            while (!taken.Add((parent, at))) at++;
            free[(parent, micros)] = at + 1;
            return at;
        }
    }
}
