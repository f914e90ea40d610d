using Callwatch.Journal;
using Callwatch.Normalize;
using Callwatch.Normalize.Pricing;
using Callwatch.Receive.Otlp;
using Callwatch.Spans;
using Callwatch.Store.Rows;
using Callwatch.Store.Writing;

namespace Callwatch.Store.Reading;

/// <summary>Reads stored spans and their log records back from the journal, to normalise a span again when a log record came late.</summary>
internal sealed class JournalSpans(IJournal journal, SpanNormalizer normalizer, PriceBooks prices)
{
    // A batch of log records mostly belongs to spans of a few neighbouring records.
    private const long MostBytes = 32 * 1024 * 1024;
    private readonly LinkedList<JournalRecord> recent = [];
    private long bytes;

    /// <summary>Null when the journal no longer has the span; log records it no longer has are left out.</summary>
    public Span? Again(Span stored, SpanVersion version, Timestamp receivedAt, IReadOnlyList<LogPlace> places)
    {
        if (Holding(version, stored) is not { } record || !OtlpSpan.TryAt(record.Payload.Span, version.Offset, out var span)) return null;
        var logs = new List<JoinedLog>(places.Count);
        foreach (var place in places)
            if (Find(place.Version.Number) is { } logRecord) logs.Add(new JoinedLog(logRecord.Payload, place.Version.Offset));
        return KeptCost.On(normalizer.Normalize(span, new SpanOrigin(stored.TenantId, stored.AppId, receivedAt), logs), stored, receivedAt, prices);
    }

    /// <summary>The record of a span. Of a sealed one only what was asked for is put together: it may be there without this span.</summary>
    private JournalRecord? Holding(SpanVersion version, Span stored)
    {
        if (Recent(version.Number) is { } known)
        {
            if (OtlpSpan.TryAt(known.Payload.Span, version.Offset, out var span) && span.SpanId == stored.SpanId && span.TraceId == stored.TraceId) return known;
            recent.Remove(known);
            bytes -= known.Payload.Length;
        }

        return Keep(journal.FindItems(version.Number, version.Offset));
    }

    // Records of logs are small, and several spans of a batch may have some in one.
    private JournalRecord? Find(long number) => Recent(number) is { Signal: Signal.Logs } known ? known : Keep(journal.Find(number));

    private JournalRecord? Recent(long number)
    {
        for (var node = recent.First; node is not null; node = node.Next)
        {
            if (node.Value.Number != number) continue;
            recent.Remove(node);
            recent.AddFirst(node);
            return node.Value;
        }

        return null;
    }

    private JournalRecord? Keep(JournalRecord? record)
    {
        if (record is null) return null;
        recent.AddFirst(record);
        bytes += record.Payload.Length;
        while (bytes > MostBytes && recent.Count > 1)
        {
            bytes -= recent.Last!.Value.Payload.Length;
            recent.RemoveLast();
        }

        return record;
    }
}
