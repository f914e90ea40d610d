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
        if (Find(version.Number) is not { } record || !OtlpSpan.TryAt(record.Payload.Span, version.Offset, out var span)) return null;
        var logs = new List<JoinedLog>(places.Count);
        foreach (var place in places)
            if (Find(place.Version.Number) is { } logRecord) logs.Add(new JoinedLog(logRecord.Payload, place.Version.Offset));
        return KeptCost.On(normalizer.Normalize(span, new SpanOrigin(stored.TenantId, stored.AppId, receivedAt), logs), stored, receivedAt, prices);
    }

    private JournalRecord? Find(long number)
    {
        for (var node = recent.First; node is not null; node = node.Next)
        {
            if (node.Value.Number != number) continue;
            recent.Remove(node);
            recent.AddFirst(node);
            return node.Value;
        }

        if (journal.Find(number) is not { } record) return null;
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
