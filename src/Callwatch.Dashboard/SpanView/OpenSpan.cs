using Callwatch.Query;
using Callwatch.Spans;

namespace Callwatch.Dashboard.SpanView;

/// <summary>The span that is looked at closely.</summary>
/// <param name="Details">Null when there is none of this id, or none that may be seen.</param>
public sealed record OpenSpan(TraceId TraceId, SpanId SpanId, SpanDetails? Details)
{
    /// <summary>As <c>call</c> in an address: both ids with a dot between.</summary>
    public static string Written(Span span) => $"{span.TraceId}.{span.SpanId}";

    public static bool TryParse(string? written, out TraceId traceId, out SpanId spanId)
    {
        (traceId, spanId) = (default, default);
        return written is not null && written.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot
            && TraceId.TryParse(written.AsSpan(0, dot), null, out traceId) && SpanId.TryParse(written.AsSpan(dot + 1), null, out spanId);
    }
}
