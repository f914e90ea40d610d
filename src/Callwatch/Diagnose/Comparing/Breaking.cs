using Callwatch.Query.Filters;
using Callwatch.Query.Stats;

namespace Callwatch.Diagnose.Comparing;

/// <summary>Breaks a change down by the values of a dimension. What is listed and what is left add up to the change.</summary>
internal static class Breaking
{
    private const int MostListed = 20;

    public static Breakdown By(Measure measure, Dimension dimension, SideTable table, Sides all, double scale, double change)
    {
        var groups = table.By(table.Family.PlacesOf(dimension.Fields)!);
        var most = Greatest(measure, groups, all, scale).Select(group => ToContribution(measure, dimension, groups.KeyOf(group), groups.SumOf(group), all, scale)).ToList();
        return new Breakdown(dimension.Name, most, groups.Count, change - most.Sum(effect => effect.Delta)) { Truncated = table.Truncated, Overlaps = table.Family.Overlaps };
    }

    // Those with the greatest effects, of equal ones those with most calls now, then those that came first.
    private static IEnumerable<int> Greatest(Measure measure, SideGroups groups, Sides all, double scale)
    {
        var most = new List<(double Delta, long Calls, int Group)>(MostListed + 1);
        for (var group = 0; group < groups.Count; group++)
        {
            var sides = groups.SumOf(group);
            var own = (Delta: Math.Abs(Effect.Of(measure, sides.Before, sides.After, all.Before, all.After, scale).Delta), sides.After.Calls, Group: group);
            var at = most.Count;
            while (at > 0 && (own.Delta > most[at - 1].Delta || (own.Delta.Equals(most[at - 1].Delta) && own.Calls > most[at - 1].Calls))) at--;
            if (at == MostListed) continue;
            most.Insert(at, own);
            if (most.Count > MostListed) most.RemoveAt(MostListed);
        }

        return most.Select(one => one.Group);
    }

    public static Contribution ToContribution(Measure measure, Dimension dimension, CellKey key, Sides sides, Sides all, double scale)
    {
        var effect = Effect.Of(measure, sides.Before, sides.After, all.Before, all.After, scale);
        var timed = measure is Measure.Latency or Measure.Ttft && !dimension.IsOfSteps;
        var isOther = key.A is GroupKeys<object>.Rest || key.B is GroupKeys<object>.Rest || key.C is GroupKeys<object>.Rest;
        return new Contribution
        {
            Key = KeyOf(dimension, key),
            Filter = isOther ? null : FilterOf(dimension, key),
            Delta = effect.Delta,
            Rate = effect.Rate,
            Mix = effect.Mix,
            Volume = effect.Volume,
            Before = sides.Before.Calls == 0 ? null : Effect.Value(measure, sides.Before, scale),
            After = sides.After.Calls == 0 ? null : Effect.Value(measure, sides.After),
            CallsBefore = sides.Before.Calls,
            CallsAfter = sides.After.Calls,
            Slow = timed ? Effect.OfRatio(sides.Before.SlowOf(measure), sides.After.SlowOf(measure), all.Before.SlowOf(measure), all.After.SlowOf(measure)).Delta : null,
            IsOther = isOther,
        };
    }

    public static IReadOnlyDictionary<string, string?> KeyOf(Dimension dimension, CellKey key)
    {
        var named = new Dictionary<string, string?>(StringComparer.Ordinal);
        for (var i = 0; i < dimension.Fields.Count; i++) named[NameOf(dimension, dimension.Fields[i])] = key[i] == GroupKeys<object>.Rest ? Query.StatsGroup.Other : key[i];
        return named;
    }

    public static Facts FactsOf(Cell cell) => new(
        Mean(cell.LatencyMs, cell.LatencyCount), Mean(cell.TtftMs, cell.TtftCount), Mean(cell.Errors, cell.Success + cell.Errors), Mean(cell.Cost.Usd, cell.Calls),
        Mean(cell.InputTokens, cell.Calls), Mean(cell.OutputTokens, cell.Calls), Mean(cell.CacheRead, cell.InputTokens));

    private static double? Mean(double sum, double count) => count > 0 ? sum / count : null;

    private static string NameOf(Dimension dimension, FilterField field) =>
        field == FilterFields.AskedModel ? "model" : field == FilterFields.Environment ? "environment" : field == FilterFields.DisplayName ? dimension.Family : field.Name;

    // Of what happens around calls it asks for traces that have it.
    private static string FilterOf(Dimension dimension, CellKey key) =>
        string.Join(' ', dimension.Fields.Select((field, i) => FilterPrinter.Term(field, null, key[i])));
}
