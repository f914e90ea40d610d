using Callwatch.Query;
using Callwatch.Query.Filters;
using Callwatch.Spans;

namespace Callwatch.Costs;

/// <summary>A line of the accountant's table: what one class of tokens of a model cost an app on one day.</summary>
/// <param name="Class">See <see cref="LedgerClasses"/>.</param>
/// <param name="Tokens">Null where nothing is counted in tokens.</param>
/// <param name="Usd">Exact; null for calls whose cost is not known.</param>
/// <param name="Calls">Each call once among the lines of its day, app and model, so that the column can be summed.</param>
public sealed record LedgerLine(DateOnly Day, string App, string? Provider, string? Model, string Class, long? Tokens, decimal? Usd, long Calls);

public static class LedgerClasses
{
    public const string Input = "input", CacheRead = "cache_read", CacheWrite = "cache_write", Output = "output", Reasoning = "reasoning", Other = "other";

    /// <summary>Costs that were given as a whole.</summary>
    public const string NotSplit = "not_split";

    /// <summary>Calls whose cost is not known.</summary>
    public const string Unpriced = "unpriced";
}

/// <summary>One day of a range, by the clocks of a zone.</summary>
public sealed record LedgerDay(DateOnly Day, Timestamp From, Timestamp To);

/// <summary>
/// Costs by day, app, model and class for whoever pays. A day at a time, so that a year is read in steps. The lines of a range add up to
/// the cost of the calls listed for it, to the last digit.
/// </summary>
public sealed class Ledger(StatsQueries stats)
{
    private const int MostGroups = 10_000;

    private static readonly string[] By = [FilterFields.App.Name, FilterFields.Provider.Name, FilterFields.Model.Name];

    /// <summary>The days of a range; the first and the last may be parts of one.</summary>
    public static IEnumerable<LedgerDay> Days(Timestamp from, Timestamp to, TimeZoneInfo zone)
    {
        for (var (day, at) = (LocalDays.Of(from, zone), from); at < to;)
        {
            var next = LocalDays.Begin(day.AddDays(1), zone);
            yield return new LedgerDay(day, at, next < to ? next : to);
            (day, at) = (day.AddDays(1), next);
        }
    }

    public async Task<Answer<IReadOnlyList<LedgerLine>>> LinesAsync(Selection selection, LedgerDay day, CancellationToken cancel)
    {
        var within = selection with { From = day.From, To = day.To };
        var answer = await AskAsync(within, By, cancel);
        if (answer is not Answer<StatsAnswer>.Found { Value: var found }) return answer.Turned<StatsAnswer, IReadOnlyList<LedgerLine>>();
        var lines = found.Groups.Where(group => !group.IsOther)
            .OrderBy(group => group.Key[By[0]], StringComparer.Ordinal).ThenBy(group => group.Key[By[1]], StringComparer.Ordinal).ThenBy(group => group.Key[By[2]], StringComparer.Ordinal)
            .SelectMany(group => Lines(day.Day, group.Key[By[0]] ?? "", group.Key[By[1]], group.Key[By[2]], group.Total)).ToList();
        if (found.Truncated)
        {
            // More groups than can be told apart: the rest in one, so that the sum is that of all.
            if (await AskAsync(within, [], cancel) is not Answer<StatsAnswer>.Found { Value: var all }) return new Answer<IReadOnlyList<LedgerLine>>.TooMuch("The day has too many apps and models to be read in time.");
            lines.AddRange(Lines(day.Day, "", null, StatsGroup.Other, Rest(all.Groups[0].Total, found.Groups.Where(group => !group.IsOther).Select(group => group.Total))));
        }

        return new Answer<IReadOnlyList<LedgerLine>>.Found(lines);
    }

    private Task<Answer<StatsAnswer>> AskAsync(Selection selection, string[] by, CancellationToken cancel) =>
        stats.FiguresAsync(new StatsQuestion { Selection = selection, Step = Step.Day, By = by, MaxGroups = MostGroups, CountPeople = false, TimesOfPoints = false }, cancel);

    private static List<LedgerLine> Lines(DateOnly day, string app, string? provider, string? model, Figures figures)
    {
        var cost = figures.Cost;
        var split = cost.InputUsd + cost.CacheReadUsd + cost.CacheWriteUsd + cost.OutputUsd + cost.ReasoningUsd + cost.OtherUsd;
        var priced = figures.Calls - figures.UnpricedCalls;
        (string Class, long? Tokens, decimal Usd)[] classes =
        [
            (LedgerClasses.Input, Math.Max(0, figures.InputTokens - figures.CacheReadTokens - figures.CacheWriteTokens), cost.InputUsd),
            (LedgerClasses.CacheRead, figures.CacheReadTokens, cost.CacheReadUsd),
            (LedgerClasses.CacheWrite, figures.CacheWriteTokens, cost.CacheWriteUsd),
            (LedgerClasses.Output, Math.Max(0, figures.OutputTokens - figures.ReasoningTokens), cost.OutputUsd),
            (LedgerClasses.Reasoning, figures.ReasoningTokens, cost.ReasoningUsd),
            (LedgerClasses.Other, null, cost.OtherUsd),
            (LedgerClasses.NotSplit, null, figures.CostUsd - split),
        ];
        var lines = new List<LedgerLine>();
        foreach (var (name, tokens, usd) in classes)
        {
            if (usd == 0 && tokens is (null or 0)) continue;
            // Tokens of nothing but unpriced calls cost something, only nobody knows what.
            lines.Add(new LedgerLine(day, app, provider, model, name, tokens, usd == 0 && priced == 0 ? null : usd, lines.Count == 0 ? priced : 0));
        }

        if (lines.Count == 0 && priced > 0) lines.Add(new LedgerLine(day, app, provider, model, LedgerClasses.Other, null, 0, priced));
        if (figures.UnpricedCalls > 0) lines.Add(new LedgerLine(day, app, provider, model, LedgerClasses.Unpriced, null, null, figures.UnpricedCalls));
        return lines;
    }

    private static Figures Rest(Figures all, IEnumerable<Figures> known)
    {
        foreach (var one in known)
        {
            all = all with
            {
                Calls = all.Calls - one.Calls,
                UnpricedCalls = all.UnpricedCalls - one.UnpricedCalls,
                InputTokens = all.InputTokens - one.InputTokens,
                OutputTokens = all.OutputTokens - one.OutputTokens,
                CacheReadTokens = all.CacheReadTokens - one.CacheReadTokens,
                CacheWriteTokens = all.CacheWriteTokens - one.CacheWriteTokens,
                ReasoningTokens = all.ReasoningTokens - one.ReasoningTokens,
                CostUsd = all.CostUsd - one.CostUsd,
                Cost = new CostByClass(
                    all.Cost.InputUsd - one.Cost.InputUsd, all.Cost.CacheReadUsd - one.Cost.CacheReadUsd, all.Cost.CacheWriteUsd - one.Cost.CacheWriteUsd,
                    all.Cost.OutputUsd - one.Cost.OutputUsd, all.Cost.ReasoningUsd - one.Cost.ReasoningUsd, all.Cost.OtherUsd - one.Cost.OtherUsd),
            };
        }

        return all;
    }
}
