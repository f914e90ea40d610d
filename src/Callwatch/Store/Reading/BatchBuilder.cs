using Callwatch.Journal;
using Callwatch.Normalize;
using Callwatch.Receive.Otlp;
using Callwatch.Spans;
using Callwatch.Store.Rows;
using Callwatch.Store.Writing;
using Callwatch.Telemetry;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Callwatch.Store.Reading;

/// <summary>Turns journal records into a batch: normalises their spans, each with those of its log records that are in the same batch.</summary>
internal sealed partial class BatchBuilder(SpanNormalizer normalizer, Counters counters, ILogger<BatchBuilder> log, RowAge? age = null)
{
    private const int Attempts = 2;

    private static readonly string ClockAhead = Reason.ClockAhead.Word();

    private readonly Dictionary<(int Tenant, TraceId Trace, SpanId Span), List<(LogPlace Place, JoinedLog Log)>> joined = [];

    public StoreBatch Build(IReadOnlyList<JournalRecord> records, Guid epoch)
    {
        joined.Clear();
        List<ArrivedLog> logs = [];
        List<ArrivedSpan> spans = new(records.Sum(record => record.Signal == Signal.Traces ? record.ItemCount : 0));
        foreach (var record in records)
            if (record.Signal == Signal.Logs) Guard(record, logs, AddLogs);
        foreach (var record in records)
            if (record.Signal == Signal.Traces) Guard(record, spans, AddSpans);
        return new StoreBatch(spans, logs, new Position(epoch, records[^1].Number));
    }

    // A record that cannot be read must not keep all that come after it from being stored: it is counted and stays in the journal.
    // Its bytes fail each time alike: what passes the second time was not its fault. Nor are the troubles of the disk and of control data,
    // which go up, so that the whole batch is tried again.
    private void Guard<T>(JournalRecord record, List<T> into, Action<JournalRecord, List<T>> add)
    {
        var before = into.Count;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                add(record, into);
                return;
            }
            catch (Exception e) when (e is not (OutOfMemoryException or SqliteException or IOException or UnauthorizedAccessException))
            {
                into.RemoveRange(before, into.Count - before);
                if (attempt < Attempts)
                {
                    RecordFailedOnce(record.Number, e.GetType().Name, e.StackTrace);
                    continue;
                }

                counters.Add(Reason.RecordUnreadable, tenantId: record.TenantId);
                RecordUnreadable(record.Number, e.GetType().Name, e.StackTrace);
                return;
            }
        }
    }

    private void AddLogs(JournalRecord record, List<ArrivedLog> logs)
    {
        foreach (var item in OtlpLog.In(record.Payload.Span))
        {
            if (!SpanNormalizer.Joins(item)) continue;
            var time = item.TimeUnixNanoseconds is > 0 and <= long.MaxValue and var given ? new Timestamp((long)given) : record.ReceivedAt;
            var place = new LogPlace(time, new SpanVersion(record.Number, item.Offset));
            logs.Add(new ArrivedLog(record.TenantId, item.TraceId, item.SpanId, place, record.ReceivedAt));
            var key = (record.TenantId, item.TraceId, item.SpanId);
            if (!joined.TryGetValue(key, out var list)) joined[key] = list = [];
            list.Add((place, new JoinedLog(record.Payload, item.Offset)));
        }
    }

    private void AddSpans(JournalRecord record, List<ArrivedSpan> spans)
    {
        var (before, past) = (spans.Count, 0);
        var origin = new SpanOrigin(record.TenantId, record.AppId, record.ReceivedAt);
        foreach (var item in OtlpSpan.In(record.Payload.Span))
        {
            var logs = joined.Count == 0 ? null : joined.GetValueOrDefault((record.TenantId, item.TraceId, item.SpanId));
            logs?.Sort((a, b) => a.Place.CompareTo(b.Place));
            var span = normalizer.Normalize(item, origin, logs is null ? [] : [.. logs.Select(entry => entry.Log)]);
            Count(span);
            if (age?.IsPast(record.TenantId, record.AppId, record.ReceivedAt, span.End) == true)
            {
                past++;
                continue;
            }

            spans.Add(new ArrivedSpan(span, new SpanVersion(record.Number, item.Offset), item.Body.Length, record.ReceivedAt, logs?.Count ?? 0));
        }

        counters.Add(Reason.PastRetention, past, record.TenantId);
        // A reader of bytes that are not protobuf stops where it understands no more; the journal knows how many there should be.
        if (spans.Count - before + past >= record.ItemCount) return;
        counters.Add(Reason.RecordUnreadable, tenantId: record.TenantId);
        RecordUnreadable(record.Number, "cut short", null);
    }

    // What the door has mended it has counted; this is found only here, where the time of receipt is compared.
    private void Count(Span span)
    {
        if (span.Notes.Count > 0 && span.Notes.Contains(ClockAhead)) counters.Add(Reason.ClockAhead, tenantId: span.TenantId);
    }

    [LoggerMessage(EventId = 401, Level = LogLevel.Error, Message = "Journal record {Number} cannot be read ({Why}); its spans are not stored. It stays in the journal. {Where}")]
    private partial void RecordUnreadable(long number, string why, string? where);

    [LoggerMessage(EventId = 409, Level = LogLevel.Warning, Message = "Journal record {Number} could not be read at once ({Why}); it is tried again. {Where}")]
    private partial void RecordFailedOnce(long number, string why, string? where);
}
