using Callwatch.Query;
using Callwatch.Query.Filters;
using Callwatch.Spans;

namespace Callwatch.Dashboard.Overview;

/// <summary>Asks for all that the overview shows.</summary>
public sealed class OverviewQuestions(StatsQueries stats, CoverageQueries coverage, CallQueries calls)
{
    private const int MostGroups = 50;
    private const int Newest = 200;

    /// <summary>Fewer calls without a message than these may be of a kind that has none.</summary>
    private const int Enough = 8;

    private static readonly StatsGroup NoCalls = new(new Dictionary<string, string?>(), new Figures(), []);

    private static readonly string[] ByModel = [FilterFields.AskedModel.Name, FilterFields.Provider.Name];
    private static readonly string[] ByApp = [FilterFields.App.Name];
    private static readonly string[] ByOperation = [FilterFields.Operation.Name, FilterFields.AskedModel.Name];

    public async Task<Answer<OverviewModel>> AskAsync(Frame.Visit visit, CancellationToken cancel)
    {
        var selection = visit.Selection;
        switch (await AskAsync(selection, Step.Auto, [], visit.Place.Zone, cancel))
        {
            case Answer<StatsAnswer>.Found { Value: var whole }:
                var all = whole.Groups.Count > 0 ? whole.Groups[0] : NoCalls;
                var by = all.Total.Calls > 0 ? BreakdownAsync(selection, whole.Step, Bars(whole.Step), visit.Place.Zone, cancel) : Task.FromResult(Breakdown.None);
                var baseline = all.Total.Calls > 0 && visit.Place.Compare ? BaselineAsync(selection, whole.Step, visit.Place, cancel) : Task.FromResult<Baseline?>(null);
                var requests = coverage.ReadAsync(selection, cancel);
                // Looked for only among all calls: who has narrowed them down wants to see those.
                var silent = all.Total.Calls > 0 && selection.Filter is null ? SilentAsync(selection, cancel) : Task.FromResult<IReadOnlyList<int>>([]);
                await Task.WhenAll(by, baseline, requests, silent);
                return new Answer<OverviewModel>.Found(new OverviewModel
                {
                    From = selection.From,
                    To = selection.To,
                    Now = visit.Now,
                    Zone = visit.Zone,
                    Step = whole.Step,
                    All = all,
                    RowsFrom = whole.RowsFrom,
                    By = await by,
                    Coverage = await requests is Answer<CoverageAnswer>.Found { Value: var counted } ? counted : null,
                    Baseline = await baseline,
                    Silent = await silent,
                });
            case Answer<StatsAnswer>.Invalid invalid:
                return new Answer<OverviewModel>.Invalid(invalid.Field, invalid.Message, invalid.Offset);
            case Answer<StatsAnswer>.TooMuch tooMuch:
                return new Answer<OverviewModel>.TooMuch(tooMuch.Message) { RetryAfter = tooMuch.RetryAfter };
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    // Of the newest calls: whose have neither prompt nor answer.
    private async Task<IReadOnlyList<int>> SilentAsync(Selection selection, CancellationToken cancel) =>
        await calls.ListAsync(selection, SortOrder.Newest, Newest, null, cancel) is Answer<Page<Span>>.Found { Value.Items: var newest }
            ? [.. newest.GroupBy(call => call.AppId).Where(app => app.Count() >= Enough && app.All(call => call.Content == ContentState.NotCaptured)).Select(app => app.Key)]
            : [];

    // A week ago there may be nothing yet: then the time before has to do. Whoever asks for that one gets no other.
    private async Task<Baseline?> BaselineAsync(Selection selection, Step step, Frame.Place place, CancellationToken cancel)
    {
        var zone = place.Zone;
        var length = TimeSpan.FromTicks((selection.To.UnixNanoseconds - selection.From.UnixNanoseconds) / 100);
        var weeks = TimeSpan.FromDays(7 * Math.Max(1, Math.Ceiling(length / TimeSpan.FromDays(7))));
        foreach (var (kind, back) in new[] { (BaselineKind.WeekAgo, weeks), (BaselineKind.Before, length) })
        {
            if (place.Previous && kind != BaselineKind.Before) continue;
            var earlier = selection with { From = selection.From.Plus(-back), To = selection.To.Plus(-back) };
            if (earlier.From.UnixNanoseconds < 0) continue;
            if (await AskAsync(earlier, step, [], zone, cancel) is not Answer<StatsAnswer>.Found { Value.Groups: [var all, ..] } || !Baseline.Serves(all)) continue;
            return new Baseline(kind, all, await BreakdownAsync(earlier, Step.Day, Step.Day, null, cancel));
        }

        return null;
    }

    // Each in the widest buckets that will do, which are the fewest to read: models are drawn over time, operations have a few bars, of
    // apps and of the earlier window only the totals are shown: there the days are those of UTC, whatever the clocks say, which are kept as such.
    private async Task<Breakdown> BreakdownAsync(Selection selection, Step models, Step operations, string? zone, CancellationToken cancel)
    {
        var groups = await Task.WhenAll(
            GroupsAsync(selection, models, ByModel, zone, cancel), GroupsAsync(selection, Step.Day, ByApp, null, cancel), GroupsAsync(selection, operations, ByOperation, zone, cancel));
        return new Breakdown(groups[0], groups[1], groups[2]);
    }

    private static Step Bars(Step step) => step switch
    {
        Step.Minute => Step.QuarterHour,
        Step.QuarterHour => Step.Hour,
        _ => Step.Day,
    };

    private async Task<IReadOnlyList<StatsGroup>> GroupsAsync(Selection selection, Step step, string[] by, string? zone, CancellationToken cancel) =>
        await AskAsync(selection, step, by, zone, cancel) is Answer<StatsAnswer>.Found found ? found.Value.Groups : [];

    private Task<Answer<StatsAnswer>> AskAsync(Selection selection, Step step, string[] by, string? zone, CancellationToken cancel) =>
        // Over time tables draw costs and failures alone; nothing here speaks of people.
        stats.FiguresAsync(new StatsQuestion { Selection = selection, Step = step, By = by, MaxGroups = MostGroups, TimeZone = zone, TimesOfPoints = by.Length == 0, CountPeople = false }, cancel);
}
