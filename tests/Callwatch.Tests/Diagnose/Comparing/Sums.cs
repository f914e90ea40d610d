using Callwatch.Diagnose.Comparing;
using Callwatch.Query.Filters;
using Callwatch.Query.Stats;
using Callwatch.Spans;

namespace Callwatch.Tests.Diagnose.Comparing;

/// <summary>Drawn calls added up as the store would.</summary>
internal static class Sums
{
    /// <param name="guarded">Whether the hour before guards; the baseline is a week ago.</param>
    public static (IReadOnlyList<SideTable> Tables, Sides All) Of(IReadOnlyList<Drawn> calls, bool guarded = true)
    {
        var usual = calls.Where(call => call.Time == Time.WeekAgo && call.Outcome == Outcome.Success).Select(call => call.LatencyMs).Order().ToList();
        var slow = usual.Count == 0 ? SlowFrom.Never : SlowFrom.Above(usual[(int)(usual.Count * 0.95)], usual[(int)(usual.Count * 0.95)] * 0.3);
        var tables = Family.All.Select(family => new SideTable(Table(family, calls, Time.WeekAgo, slow), Table(family, calls, Time.Now, slow), guarded ? Table(family, calls, Time.Before, slow) : null)).ToList();
        var all = new Sides();
        foreach (var cell in tables[0].Cells.Values) all.Add(cell);
        return (tables, all);
    }

    private static CellTable Table(Family family, IReadOnlyList<Drawn> calls, Time time, SlowFrom slow)
    {
        var table = new CellTable(family, allTimed: false, slow);
        foreach (var call in calls)
        {
            if (call.Time != time) continue;
            if (!family.Overlaps || call.Tags.Count == 0) Take(table, call, [.. family.Fields.Select(field => ValueOf(call, field))]);
            else foreach (var tag in call.Tags) Take(table, call, [call.App, tag]);
        }

        return table;
    }

    private static void Take(CellTable table, Drawn call, string?[] key)
    {
        var (latency, ttft) = ((long)(call.LatencyMs * 1e6), (long)(call.TtftMs * 1e6));
        table.Take(table.Group(key), 0, call.Outcome, new RollupFigures
        {
            Calls = 1,
            LatencyCount = 1,
            LatencyMicroseconds = latency / 1_000,
            Latency = latency,
            TtftCount = 1,
            TtftMicroseconds = ttft / 1_000,
            Ttft = ttft,
            Cost = (long)(call.CostUsd * 1_000_000_000_000m),
        });
    }

    private static string? ValueOf(Drawn call, FilterField field) =>
        field == FilterFields.AskedModel ? call.Model : field == FilterFields.Environment ? call.Environment : field == FilterFields.Kind ? "chat" : call.ValueOf(field.Name);
}
