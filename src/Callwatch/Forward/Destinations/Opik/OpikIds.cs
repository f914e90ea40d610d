using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Opik;

/// <summary>
/// Ids of version 7 whose time the server wants near now: the start of trace and span, or, where the trace was older than 23 hours when the first
/// attempt was made, the time of that attempt. Both are in the anchor, so that retries and late children give the same ids.
/// </summary>
internal static class OpikIds
{
    /// <summary>The form of an anchor whose ids take the time of the first attempt because the server has refused older ones.</summary>
    public const string AtAttempt = "at_attempt";

    private static readonly TimeSpan Oldest = TimeSpan.FromHours(23);

    public static string Trace(Anchor anchor) => PlatformIds.Version7(TimeOf(anchor.Start, anchor), anchor.TraceId, null).ToString("D");

    /// <param name="start">Of the span.</param>
    public static string Span(SpanId span, Timestamp start, Anchor anchor) => PlatformIds.Version7(TimeOf(start, anchor), anchor.TraceId, span).ToString("D");

    private static Timestamp TimeOf(Timestamp start, Anchor anchor) =>
        anchor.Form == AtAttempt || start.Plus(Oldest) < anchor.FirstAttemptAt || start > anchor.FirstAttemptAt.Plus(TimeSpan.FromHours(1)) ? anchor.FirstAttemptAt : start;
}
