using Callwatch.Query.Filters;
using Callwatch.Query.Stats;

namespace Callwatch.Diagnose.Comparing;

/// <summary>Breaks a change down by the values of a dimension. What is listed and what is left add up to the change.</summary>
internal static class Breaking
{
    private const int MostListed = 20;

    public static Breakdown By(Measure measure, Dimension dimension, SideTable table, Sides all, double scale, double change)
    {
        var listed = table.By(table.Family.PlacesOf(dimension.Fields)!)
            .Select(pair => ToContribution(measure, dimension, pair.Key, pair.Value, all, scale))
            .OrderByDescending(effect => Math.Abs(effect.Delta)).ThenByDescending(effect => effect.CallsAfter).ToList();
        var most = listed.Take(MostListed).ToList();
        return new Breakdown(dimension.Name, most, listed.Count, change - most.Sum(effect => effect.Delta)) { Truncated = table.Truncated, Overlaps = table.Family.Overlaps };
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
