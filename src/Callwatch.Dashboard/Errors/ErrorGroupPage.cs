using Callwatch.Dashboard.Frame;
using Callwatch.Query;
using Callwatch.Query.Filters;
using Callwatch.Spans;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Errors;

/// <summary>What the page of one group of errors shows.</summary>
/// <param name="Series">Its errors over time, with how many people met them; null when they could not be counted.</param>
/// <param name="Latest">Its newest calls.</param>
public sealed record ErrorGroupModel(string Fingerprint, Answer<Page<ErrorGroup>> Answer, StatsAnswer? Series, IReadOnlyList<ErrorSplit> Splits, IReadOnlyList<Span> Latest);

/// <summary>Failed calls that are alike: since when, where, for whom, and what they have in common.</summary>
internal static class ErrorGroupPage
{
    private const int MostValues = 500;

    private static readonly (FilterField Field, Func<Span, string?> Value)[] Fields =
    [
        (FilterFields.Operation, call => call.Call?.Operation), (FilterFields.AskedModel, call => call.Call?.RequestModel ?? call.Call?.Model), (FilterFields.Release, call => call.Release),
        (FilterFields.PromptVersion, call => call.Call?.PromptVersion), (FilterFields.Environment, call => call.Environment), (FilterFields.User, call => call.UserId),
    ];

    public static async Task<IResult> GetAsync(Visit visit, string fingerprint, ErrorQueries errors, StatsQueries stats, CallQueries calls, Control.Apps apps, CancellationToken cancel)
    {
        var known = fingerprint.Length <= 64 && fingerprint.All(char.IsAsciiHexDigit);
        if (!known) return visit.Render<NoErrorGroup>(StatusCodes.Status404NotFound);
        var all = visit.Selection;
        var alike = all with { Filter = Chips.And(all.Filter, FilterPrinter.Term(FilterFields.Fingerprint, null, fingerprint)) };
        var answer = await errors.GroupsAsync(alike, 50, cancel);
        if (answer is not Answer<Page<ErrorGroup>>.Found { Value.Items.Count: > 0 })
            return visit.Render<ErrorGroupScreen>((nameof(ErrorGroupScreen.Model), new ErrorGroupModel(fingerprint, answer, null, [], [])));

        var series = await AskAsync(stats, alike, Step.Auto, null, visit.Place.Zone, people: true, cancel);
        var latest = await calls.ListAsync(alike, SortOrder.Newest, CallQueries.MaxLimit, null, cancel) is Answer<Page<Span>>.Found { Value: var page } ? page : null;
        var sample = latest?.Items ?? [];
        var splits = new List<ErrorSplit>();
        foreach (var (field, value) in Fields.Prepend((FilterFields.App, call => apps.NameOf(call.AppId))))
        {
            // One after the other: a page is not to take all the room that questions have.
            var whole = field == FilterFields.User ? null : await AskAsync(stats, all, Step.Day, field, visit.Place.Zone, people: false, cancel);
            if (ErrorSplit.Of(field, [.. sample.Select(value)], whole?.Groups, complete: latest?.Next is null) is { } split) splits.Add(split);
        }

        var model = new ErrorGroupModel(fingerprint, answer, series, splits, sample);
        return visit.Render<ErrorGroupScreen>((nameof(ErrorGroupScreen.Model), model));
    }

    private static async Task<StatsAnswer?> AskAsync(StatsQueries stats, Selection selection, Step step, FilterField? by, string? zone, bool people, CancellationToken cancel) =>
        await stats.FiguresAsync(
            new StatsQuestion { Selection = selection, Step = step, By = by is null ? [] : [by.Name], TimeZone = zone, CountPeople = people, TimesOfPoints = false, MaxGroups = MostValues }, cancel)
            is Answer<StatsAnswer>.Found found ? found.Value : null;
}
