using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Opik;

/// <summary>
/// Ids of version 7, whose time the server wants near now: the start of the trace, or of the span; where that is older than 23 hours at the first
/// attempt, the time of that attempt. All of it stands in the anchor before the first request, so that retries, crashes and late children give the same ids.
/// </summary>
internal static class OpikIds
{
    /// <summary>The server has refused the id of the trace as too old: the trace, and what refers to it, takes the time of the attempt.</summary>
    public const string TraceAtAttempt = "trace_at_attempt";

    /// <summary>It has refused ids of spans, while the trace is there: the spans of that revision take the time of the attempt.</summary>
    public const string SpansAtAttempt = "spans_at_attempt";

    private static readonly TimeSpan Oldest = TimeSpan.FromHours(23);
    private static readonly TimeSpan MostAhead = TimeSpan.FromHours(1);

    /// <summary>An id that is of version 7 already, and of now, stays what the application knows it by.</summary>
    public static string Trace(Anchor anchor)
    {
        var isForced = anchor.Form == TraceAtAttempt;
        var own = new Guid(anchor.TraceId.ToBytes(), bigEndian: true);
        if (!isForced && own.Version == 7 && (own.Variant & 0xC) == 0x8)
        {
            var time = new Timestamp((long)(anchor.TraceId.High >> 16) * 1_000_000);
            if (TimeOf(time, anchor.FirstAttemptAt, isForced: false) == time) return own.ToString("D");
        }

        return PlatformIds.Version7(TimeOf(anchor.Start, anchor.FirstAttemptAt, isForced), anchor.TraceId, null).ToString("D");
    }

    /// <param name="start">Of the span.</param>
    /// <param name="seq">Of the revision that carried it.</param>
    public static string Span(SpanId span, Timestamp start, long seq, Anchor anchor)
    {
        var later = anchor.Later.LastOrDefault(attempt => attempt.Seq == seq);
        var time = later is null
            ? TimeOf(start, anchor.FirstAttemptAt, anchor.Form == TraceAtAttempt)
            : TimeOf(start, later.At, later.Form == SpansAtAttempt);
        return PlatformIds.Version7(time, anchor.TraceId, span).ToString("D");
    }

    /// <summary>New ids of this moment: for the trace and all of it, or for the spans of one revision.</summary>
    public static Anchor Reform(Anchor anchor, long seq, string form, Timestamp now) => form == TraceAtAttempt
        ? anchor with { Form = form, FirstAttemptAt = now, Later = [.. anchor.Later.Where(later => later.Seq != seq)] }
        : anchor with { Later = [.. anchor.Later.Where(later => later.Seq != seq), new LaterAttempt(seq, now, form)] };

    private static Timestamp TimeOf(Timestamp start, Timestamp attempt, bool isForced) =>
        isForced || start.Plus(Oldest) < attempt || start > attempt.Plus(MostAhead) ? attempt : start;
}
