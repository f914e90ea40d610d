using System.Globalization;
using System.Text.Json;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Rollups;
using Callwatch.Store.Rows;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Callwatch.Tests.Store;

/// <summary>Everything a store says, without the ids and file names that depend on the order of arrival: sorted lines of text.</summary>
internal sealed record StoreContents(
    IReadOnlyList<string> Spans, IReadOnlyList<string> Traces, IReadOnlyList<string> Rollups, IReadOnlyList<string> Facets, IReadOnlyList<string> Errors,
    IReadOnlyList<string> Logs, IReadOnlyList<string> Records, IReadOnlyList<Span> Calls)
{
    /// <summary>Requests for a model's answer by quarter hour, app and provider, as the table says, and as the rows do.</summary>
    public (IReadOnlyList<string> Counted, IReadOnlyList<string> OfRows) Requests { get; private init; }

    public static StoreContents Of(StoreFolder folder)
    {
        List<string> spans = [], traces = [], logs = [], records = [];
        List<Span> calls = [];
        SortedDictionary<string, long[]> facets = [], requests = [], ofRows = [];
        SortedDictionary<string, Group> errors = [];
        SortedDictionary<string, (long[] Sums, Histogram Latency, Histogram Ttft)> rollups = [];
        foreach (var partition in folder.Partitions)
        {
            using var reader = folder.Open(partition)!;
            Each(reader, $"SELECT {SpanRows.Columns}, c.id IS NOT NULL, c.feedback {SpanRows.FromSpans}", row =>
            {
                var stored = SpanRows.Read(row, reader);
                Assert.Equal(partition.Day, Partition.DayOf(stored.Span.End));
                Assert.InRange(stored.Span.End.UnixNanoseconds, partition.FirstEnd!.Value.UnixNanoseconds, partition.LastEnd!.Value.UnixNanoseconds);
                spans.Add(Line(partition.Day, stored.Version, stored.Length, stored.ReceivedAt, stored.IsCall, Json(stored.Span), Json(stored.Raw)));
                var liking = row.IsDBNull(SpanRows.ColumnCount + 1) ? Liking.None : (Liking)row.GetInt64(SpanRows.ColumnCount + 1);
                if (stored.IsCall) calls.Add(stored.Span with { Call = stored.Span.Call! with { Feedback = liking } });
                if (stored.Span is { ModelRequest: { } provider } request) AddRequest(ofRows, request.End.UnixSeconds / 900 * 900, request.TenantId, request.AppId, request.Environment + " " + provider, 1, request.IsWithoutCall ? 1 : 0);
            });
            Each(reader, "SELECT * FROM traces", row => traces.Add(Columns(row, reader, partition.Day, skip: ["id"], words: ["name", "user", "session", "environment"])));
            Each(reader, "SELECT * FROM joined_logs", row => logs.Add(Columns(row, reader, null, [], [])));
            Each(reader, "SELECT * FROM records", row => records.Add(Columns(row, reader, partition.Day, skip: ["id"], words: ["environment", "user", "session"])));
            Each(reader, "SELECT * FROM rollups WHERE level <> 3", row => Add(rollups, row, reader));
            Each(reader, "SELECT tenant, app, field, value, calls FROM facets", row =>
            {
                var key = Line(row.GetInt32(0), row.GetInt32(1), row.GetString(2), row.GetInt64(3) == 0 ? "(other)" : reader.Word(row.GetInt64(3)));
                (facets.TryGetValue(key, out var count) ? count : facets[key] = new long[1])[0] += row.GetInt64(4);
            });
            Each(reader, "SELECT bucket, tenant, app, environment, provider, requests, without_call FROM model_requests", row =>
                AddRequest(requests, row.GetInt64(0), row.GetInt32(1), row.GetInt32(2), reader.Word(row.GetInt64(3)) + " " + reader.Word(row.GetInt64(4)), row.GetInt64(5), row.GetInt64(6)));
            Each(reader, "SELECT tenant, app, fingerprint, type, message, provider, model, calls, first_seen, last_seen, sample_trace FROM error_groups", row =>
            {
                var key = Line(row.GetInt32(0), row.GetInt32(1), row.GetInt64(2), row.GetString(3), row.GetString(4), reader.Word(row.GetInt64(5)), reader.Word(row.GetInt64(6)));
                var group = new Group(row.GetInt64(7), row.GetInt64(8), row.GetInt64(9), Convert.ToHexString(row.GetFieldValue<byte[]>(10)));
                errors[key] = errors.TryGetValue(key, out var other) ? group.With(other) : group;
            });
        }

        spans.Sort(StringComparer.Ordinal);
        traces.Sort(StringComparer.Ordinal);
        logs.Sort(StringComparer.Ordinal);
        records.Sort(StringComparer.Ordinal);
        return new StoreContents(
            spans, traces,
            [.. rollups.Select(cell => Line(cell.Key, string.Join(' ', cell.Value.Sums), Text(cell.Value.Latency), Text(cell.Value.Ttft)))],
            [.. facets.Select(facet => Line(facet.Key, facet.Value[0]))],
            [.. errors.Select(group => Line(group.Key, group.Value))],
            logs, records, calls)
        {
            Requests = ([.. requests.Select(RequestLine)], [.. ofRows.Select(RequestLine)]),
        };

        static string RequestLine(KeyValuePair<string, long[]> cell) => Line(cell.Key, cell.Value[0], cell.Value[1]);

        static void AddRequest(SortedDictionary<string, long[]> to, long bucket, int tenant, int app, string provider, long count, long without)
        {
            var key = Line(bucket, tenant, app, provider);
            var sums = to.TryGetValue(key, out var known) ? known : to[key] = new long[2];
            sums[0] += count;
            sums[1] += without;
        }
    }

    /// <summary>Rollups and error groups as they follow from the rows alone, by another way than the writer's.</summary>
    public void AssertFiguresFollowFromRows()
    {
        Assert.Equal(Requests.OfRows, Requests.Counted);
        SortedDictionary<string, List<Span>> cells = [];
        foreach (var call in Calls)
        {
            foreach (var level in (RollupLevel[])[RollupLevel.Minute, RollupLevel.QuarterHour, RollupLevel.Day])
            {
                var bucket = call.End.UnixSeconds / level.Seconds() * level.Seconds();
                var key = Line((int)level, bucket, call.TenantId, call.AppId, call.Environment, (int)call.Kind, call.Call!.Operation, call.Call.Provider, call.Call.Model, (int)call.Outcome, call.Call.RequestModel ?? call.Call.Model);
                (cells.TryGetValue(key, out var members) ? members : cells[key] = []).Add(call);
            }
        }

        Assert.Equal(cells.Select(cell => Line(cell.Key, Figures(cell.Value))), Rollups);

        var errors = Calls.Where(call => call.Error is not null).GroupBy(call => Line(
            call.TenantId, call.AppId, ErrorFingerprint.Of(call.Error!).Value, call.Error!.Type, ErrorFingerprint.Of(call.Error).Message, call.Call!.Provider, call.Call.Model));
        Assert.Equal(
            errors.OrderBy(group => group.Key, Comparer<string>.Default).Select(group =>
            {
                var last = group.MaxBy(call => (call.End.UnixNanoseconds, call.TraceId))!;
                return Line(group.Key, new Group(group.Count(), group.Min(call => call.End.UnixNanoseconds), last.End.UnixNanoseconds, last.TraceId.ToString().ToUpperInvariant()));
            }),
            Errors);
        Assert.Equal(Calls.Count, Facets.Where(line => line.Contains("| kind |", StringComparison.Ordinal)).Sum(line => long.Parse(line[(line.LastIndexOf('|') + 1)..])));
    }

    public void AssertSameAs(StoreContents other)
    {
        Assert.Equal(other.Spans, Spans);
        Assert.Equal(other.Traces, Traces);
        Assert.Equal(other.Rollups, Rollups);
        Assert.Equal(other.Facets, Facets);
        Assert.Equal(other.Errors, Errors);
        Assert.Equal(other.Logs, Logs);
        Assert.Equal(other.Records, Records);
    }

    private static string Figures(List<Span> calls)
    {
        long Sum(Func<Span, decimal?> value) => (long)calls.Sum(call => value(call) ?? 0);
        var (latency, ttft) = (new Histogram(), new Histogram());
        foreach (var call in calls)
        {
            if (call.DurationNanoseconds is { } took) latency.Add(took);
            if (call.Call!.TtftNanoseconds is { } first) ttft.Add(first);
        }

        long?[] speeds = [.. calls.Select(CallFigures.Generation)];
        long[] sums =
        [
            calls.Count,
            calls.Count(call => call.DurationNanoseconds is not null), calls.Sum(call => (call.DurationNanoseconds ?? 0) / 1_000), calls.Max(call => call.DurationNanoseconds ?? 0),
            calls.Count(call => call.Call!.TtftNanoseconds is not null), calls.Sum(call => (call.Call!.TtftNanoseconds ?? 0) / 1_000), calls.Max(call => call.Call!.TtftNanoseconds ?? 0),
            calls.Where(call => CallFigures.Generation(call) is not null).Sum(call => call.Call!.Usage.Output!.Value), speeds.Sum(speed => (speed ?? 0) / 1_000),
            Sum(call => call.Call!.Usage.Input), Sum(call => call.Call!.Usage.Output), Sum(call => call.Call!.Usage.Total),
            Sum(call => call.Call!.Usage.CacheRead), Sum(call => call.Call!.Usage.CacheWrite), Sum(call => call.Call!.Usage.Reasoning),
            Sum(call => call.Call!.Cost.TotalUsd * 1e12m), Sum(call => call.Call!.Cost.InputUsd * 1e12m), Sum(call => call.Call!.Cost.CacheReadUsd * 1e12m),
            Sum(call => call.Call!.Cost.CacheWriteUsd * 1e12m), Sum(call => call.Call!.Cost.OutputUsd * 1e12m), Sum(call => call.Call!.Cost.ReasoningUsd * 1e12m),
            Sum(call => call.Call!.Cost.OtherUsd * 1e12m),
            calls.Count(call => call.Call!.Cost is { TotalUsd: null, Reason: not "not_billable" }),
            calls.Count(call => call.Call!.Feedback == Liking.Positive), calls.Count(call => call.Call!.Feedback == Liking.Negative),
        ];
        return Line(string.Join(' ', sums), Text(latency), Text(ttft));
    }

    private static void Add(SortedDictionary<string, (long[] Sums, Histogram Latency, Histogram Ttft)> rollups, SqliteDataReader row, PartitionReader words)
    {
        string? Word(int column) => row.GetInt64(column) == 0 ? null : words.Word(row.GetInt64(column));
        var key = Line(row.GetInt64(0), row.GetInt64(1), row.GetInt32(2), row.GetInt32(3), Word(4), row.GetInt32(5), Word(6), Word(7), Word(8), row.GetInt32(9), Word(10));
        if (!rollups.TryGetValue(key, out var cell)) rollups[key] = cell = (new long[25], new Histogram(), new Histogram());
        for (var i = 0; i < 23; i++)
            cell.Sums[i] = row.GetName(11 + i) is "latency_max" or "ttft_max" ? Math.Max(cell.Sums[i], row.GetInt64(11 + i)) : cell.Sums[i] + row.GetInt64(11 + i);
        Assert.True(row.GetInt64(11) > 0, "a row of rollups without calls");
        for (var i = 23; i < 25; i++) cell.Sums[i] += row.GetInt64(row.GetOrdinal(i == 23 ? "positive" : "negative"));
        cell.Latency.Merge(row.GetFieldValue<byte[]>(34));
        cell.Ttft.Merge(row.GetFieldValue<byte[]>(35));
    }

    private static void Each(PartitionReader reader, string sql, Action<SqliteDataReader> take)
    {
        using var command = reader.Command(sql);
        using var row = command.ExecuteReader();
        while (row.Read()) take(row);
    }

    private static string Columns(SqliteDataReader row, PartitionReader reader, DateOnly? day, string[] skip, string[] words) =>
        Line([day, .. Enumerable.Range(0, row.FieldCount).Where(i => !skip.Contains(row.GetName(i))).Select(i => row.GetName(i) + "=" + (
            row.IsDBNull(i) ? "null" : words.Contains(row.GetName(i)) ? reader.Word(row.GetInt64(i)) : row.GetValue(i) is byte[] bytes ? Convert.ToHexString(bytes) : row.GetValue(i)))]);

    private static string Text(Histogram histogram) => string.Join(' ', histogram.Contents);

    private static string Json(Span span) => JsonSerializer.Serialize(span);

    private static string Line(params object?[] parts) => string.Join(" | ", parts.Select(part => Convert.ToString(part, CultureInfo.InvariantCulture)));

    private readonly record struct Group(long Calls, long First, long Last, string Sample)
    {
        public Group With(Group other) => new(
            Calls + other.Calls, Math.Min(First, other.First), Math.Max(Last, other.Last),
            (Last, Sample).CompareTo((other.Last, other.Sample)) > 0 ? Sample : other.Sample);
    }
}
