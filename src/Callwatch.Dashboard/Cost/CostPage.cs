using Callwatch.Costs;
using Callwatch.Dashboard.Frame;
using Callwatch.Normalize.Pricing;
using Callwatch.Query;
using Callwatch.Query.Filters;
using Callwatch.Spans;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Cost;

/// <summary>What costs can be split by.</summary>
/// <param name="Name">In the address.</param>
public sealed record CostSplit(string Name, string Title, string Choice, string Heading, FilterField Field, FilterField? Also = null)
{
    public static readonly IReadOnlyList<CostSplit> All =
    [
        new("model", "Model", "By model", "Costs by model", FilterFields.AskedModel, FilterFields.Provider), new("app", "App", "By app", "Costs by app", FilterFields.App),
        new("user", "User", "By user", "Costs by user", FilterFields.User),
    ];

    public static CostSplit Of(string? name) => All.FirstOrDefault(split => split.Name == name) ?? All[0];
}

/// <summary>What the page of costs shows.</summary>
/// <param name="All">All of the range, over time.</param>
/// <param name="Split">The same by what was chosen; null when that would take too long.</param>
/// <param name="BeforeUsd">Of the stretch of the same length just before; null where nothing was known then.</param>
/// <param name="Models">By model and provider, whatever was chosen: what has no price.</param>
public sealed record CostModel(
    Answer<StatsAnswer> All, StatsAnswer? Split, CostSplit By, decimal? BeforeUsd, IReadOnlyList<StatsGroup> Models, Answer<MonthCost> Month, Answer<Page<Span>> Dearest,
    Answer<CoverageAnswer> Coverage, string Book, Timestamp? BookSince);

/// <summary>What it costs: so far, per model, app and user, which calls, what has no price.</summary>
internal static class CostPage
{
    public const int MostDearest = 8;
    private const int MostGroups = 60;

    /// <summary>One call for so many now is a beginning, and no time to hold this one against.</summary>
    private const int Few = 20;

    private static readonly Task<StatsAnswer?> Nothing = Task.FromResult<StatsAnswer?>(null);

    public static async Task<IResult> GetAsync(
        Visit visit, StatsQueries stats, CostQueries costs, CallQueries calls, CoverageQueries coverage, PriceBooks prices, Control.PriceHistory history, CancellationToken cancel)
    {
        var (selection, by) = (visit.Selection, CostSplit.Of(visit.Place.Find("by")));
        var zone = visit.Place.Zone;
        // Of many calls users stand by the hour only: then so does all beside them.
        var users = by.Field == FilterFields.User ? await FoundAsync(stats, Question(selection, zone) with { By = NamesOf(by), MaxGroups = MostGroups }, cancel) : null;
        var all = await stats.FiguresAsync(Question(selection, zone) with { Step = users?.Step ?? Step.Auto }, cancel);
        var found = (all as Answer<StatsAnswer>.Found)?.Value;
        var split = found is null ? Nothing : users is not null ? Task.FromResult<StatsAnswer?>(users)
            : FoundAsync(stats, Question(selection, zone) with { Step = found.Step, By = NamesOf(by), MaxGroups = MostGroups }, cancel);
        var models = by.Name == "model" ? split : found is null ? Nothing : FoundAsync(stats, Question(selection, zone) with { Step = Step.Day, By = NamesOf(CostSplit.All[0]), MaxGroups = MostGroups }, cancel);
        var before = found is null ? Task.FromResult<decimal?>(null) : BeforeAsync(stats, selection, found.Step, found.Groups.Sum(group => group.Total.Calls), cancel);
        var month = costs.MonthAsync(selection, zone, cancel);
        var dearest = calls.ListAsync(selection with { Filter = Chips.And(selection.Filter, "cost>0") }, new SortOrder(SortField.Cost, Descending: true), MostDearest, null, cancel);
        var requests = coverage.ReadAsync(selection, cancel);
        await Task.WhenAll(split, models, before, month, dearest, requests);
        var model = new CostModel(
            all, await split, by, await before, (await models)?.Groups ?? [], await month, await dearest, await requests,
            prices.Version, history.Latest()?.InForceSince);
        return visit.Render<CostScreen>((nameof(CostScreen.Model), model));
    }

    public static string[] NamesOf(CostSplit split) => split.Also is null ? [split.Field.Name] : [split.Field.Name, split.Also.Name];

    private static StatsQuestion Question(Selection selection, string? zone) => new() { Selection = selection, TimeZone = zone, CountPeople = false, TimesOfPoints = false };

    // Not where somebody only just began to send: that would read as a leap.
    private static async Task<decimal?> BeforeAsync(StatsQueries stats, Selection selection, Step step, long calls, CancellationToken cancel)
    {
        var length = TimeSpan.FromTicks((selection.To.UnixNanoseconds - selection.From.UnixNanoseconds) / 100);
        var before = selection with { From = selection.From.Plus(-length), To = selection.From };
        return before.From.UnixNanoseconds > 0 && await FoundAsync(stats, Question(before, null) with { Step = step }, cancel) is { Groups: [var all, ..] } && Overview.Baseline.Serves(all) && all.Total.Calls * Few >= calls ? all.Total.CostUsd : null;
    }

    private static async Task<StatsAnswer?> FoundAsync(StatsQueries stats, StatsQuestion question, CancellationToken cancel) =>
        await stats.FiguresAsync(question, cancel) is Answer<StatsAnswer>.Found found ? found.Value : null;
}
