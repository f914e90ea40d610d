using Callwatch.Query.Running;
using Callwatch.Store.Rollups;
using Callwatch.Store.Sqlite;

namespace Callwatch.Query.Stats;

/// <summary>The columns of a call's row that figures are made of, as the first of a statement over <c>calls c</c>: end, outcome, figures, user and session at 19 and 20.</summary>
internal static class CallFigureColumns
{
    /// <summary>How many they are.</summary>
    public const int Count = 22;

    private const string Columns = """
        c."end", c.outcome, c.duration, c.ttft, c.generation, c.input_tokens, c.output_tokens, c.total_tokens, c.cache_read, c.cache_write, c.reasoning,
        c.cost, c.cost_input, c.cost_cache_read, c.cost_cache_write, c.cost_output, c.cost_reasoning, c.cost_other, c.unpriced, c.user, c.session
        """;

    // A file that nothing was written to since an older version made it has no such column.
    public static string Of(OpenPartition open) => Columns + (open.Reader.HasFeedback ? ", c.feedback" : ", 0");

    /// <summary>Of the row that stands.</summary>
    public static RollupFigures Read(Statement row)
    {
        var latency = CallFigures.Bounded(row.NullableLong(2));
        var ttft = CallFigures.Bounded(row.NullableLong(3));
        var generation = row.NullableLong(4);
        var feedback = row.Long(21);
        return new RollupFigures
        {
            Calls = 1,
            Latency = latency,
            LatencyCount = latency is null ? 0 : 1,
            LatencyMicroseconds = (latency ?? 0) / 1_000,
            LatencyMax = latency ?? 0,
            Ttft = ttft,
            TtftCount = ttft is null ? 0 : 1,
            TtftMicroseconds = (ttft ?? 0) / 1_000,
            TtftMax = ttft ?? 0,
            SpeedTokens = generation is null ? 0 : row.Long(6),
            SpeedMicroseconds = (generation ?? 0) / 1_000,
            // NULL reads as 0.
            InputTokens = row.Long(5),
            OutputTokens = row.Long(6),
            TotalTokens = row.Long(7),
            CacheRead = row.Long(8),
            CacheWrite = row.Long(9),
            Reasoning = row.Long(10),
            Cost = row.Long(11),
            CostInput = row.Long(12),
            CostCacheRead = row.Long(13),
            CostCacheWrite = row.Long(14),
            CostOutput = row.Long(15),
            CostReasoning = row.Long(16),
            CostOther = row.Long(17),
            Unpriced = row.Long(18),
            Positive = feedback > 0 ? 1 : 0,
            Negative = feedback < 0 ? 1 : 0,
        };
    }
}
