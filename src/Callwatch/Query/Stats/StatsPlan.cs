using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Running;
using Callwatch.Store.Rollups;

namespace Callwatch.Query.Stats;

/// <summary>What figures are read from.</summary>
/// <param name="Cut">The cut that answers; null when only rollups by all dimensions do.</param>
/// <param name="Wide">Whether those do.</param>
internal sealed record StatsPlan(Cut? Cut, bool Wide)
{
    public bool IsBounded => Cut?.IsBounded() == true;

    /// <summary>Null when only rows answer.</summary>
    /// <param name="mostRows">Up to so many rows tell everybody apart, if that is less than the settings allow; null takes the settings.</param>
    public static StatsPlan? Of(QueryRun run, FigureSources sources, Asked asked, IReadOnlyList<GroupField> by, long? mostRows = null)
    {
        var cut = CutColumns.Smallest(asked.Filter, by);
        var wide = StatsScan.FitsRollups(asked.Filter, by);
        if (cut is null && !wide) return null;
        // Rows tell everybody apart: they go first as long as they can be read.
        if (!wide && !MustBeCut(run, sources, asked, mostRows ?? long.MaxValue)) return null;
        return new StatsPlan(cut, wide);
    }

    private static bool MustBeCut(QueryRun run, FigureSources sources, Asked asked, long mostRows)
    {
        if (sources.HasHistory(asked)) return true;
        double rows = 0;
        foreach (var partition in run.Between(asked.Selection.From, asked.Selection.To))
        {
            var from = Math.Max(asked.Selection.From.UnixSeconds, partition.From.UnixSeconds);
            var to = Math.Min(asked.Selection.To.UnixSeconds, partition.To.UnixSeconds);
            rows += partition.Rows * ((double)Math.Max(0, to - from) / (partition.To.UnixSeconds - partition.From.UnixSeconds));
        }

        return rows > Math.Min(run.Options.MostRowsCounted, mostRows);
    }
}
