using System.Text.Json.Nodes;
using Callwatch.Journal;
using Callwatch.Media;
using Callwatch.Normalize;
using Callwatch.Query.Running;
using Callwatch.Receive.Otlp;
using Callwatch.Spans;
using Callwatch.Store.Rows;

namespace Callwatch.Query;

/// <summary>Reads a span's bodies back from the journal, with the log records that belong to it.</summary>
public sealed class SpanBodies(IJournal journal, SpanNormalizer normalizer, MediaFolder media)
{
    /// <summary>Log records of one span beyond which no more are read: a hostile sender could join any number.</summary>
    private const int MostLogs = 1_000;

    internal SpanDetails? Find(QueryRun run, ReadScope scope, TraceId traceId, SpanId spanId)
    {
        SpanRow? latest = null;
        var logs = new SortedSet<(long Time, long Number, int Offset)>();
        foreach (var partition in run.MayHold(traceId))
        {
            using var open = run.Open(partition);
            if (open is null) continue;
            if (SpanIn(open, scope, traceId, spanId) is { } row && (latest is null || row.Version.CompareTo(latest.Version) > 0)) latest = row;
            AddLogs(open, scope, traceId, spanId, logs);
        }

        return latest is null ? null : Details(latest, scope, [.. logs]);
    }

    private SpanDetails Details(SpanRow row, ReadScope scope, (long Time, long Number, int Offset)[] places)
    {
        if (journal.FindItems(row.Version.Number, row.Version.Offset) is not { } record || !OtlpSpan.TryAt(record.Payload.Span, row.Version.Offset, out var otlp)) return Expired(row.Span);
        List<JoinedLog> logs = [];
        foreach (var place in places)
            if (journal.FindItems(place.Number, place.Offset) is { Signal: Signal.Logs } log) logs.Add(new JoinedLog(log.Payload, place.Offset));
        var content = WithMedia(normalizer.Content(otlp, logs), scope);
        if (row.Span.Error is null) return new SpanDetails(row.Span, content);

        // The row has the beginning of the message and no stack.
        var whole = normalizer.Normalize(otlp, new SpanOrigin(record.TenantId, record.AppId, record.ReceivedAt), logs);
        return new SpanDetails(row.Span with { Error = whole.Error ?? row.Span.Error }, content);
    }

    /// <summary>Says of each piece of media whether it is still there.</summary>
    private SpanContent WithMedia(SpanContent content, ReadScope scope)
    {
        if (!content.InputMessages.Concat(content.OutputMessages).Any(message => message.Parts.Any(part => part.Media is not null))) return content;
        var there = new Dictionary<MediaHash, bool>();
        return content with { InputMessages = [.. content.InputMessages.Select(OfMessage)], OutputMessages = [.. content.OutputMessages.Select(OfMessage)] };

        ChatMessage OfMessage(ChatMessage message) => message with { Parts = [.. message.Parts.Select(OfPart)] };

        MessagePart OfPart(MessagePart part)
        {
            if (part.Media is not { State: MediaState.Present } kept) return part;
            if (!there.TryGetValue(kept.Hash, out var isThere)) there[kept.Hash] = isThere = media.Has(scope.TenantId, scope.OnlyAppId, kept.Hash);
            return isThere ? part : part with { Media = kept with { State = MediaState.Expired } };
        }
    }

    private static SpanDetails Expired(Span span)
    {
        var state = span.Content == ContentState.NotCaptured ? ContentState.NotCaptured : ContentState.Expired;
        return new SpanDetails(span with { Content = state }, new SpanContent { State = state, Attributes = new JsonObject() });
    }

    private static SpanRow? SpanIn(OpenPartition open, ReadScope scope, TraceId traceId, SpanId spanId)
    {
        using var command = open.Reader.Command($"""
            SELECT {SpanRows.Columns} {SpanRows.FromSpans}
            WHERE s.trace = $trace AND s.span = $span AND s.tenant = $tenant AND ($app IS NULL OR s.app = $app)
            """);
        command.Parameters.AddWithValue("$trace", traceId.ToBytes());
        command.Parameters.AddWithValue("$span", unchecked((long)spanId.Value));
        command.Parameters.AddWithValue("$tenant", scope.TenantId);
        command.Parameters.AddWithValue("$app", (object?)scope.OnlyAppId ?? DBNull.Value);
        using var row = command.ExecuteReader();
        return row.Read() ? SpanRows.Read(row, open.Reader) : null;
    }

    private static void AddLogs(OpenPartition open, ReadScope scope, TraceId traceId, SpanId spanId, SortedSet<(long Time, long Number, int Offset)> logs)
    {
        using var command = open.Reader.Command("""
            SELECT time, number, "offset" FROM joined_logs WHERE trace = $trace AND tenant = $tenant AND span = $span LIMIT $most
            """);
        command.Parameters.AddWithValue("$trace", traceId.ToBytes());
        command.Parameters.AddWithValue("$tenant", scope.TenantId);
        command.Parameters.AddWithValue("$span", unchecked((long)spanId.Value));
        command.Parameters.AddWithValue("$most", MostLogs);
        using var row = command.ExecuteReader();
        while (row.Read()) logs.Add((row.GetInt64(0), row.GetInt64(1), row.GetInt32(2)));
    }
}
