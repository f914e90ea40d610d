using Callwatch.Dashboard.Frame;
using Callwatch.Query;
using Callwatch.Query.Filters;
using Callwatch.Spans;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Errors;

/// <summary>What the page of errors shows.</summary>
/// <param name="All">All failed calls over time; null when they could not be counted.</param>
/// <param name="ByGroup">The same by fingerprint; empty when that would take too long.</param>
/// <param name="Apps">How many apps met each, by fingerprint; empty where that was not counted.</param>
/// <param name="Everything">All calls of the range, failed or not.</param>
/// <param name="Releases">Those of the range, newest first.</param>
/// <param name="Since">Which failures alone are shown; null is all.</param>
public sealed record ErrorsModel(
    Answer<Page<ErrorGroup>> Answer, StatsAnswer? All, IReadOnlyDictionary<string, StatsGroup> ByGroup, IReadOnlyDictionary<string, int> Apps, Figures? Everything, IReadOnlyList<string> Releases, NewSince? Since);

/// <summary>Failed calls in groups: what fails, since when, how often.</summary>
internal static class ErrorsPage
{
    public const int MostGroups = 100;

    public static async Task<IResult> GetAsync(Visit visit, ErrorQueries errors, StatsQueries stats, CancellationToken cancel)
    {
        var selection = visit.Selection;
        var since = NewSince.Read(visit.Place.Find("since"));
        var answer = await errors.GroupsAsync(selection, since, MostGroups, cancel);
        var releases = await errors.ReleasesAsync(selection, cancel) is Answer<IReadOnlyList<string>>.Found known ? known.Value.Where(name => name.Length <= SinceChoice.Longest).ToList() : [];
        var model = new ErrorsModel(answer, null, new Dictionary<string, StatsGroup>(StringComparer.Ordinal), new Dictionary<string, int>(StringComparer.Ordinal), null, releases, since);
        if (answer is Answer<Page<ErrorGroup>>.Found)
        {
            var failed = selection with { Filter = Chips.And(selection.Filter, FilterPrinter.Term(FilterFields.Outcome, null, Outcome.Error.Word())) };
            var all = await AskAsync(stats, failed, Step.Auto, [], visit.Place.Zone, cancel);
            // Every failure has one; to say so lets them be counted from their own index.
            var grouped = failed with { Filter = Chips.And(failed.Filter, FilterFields.Fingerprint.Name + ":*") };
            var byGroup = all is null ? null : await CountAsync(stats, grouped, all.Step, [FilterFields.Fingerprint.Name], visit.Place.Zone, users: true, cancel);
            var byApp = all is null ? null : await CountAsync(stats, grouped, Step.Day, [FilterFields.Fingerprint.Name, FilterFields.App.Name], visit.Place.Zone, users: false, cancel);
            model = model with
            {
                All = all,
                ByGroup = byGroup?.Groups.Where(group => group.Key.GetValueOrDefault(FilterFields.Fingerprint.Name) is not null)
                    .ToDictionary(group => group.Key[FilterFields.Fingerprint.Name]!, StringComparer.Ordinal) ?? model.ByGroup,
                Apps = byApp is not { Truncated: false } ? model.Apps : byApp.Groups.Where(group => group.Total.Errors > 0).GroupBy(group => group.Key.GetValueOrDefault(FilterFields.Fingerprint.Name) ?? "")
                    .ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal),
                Everything = await AskAsync(stats, selection, Step.Auto, [], visit.Place.Zone, cancel) is { Groups: [var whole, ..] } ? whole.Total : null,
            };
        }

        return visit.Part == "fresh" ? visit.Render<ErrorsBody>((nameof(ErrorsBody.Model), model)) : visit.Render<ErrorsScreen>((nameof(ErrorsScreen.Model), model));
    }

    private static async Task<StatsAnswer?> CountAsync(StatsQueries stats, Selection selection, Step step, string[] by, string? zone, bool users, CancellationToken cancel) =>
        await stats.FiguresAsync(new StatsQuestion { Selection = selection, Step = step, By = by, TimeZone = zone, CountPeople = users, OnlyCalls = true }, cancel) is Answer<StatsAnswer>.Found found ? found.Value : null;

    private static async Task<StatsAnswer?> AskAsync(StatsQueries stats, Selection selection, Step step, string[] by, string? zone, CancellationToken cancel) =>
        await stats.FiguresAsync(new StatsQuestion { Selection = selection, Step = step, By = by, TimeZone = zone, CountPeople = false, TimesOfPoints = false }, cancel) is Answer<StatsAnswer>.Found found ? found.Value : null;
}
