using Callwatch.Query;
using Callwatch.Query.Filters;
using Callwatch.Spans;

namespace Callwatch.Costs.Reconciling;

/// <summary>An import beside what is here of the same provider and days.</summary>
public sealed record ReconcileAnswer(ReconcileImport Import, IReadOnlyList<ReconcileLine> Lines);

/// <summary>Asks the store for what an import is to be compared with: the calls of that provider, of all the tenant's apps, by UTC day.</summary>
public sealed class ReconcileQueries(ReconcileImports imports, StatsQueries stats, CoverageQueries coverage)
{
    private const int MostModels = 1_000;

    // More would be refused: a point for each day and group.
    private const int MostDays = 400;

    private static readonly string[] ByModel = [FilterFields.Model.Name];

    /// <summary>Null when the tenant has no such import.</summary>
    public async Task<Answer<ReconcileAnswer>?> CompareAsync(int tenantId, long id, CancellationToken cancel)
    {
        if (imports.Find(tenantId, id) is not { } found) return null;
        var (import, export) = found;
        if (import.LastDay.DayNumber - import.FirstDay.DayNumber >= MostDays) return new Answer<ReconcileAnswer>.TooMuch($"The export covers more than {MostDays} days; export a shorter time.");
        var selection = new Selection
        {
            Scope = new ReadScope(tenantId),
            From = LocalDays.Begin(import.FirstDay, TimeZoneInfo.Utc),
            To = LocalDays.Begin(import.LastDay.AddDays(1), TimeZoneInfo.Utc),
            Filter = FilterPrinter.Term(FilterFields.Provider, null, import.Provider),
        };
        var answer = await AskAsync(selection, cancel);
        if (answer is not Answer<StatsAnswer>.Found { Value: var all }) return answer.Turned<StatsAnswer, ReconcileAnswer>();
        var missing = await MissingUsageAsync(selection, cancel);
        var ours = all.Groups.SelectMany(group => group.Points.Where(point => point.Figures.Calls > 0).Select(point => Ours(group.Key[ByModel[0]] ?? "", point, missing))).ToList();
        if (all.Truncated)
        {
            if (await RestAsync(selection, ours, cancel) is not { } rest) return new Answer<ReconcileAnswer>.TooMuch("The days have too many models to be read in time; export a shorter time.");
            ours.AddRange(rest);
        }

        var requests = await coverage.ByDayAsync(selection, cancel);
        var facts = new ReconcileFacts(
            requests?.Where(day => day.Key.Provider == import.Provider).ToDictionary(day => day.Key.Day, day => day.Value), await FirstDayAsync(selection, ours, cancel));
        return new Answer<ReconcileAnswer>.Found(new ReconcileAnswer(import, Reconciliation.Compare(export, ours, facts)));
    }

    // More models than can be told apart: what is left of each day is one more, so that the sum is that of all calls.
    private async Task<IReadOnlyList<OurUsage>?> RestAsync(Selection selection, List<OurUsage> known, CancellationToken cancel)
    {
        if (await AskAsync(selection, [], cancel) is not Answer<StatsAnswer>.Found { Value.Groups: [var all, ..] }) return null;
        var told = known.ToLookup(row => row.Day);
        return
        [
            .. all.Points.Select(point => told[LocalDays.Of(point.Time, TimeZoneInfo.Utc)].Aggregate(Ours(StatsGroup.Other, point, null), (left, row) => left with
            {
                Calls = left.Calls - row.Calls,
                Errors = left.Errors - row.Errors,
                Input = left.Input - row.Input,
                CacheRead = left.CacheRead - row.CacheRead,
                CacheWrite = left.CacheWrite - row.CacheWrite,
                Output = left.Output - row.Output,
                Usd = left.Usd - row.Usd,
                Unpriced = left.Unpriced - row.Unpriced,
            })).Where(rest => rest.Calls > 0),
        ];
    }

    private static OurUsage Ours(string model, StatsPoint point, IReadOnlyDictionary<(DateOnly, string), long>? missing)
    {
        var (day, figures) = (LocalDays.Of(point.Time, TimeZoneInfo.Utc), point.Figures);
        return new OurUsage(
            day, model, figures.Calls, figures.Errors, figures.InputTokens, figures.CacheReadTokens, figures.CacheWriteTokens, figures.OutputTokens, figures.CostUsd, figures.UnpricedCalls,
            missing is null ? null : missing.GetValueOrDefault((day, model)));
    }

    // Only rows know, of closed days those alone that an index has; where there are too many of them it stays unknown.
    private async Task<IReadOnlyDictionary<(DateOnly, string), long>?> MissingUsageAsync(Selection selection, CancellationToken cancel)
    {
        var without = selection with { Filter = $"{selection.Filter} {FilterPrinter.Term(FilterFields.InputTokens, null, null)} {FilterPrinter.Term(FilterFields.Outcome, null, Outcome.Success.Word())}" };
        return await stats.FiguresAsync(Question(without, ByModel) with { OnlyCalls = true }, cancel) is Answer<StatsAnswer>.Found { Value: { Truncated: false } found }
            ? found.Groups.SelectMany(group => group.Points.Where(point => point.Figures.Calls > 0).Select(point => ((LocalDays.Of(point.Time, TimeZoneInfo.Utc), group.Key[ByModel[0]] ?? ""), point.Figures.Calls)))
                .ToDictionary(entry => entry.Item1, entry => entry.Calls)
            : null;
    }

    // The first day of which anything is here, whatever the provider: before it nobody sent.
    private async Task<DateOnly?> FirstDayAsync(Selection selection, List<OurUsage> ours, CancellationToken cancel)
    {
        var everything = selection with { Filter = null, From = selection.From.Plus(TimeSpan.FromDays(-31)) };
        var answer = await stats.FiguresAsync(new StatsQuestion { Selection = everything, Step = Step.Day, CountPeople = false, TimesOfPoints = false }, cancel);
        if (answer is Answer<StatsAnswer>.Found { Value.Groups: [var group, ..] } && group.Points.FirstOrDefault(point => point.Figures.Calls > 0) is { } first) return LocalDays.Of(first.Time, TimeZoneInfo.Utc);
        return ours.Count == 0 ? null : ours.Min(row => row.Day);
    }

    private Task<Answer<StatsAnswer>> AskAsync(Selection selection, CancellationToken cancel) => AskAsync(selection, ByModel, cancel);

    private Task<Answer<StatsAnswer>> AskAsync(Selection selection, string[] by, CancellationToken cancel) =>
        stats.FiguresAsync(Question(selection, by), cancel);

    private static StatsQuestion Question(Selection selection, string[] by) =>
        new() { Selection = selection, Step = Step.Day, By = by, MaxGroups = MostModels, CountPeople = false, TimesOfPoints = false };
}
