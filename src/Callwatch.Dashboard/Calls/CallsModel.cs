using Callwatch.Dashboard.SpanView;
using Callwatch.Query;
using Callwatch.Spans;

namespace Callwatch.Dashboard.Calls;

/// <summary>The list of calls, its order, and the one that stands beside it.</summary>
/// <param name="Total">How many there are in all; null where counting would take too long.</param>
public sealed record CallsModel(Answer<Page<Span>> Answer, SortOrder Sort, long? Total, OpenSpan? Open)
{
    /// <summary>The duration that fills a bar: nearly the longest, so that one call that hung does not flatten all others.</summary>
    public static long FullBar(IReadOnlyList<Span> spans)
    {
        var known = spans.Where(span => span.DurationNanoseconds is not null).Select(span => span.DurationNanoseconds!.Value).Order().ToList();
        return known.Count == 0 ? 1 : Math.Max(1, (long)(known[(int)((known.Count - 1) * 0.95)] * 1.1));
    }
}
