using System.Globalization;
using Callwatch.Journal;
using Callwatch.Query.Lists;
using Callwatch.Query.Running;
using Callwatch.Receive.Otlp;
using Callwatch.Receive.Records;
using Callwatch.Spans;
using Microsoft.Data.Sqlite;

namespace Callwatch.Query;

/// <summary>Finds out what became of any id.</summary>
public sealed class LookupQueries(QueryGate gate, Scopes scopes, IJournal journal, DeliveryQueries deliveries)
{
    /// <summary>Most traces that one id leads to; the latest.</summary>
    public const int MostMatches = 20;

    /// <summary>Records behind the store's reader that are looked through for an id not stored yet, and their bytes.</summary>
    private const int MostUnstoredRecords = 2_000;
    private const long MostUnstoredBytes = 64 << 20;

    /// <summary>Every trace that the id names or leads to, latest first; empty when nobody knows it.</summary>
    public async Task<IReadOnlyList<LookupMatch>> FindAsync(ReadScope scope, string id, CancellationToken cancel)
    {
        id = id.Trim();
        if (id.Length is 0 or > 1_000) return [];
        // An answer that took too long to be whole is still worth having: what was found stands in the list.
        var found = new List<LookupMatch>();
        await gate.RunAsync(
            scope,
            run =>
            {
                Search(run, scope, id, found);
                return found;
            },
            cancel);
        return found;
    }

    private void Search(QueryRun run, ReadScope scope, string id, List<LookupMatch> found)
    {
        var digits = id.Replace("-", "", StringComparison.Ordinal);
        if (TraceId.TryParse(digits, null, out var traceId) && !traceId.IsNone)
        {
            AddTrace(run, scope, "trace", traceId, null, found);
            if (found.Count == 0) AddUnstored(run, scope, found, (trace, _) => trace == traceId, "trace");
            if (found.Count > 0) return;
        }

        ByRecordKey(run, scope, id, found);
        BySessionOrUser(run, scope, id, found);
        ByResponse(run, scope, id, found);
        if (found.Count == 0) ByPlatformId(run, scope, id, found);
        if (found.Count > 0 || !SpanId.TryParse(id, null, out var spanId) || spanId.IsNone) return;
        AddUnstored(run, scope, found, (_, span) => span == spanId, "span");
        if (found.Count == 0) BySpan(run, scope, spanId, found);
    }

    private void AddTrace(QueryRun run, ReadScope scope, string kind, TraceId trace, SpanId? span, List<LookupMatch> found)
    {
        if (found.Count >= MostMatches || found.Exists(match => match.TraceId == trace && match.Kind == kind)) return;
        var row = TraceQueries.Summary(run, scope, trace);
        if (row is null || (scope.OnlyAppId is { } only && !row.IsOnlyOf(only))) row = VisibleTrace.Summary(scope.TenantId, VisibleTrace.Spans(run, scope, trace));
        if (row is null) return;

        // The last step is looked at first: what goes on meanwhile must not show a trace as delivered before it has settled.
        var delivered = deliveries.Of(scope.TenantId, trace, scope.OnlyAppId is { } own ? [own] : row.Thin.Apps);
        var settled = scopes.Summary(scope, row, run).Settled;
        found.Add(new LookupMatch(kind, trace, span,
        [
            new LookupStep("received", row.ReceivedAt, "done", null, null),
            new LookupStep("stored", null, "done", null, null),
            new LookupStep("settled", settled ? deliveries.SettledAt(scope.TenantId, trace) : null, settled ? "done" : "waiting", settled ? null : "more_spans_may_come", null),
            .. delivered.Select(delivery => new LookupStep("delivered", delivery.Time, Word(delivery.State), delivery.Reason, delivery.Destination)),
        ]));
    }

    private static string Word(DeliveryState state) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(state.ToString());

    // Most ids of records give their trace's by themselves; where the records named another, the full-text index knows them.
    private void ByRecordKey(QueryRun run, ReadScope scope, string id, List<LookupMatch> found)
    {
        foreach (var trace in KeyWords.Traces(run, scope, id).Prepend(RecordIds.TraceOf(scope.TenantId, id)).Distinct())
        {
            var spans = VisibleTrace.Spans(run, scope, trace).Select(row => row.Span.SpanId).ToHashSet();
            foreach (var (kind, type) in ((string, string)[])[("message", "message"), ("workflow_run", "workflow"), ("node", "node"), ("conversation", "conversation")])
            {
                var span = RecordIds.SpanOf(trace, type, id);
                if (spans.Contains(span)) AddTrace(run, scope, kind, trace, span, found);
            }
        }
    }

