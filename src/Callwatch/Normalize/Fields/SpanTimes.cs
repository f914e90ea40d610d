using Callwatch.Receive.Otlp;
using Callwatch.Spans;

namespace Callwatch.Normalize.Fields;

/// <summary>When a span ran (genai-attributes, section 6; architecture, section 6). Duration in nanoseconds, null when unknown.</summary>
internal readonly record struct SpanTimes(Timestamp Start, Timestamp End, long? Duration)
{
    public const string EndBeforeStart = "end_before_start";
    public const string ClockAhead = "clock_ahead";

    private static readonly TimeSpan MostAhead = TimeSpan.FromHours(24);

    public static SpanTimes Of(OtlpSpan span, Timestamp received, List<string> notes)
    {
        var start = Clamp(span.StartUnixNanoseconds);
        var end = Clamp(span.EndUnixNanoseconds);
        long? duration = end == 0 || start == 0 || end < start ? null : end - start;
        if (end != 0 && end < start) notes.Add(EndBeforeStart);
        if (end == 0 || end < start) end = start;
        if (start == 0) start = end;
        if (end == 0) (start, end) = (received.UnixNanoseconds, received.UnixNanoseconds);

        // Lists and partitions go by the end: a clock of next year must not open a partition there.
        if (!received.IsNone && end > received.Plus(MostAhead).UnixNanoseconds)
        {
            notes.Add(ClockAhead);
            end = received.UnixNanoseconds;
        }

        return new SpanTimes(new Timestamp(start), new Timestamp(end), duration);
    }

    private static long Clamp(ulong nanoseconds) => (long)Math.Min(nanoseconds, long.MaxValue);
}
