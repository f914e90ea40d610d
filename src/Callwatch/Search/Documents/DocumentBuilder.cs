using Callwatch.Journal;
using Callwatch.Normalize;
using Callwatch.Normalize.Reading;
using Callwatch.Receive.Otlp;
using Microsoft.Extensions.Logging;

namespace Callwatch.Search.Documents;

/// <summary>Turns journal records into documents: a document for each span in which there is something to be found, in the order they came.</summary>
internal sealed partial class DocumentBuilder(SpanNormalizer normalizer, SpanListener listener, LateLogs late, ILogger log)
{
    // The same span and end again is the same span sent twice.
    private readonly SeenMessages sent = new(200_000);
    private readonly Dictionary<SpanKey, List<JoinedLog>> joined = [];
    private readonly HashSet<SpanKey> spans = [];

    public List<SearchDocument> Build(IReadOnlyList<JournalRecord> records)
    {
        joined.Clear();
        spans.Clear();
        List<SearchDocument> documents = [];
        foreach (var record in records)
            if (record.Signal == Signal.Logs) Guard(record, () => AddLogs(record));
        foreach (var record in records)
            if (record.Signal == Signal.Traces) Guard(record, () => AddSpans(record, documents));
        foreach (var record in records)
            if (record.Signal == Signal.Logs) Guard(record, () => AddLateLogs(record, documents));
        return documents;
    }

    // What cannot be read the store counts; here it must only not keep all that come after it from being found.
    private void Guard(JournalRecord record, Action read)
    {
        try
        {
            read();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            CannotIndex(record.Number, e.GetType().Name);
        }
    }

    private void AddLogs(JournalRecord record)
    {
        foreach (var item in OtlpLog.In(record.Payload.Span))
        {
            if (!SpanNormalizer.Joins(item)) continue;
            var key = new SpanKey(record.TenantId, item.TraceId, item.SpanId);
            if (!joined.TryGetValue(key, out var list)) joined[key] = list = [];
            list.Add(new JoinedLog(record.Payload, item.Offset));
        }
    }

    private void AddSpans(JournalRecord record, List<SearchDocument> documents)
    {
        var origin = new SpanOrigin(record.TenantId, record.AppId, record.ReceivedAt);
        List<JoinedLog> logs = [];
        foreach (var item in OtlpSpan.In(record.Payload.Span))
        {
            var key = new SpanKey(record.TenantId, item.TraceId, item.SpanId);
            logs.Clear();
            late.Take(key, logs);
            if (joined.TryGetValue(key, out var now)) logs.AddRange(now);
            // Also for a span that came before: its log records are no late ones.
            spans.Add(key);
            if (!sent.Add(Hash.Mix(Hash.Mix(item.TraceId.High, item.TraceId.Low), Hash.Mix(item.SpanId.Value, Hash.Of(item.Body))))) continue;
            var span = normalizer.Normalize(item, origin, logs.Count == 0 ? [] : [.. logs], listener);
            late.Ended(key, span.End);
            if (listener.Document(record.Number) is { } document) documents.Add(document);
        }
    }

    private void AddLateLogs(JournalRecord record, List<SearchDocument> documents)
    {
        foreach (var item in OtlpLog.In(record.Payload.Span))
        {
            if (!SpanNormalizer.Joins(item)) continue;
            var key = new SpanKey(record.TenantId, item.TraceId, item.SpanId);
            if (spans.Contains(key)) continue;
            if (late.EndOf(key) is not { } end)
            {
                late.Wait(key, record.Number, item.Offset);
                continue;
            }

            documents.Add(new SearchDocument(item.TraceId, item.SpanId, end, record.Number, listener.TextOf(item, record.TenantId, record.AppId)));
        }
    }

    [LoggerMessage(EventId = 451, Level = LogLevel.Error, Message = "Journal record {Number} cannot be indexed ({Why}); its spans are not found by their text")]
    private partial void CannotIndex(long number, string why);
}