    private void BySessionOrUser(QueryRun run, ReadScope scope, string id, List<LookupMatch> found)
    {
        foreach (var open in Each(run, found))
        {
            // Nearly every partition ends here, without a row being read.
            if (open.Reader.IdOf(id) is not { } word) continue;
            foreach (var kind in (string[])["session", "user"])
            {
                using var command = open.Reader.Command($"SELECT t.trace FROM traces t WHERE t.tenant = $tenant AND t.{kind} = $word ORDER BY t.\"end\" DESC LIMIT {MostMatches.ToString(CultureInfo.InvariantCulture)}");
                command.Parameters.AddWithValue("$tenant", scope.TenantId);
                command.Parameters.AddWithValue("$word", word);
                AddTraces(run, scope, kind, command, found);
            }
        }
    }

    private void ByResponse(QueryRun run, ReadScope scope, string id, List<LookupMatch> found)
    {
        foreach (var open in Each(run, found))
        {
            using var command = open.Reader.Command("SELECT s.trace, s.span FROM calls c JOIN spans s ON s.id = c.id WHERE c.response_id = $id AND c.tenant = $tenant AND ($app IS NULL OR c.app = $app) LIMIT 5");
            command.Parameters.AddWithValue("$id", id);
            command.Parameters.AddWithValue("$tenant", scope.TenantId);
            command.Parameters.AddWithValue("$app", (object?)scope.OnlyAppId ?? DBNull.Value);
            AddTraces(run, scope, "response", command, found);
        }
    }

    private void ByPlatformId(QueryRun run, ReadScope scope, string id, List<LookupMatch> found)
    {
        // Listed first: to look at a trace opens files of its own.
        foreach (var trace in PlatformIdSearch.Traces(run, scope, id).Take(MostMatches * 4).ToList()) AddTrace(run, scope, "platform", trace, null, found);
    }

    private void BySpan(QueryRun run, ReadScope scope, SpanId span, List<LookupMatch> found)
    {
        foreach (var open in Each(run, found))
        {
            using var command = open.Reader.Command("SELECT s.trace, s.span FROM spans s WHERE s.span = $span AND s.tenant = $tenant AND ($app IS NULL OR s.app = $app) LIMIT 5");
            command.Parameters.AddWithValue("$span", unchecked((long)span.Value));
            command.Parameters.AddWithValue("$tenant", scope.TenantId);
            command.Parameters.AddWithValue("$app", (object?)scope.OnlyAppId ?? DBNull.Value);
            AddTraces(run, scope, "span", command, found);
        }
    }

    private void AddTraces(QueryRun run, ReadScope scope, string kind, SqliteCommand command, List<LookupMatch> found)
    {
        var traces = new List<(TraceId Trace, SpanId? Span)>();
        using (var row = command.ExecuteReader())
        {
            while (row.Read())
                if (TraceId.TryRead(row.GetFieldValue<byte[]>(0), out var trace)) traces.Add((trace, row.FieldCount > 1 ? new SpanId(unchecked((ulong)row.GetInt64(1))) : null));
        }

        foreach (var (trace, span) in traces) AddTrace(run, scope, kind, trace, span, found);
    }

    private static IEnumerable<OpenPartition> Each(QueryRun run, List<LookupMatch> found)
    {
        foreach (var partition in run.Partitions)
        {
            if (found.Count >= MostMatches) yield break;
            using var open = run.Open(partition);
            if (open is not null) yield return open;
        }
    }

    /// <summary>What has been acknowledged and not been stored yet.</summary>
    private void AddUnstored(QueryRun run, ReadScope scope, List<LookupMatch> found, Func<TraceId, SpanId, bool> fits, string kind)
    {
        var head = journal.Head.Number;
        long bytes = 0;
        for (var number = Math.Max(run.AsOf + 1, head - MostUnstoredRecords); number <= head && bytes < MostUnstoredBytes && found.Count == 0; number++)
        {
            run.Check();
            if (journal.Find(number) is not { Signal: Signal.Traces } record || record.TenantId != scope.TenantId || (scope.OnlyAppId is { } only && record.AppId != only)) continue;
            bytes += record.Payload.Length;
            foreach (var span in OtlpSpan.In(record.Payload.Span))
            {
                if (!fits(span.TraceId, span.SpanId)) continue;
                found.Add(new LookupMatch(kind, span.TraceId, kind == "span" ? span.SpanId : null,
                [
                    new LookupStep("received", record.ReceivedAt, "done", null, null),
                    new LookupStep("stored", null, "waiting", null, null),
                ]));
                break;
            }
        }
    }
}
