using Callwatch.Journal;
using Callwatch.Spans;
using Callwatch.Store.Rows;

namespace Callwatch.Store.Writing;

/// <summary>A copy of a span on its way into the store.</summary>
/// <param name="Length">Of the Span message in its payload, in bytes.</param>
/// <param name="LogsSeen">How many of its log records it was normalised with.</param>
/// <param name="AsStored">True for what a row of another file says: it goes before the same copy from the journal.</param>
internal readonly record struct ArrivedSpan(Span Span, SpanVersion Version, int Length, Timestamp ReceivedAt, int LogsSeen = 0, bool AsStored = false)
{
    public bool Supersedes(SpanVersion known) => Version.CompareTo(known) is var order && (order > 0 || (order == 0 && AsStored));
}

/// <summary>Where a log record lies that belongs to a span.</summary>
internal readonly record struct LogPlace(Timestamp Time, SpanVersion Version) : IComparable<LogPlace>
{
    // In order of time, then of arrival, as messages are to be read.
    public int CompareTo(LogPlace other) => Time == other.Time ? Version.CompareTo(other.Version) : Time.CompareTo(other.Time);
}

/// <summary>A log record that belongs to a span, on its way into the store.</summary>
internal readonly record struct ArrivedLog(int TenantId, TraceId TraceId, SpanId SpanId, LogPlace Place, Timestamp ReceivedAt);

/// <summary>What is stored together: the contents of neighbouring journal records.</summary>
/// <param name="Last">The last of those records.</param>
internal sealed record StoreBatch(IReadOnlyList<ArrivedSpan> Spans, IReadOnlyList<ArrivedLog> Logs, Position Last)
{
    /// <summary>A batch for each of its records that holds something; the last one ends where the whole does.</summary>
    public IReadOnlyList<StoreBatch> ByRecord()
    {
        var numbers = Spans.Select(span => span.Version.Number).Concat(Logs.Select(log => log.Place.Version.Number)).Distinct().Order().ToList();
        return
        [
            .. numbers.Select(number => new StoreBatch(
                [.. Spans.Where(span => span.Version.Number == number)], [.. Logs.Where(log => log.Place.Version.Number == number)],
                number == numbers[^1] ? Last : Last with { Number = number })),
        ];
    }
}

/// <summary>Normalises a stored span once more, from the journal, with all its log records; null when the journal no longer has it.</summary>
internal delegate Span? SpanAgain(Span stored, SpanVersion version, Timestamp receivedAt, IReadOnlyList<LogPlace> logs);
