using Callwatch.Query.Filters;
using Callwatch.Spans;

namespace Callwatch.Forward.Lanes;

/// <summary>Decides what of a settled revision goes to a destination: app, filter, sample. Pure.</summary>
internal static class Selecting
{
    /// <param name="isAnchored">Something of the trace has gone there before: what comes of it later goes too, or the platform would show half of it.</param>
    public static TraceToSend? Of(Destination destination, TraceToSend trace, bool isAnchored)
    {
        var spans = destination.AppIds is null && destination.ExceptAppIds.Count == 0 ? trace.Spans : [.. trace.Spans.Where(span => destination.Serves(span.Span.AppId))];
        List<ScoredSpan> scored = [.. trace.Scored.Where(one => destination.Serves(one.Span.Span.AppId)).Select(one => one with { Span = destination.Mask.Of(one.Span) })];

        // Scores alone go where their span has gone.
        if (spans.Count == 0) return scored.Count > 0 && isAnchored ? trace with { Spans = [], Scored = scored } : null;
        if (!isAnchored && !(IsInSample(destination, trace.Revision.TraceId) || (destination.KeepErrors && spans.Any(span => span.Span.Outcome == Outcome.Error)))) return null;
        if (!isAnchored && destination.Filter.Terms.Count > 0 && !spans.Any(span => destination.Filter.Matches(span.Span, span.App, span.Span.Call is not null && span.Span.MergedInto is null))) return null;
        return trace with { Spans = destination.Mask.IsEmpty ? spans : [.. spans.Select(destination.Mask.Of)], Scored = scored };
    }

    // By the trace's id, so that every process and every revision decides alike; its low half is random in W3C ids, the product makes it so for others.
    private static bool IsInSample(Destination destination, TraceId trace) => destination.SampleRate switch
    {
        >= 1 => true,
        <= 0 => false,
        var rate => Mix(trace) < rate * ulong.MaxValue,
    };

    private static ulong Mix(TraceId trace)
    {
        var x = (trace.High ^ trace.Low) * 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 32)) * 0xD6E8FEB86659FD93;
        return x ^ (x >> 32);
    }
}
