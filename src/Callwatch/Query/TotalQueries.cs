using System.Collections.Concurrent;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.History;
using Callwatch.Store.Partitions;

namespace Callwatch.Query;

/// <summary>All that is stored of one app, model and outcome together.</summary>
public sealed record CallTotals
{
    public required int TenantId { get; init; }
    public required int AppId { get; init; }
    public required string? Model { get; init; }
    public required Outcome Outcome { get; init; }
    public long Calls { get; init; }
    public long InputTokens { get; init; }
    public long OutputTokens { get; init; }
    public long CacheReadTokens { get; init; }
    public long CacheWriteTokens { get; init; }
    public long ReasoningTokens { get; init; }
    public decimal CostUsd { get; init; }
    public long LatencyCount { get; init; }
    public double LatencySeconds { get; init; }
    public long TtftCount { get; init; }
    public double TtftSeconds { get; init; }

    /// <summary>Both together, named as the first.</summary>
    public static CallTotals Add(CallTotals a, CallTotals b) => a with
    {
        Calls = a.Calls + b.Calls,
        InputTokens = a.InputTokens + b.InputTokens,
        OutputTokens = a.OutputTokens + b.OutputTokens,
        CacheReadTokens = a.CacheReadTokens + b.CacheReadTokens,
        CacheWriteTokens = a.CacheWriteTokens + b.CacheWriteTokens,
        ReasoningTokens = a.ReasoningTokens + b.ReasoningTokens,
        CostUsd = a.CostUsd + b.CostUsd,
        LatencyCount = a.LatencyCount + b.LatencyCount,
        LatencySeconds = a.LatencySeconds + b.LatencySeconds,
        TtftCount = a.TtftCount + b.TtftCount,
        TtftSeconds = a.TtftSeconds + b.TtftSeconds,
    };
}

/// <summary>Totals per app and model, for whoever scrapes them every few seconds: a partition that nothing was added to is not read again.</summary>
public sealed class TotalQueries(QueryGate gate)
{
    private readonly ConcurrentDictionary<string, (long Applied, IReadOnlyList<CallTotals> Totals)> known = new();

    /// <summary>Of the apps a scope may see; null when there was no time to read them.</summary>
    public Task<IReadOnlyList<CallTotals>?> ReadAsync(ReadScope scope, CancellationToken cancel) => gate.RunAsync(scope, run => Read(run, scope), cancel);

    private IReadOnlyList<CallTotals> Read(QueryRun run, ReadScope scope)
    {
        using var sources = new FigureSources(run);
        foreach (var gone in known.Keys.Except(run.Partitions.Select(partition => partition.File)).Where(file => file != HistoryFile.File).ToList()) known.TryRemove(gone, out _);
        // What is scraped may only grow: rows that are gone still count.
        var past = sources.History is { } history ? Of(HistoryFile.File, sources.Moves, () => Totals(history)) : [];
        return [.. run.Partitions.SelectMany(partition => Of(run, partition).Where(total => !sources.IsMoved(partition.File, total.TenantId, total.AppId))).Concat(past)
            .Where(total => total.TenantId == scope.TenantId && (scope.OnlyAppId is null || scope.OnlyAppId == total.AppId))
            .GroupBy(total => (total.TenantId, total.AppId, total.Model, total.Outcome)).Select(group => group.Aggregate(CallTotals.Add))];
    }

    private IReadOnlyList<CallTotals> Of(QueryRun run, Partition partition)
    {
        if (known.TryGetValue(partition.File, out var held) && held.Applied == partition.Applied) return held.Totals;
        using var open = run.Open(partition);
        return open is null ? [] : Of(partition.File, partition.Applied, () => Totals(open));
    }

    private IReadOnlyList<CallTotals> Of(string file, long applied, Func<IReadOnlyList<CallTotals>> read)
    {
        if (known.TryGetValue(file, out var held) && held.Applied == applied) return held.Totals;
        var totals = read();
        known[file] = (applied, totals);
        return totals;
    }

    private static List<CallTotals> Totals(OpenPartition open)
    {
        var totals = new List<CallTotals>();
        using var command = open.Reader.Command("""
            SELECT tenant, app, model, outcome, sum(calls), sum(input_tokens), sum(output_tokens), sum(cache_read), sum(cache_write), sum(reasoning),
              total(cost), sum(latency_count), total(latency_sum), sum(ttft_count), total(ttft_sum)
            FROM rollups WHERE level = 2 GROUP BY 1, 2, 3, 4
            """);
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            totals.Add(new CallTotals
            {
                TenantId = row.GetInt32(0),
                AppId = row.GetInt32(1),
                Model = row.GetInt64(2) == 0 ? null : open.Reader.Word(row.GetInt64(2)),
                Outcome = (Outcome)row.GetByte(3),
                Calls = row.GetInt64(4),
                InputTokens = row.GetInt64(5),
                OutputTokens = row.GetInt64(6),
                CacheReadTokens = row.GetInt64(7),
                CacheWriteTokens = row.GetInt64(8),
                ReasoningTokens = row.GetInt64(9),
                CostUsd = (decimal)(row.GetDouble(10) / 1e12),
                LatencyCount = row.GetInt64(11),
                LatencySeconds = row.GetDouble(12) / 1e6,
                TtftCount = row.GetInt64(13),
                TtftSeconds = row.GetDouble(14) / 1e6,
            });
        }

        return totals;
    }
}
