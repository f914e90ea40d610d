using Callwatch.Query;
using Callwatch.Query.Filters;
using Callwatch.Query.Running;
using Callwatch.Spans;

namespace Callwatch.Diagnose.Comparing;

/// <summary>What makes a comparison concrete: the moment it began, where traces lost their time, errors that came, calls to look at. Each has the time of one question; what has no answer is left out.</summary>
public sealed class CompareExamples(StatsQueries stats, CallQueries calls, ErrorQueries errors, PathSamples paths, Scopes scopes)
{
    private const int MostGroups = 200;
    private const int MostErrors = 5;
    private const int LookedAt = 20;

    public async Task<WindowComparison> AddToAsync(WindowComparison comparison, Selection after, Selection before, CancellationToken cancel)
    {
        var movement = comparison.Of(comparison.Measure)!;
        var best = movement is { Broad: false, Explanations: [var first, ..] } ? first : null;
        var now = With(after, best?.Effect.Filter);
        var like = best?.IsNew == true ? await LikeAsync(best, now, cancel) : best?.Effect.Filter;
        var then = With(before, like);
        // Each waits for its turn as every question does: at once they take what cores there are.
        var since = movement.Moved ? SinceAsync(movement, With(after, like), cancel) : Task.FromResult<Timestamp?>(null);
        var grown = ErrorsAsync(comparison, after, before, cancel);
        var path = movement.Measure is Measure.Latency or Measure.Ttft ? paths.CompareAsync(then, now, cancel) : Task.FromResult<PathComparison?>(null);
        var shown = ExamplesAsync(movement, now, then, cancel);
        await Task.WhenAll(since, grown, path, shown);
        return comparison with { Since = await since, Errors = await grown, Path = await path, Examples = await shown };
    }

    /// <summary>What came new is held against its like: the same prompt, or the same app.</summary>
    private async Task<string?> LikeAsync(Explanation best, Selection now, CancellationToken cancel)
    {
        if (best.Effect.Key.TryGetValue("prompt", out var prompt) && best.Effect.Key.ContainsKey("prompt_version")) return FilterPrinter.Term(FilterFields.Prompt, null, prompt);
        return await ListAsync(now, SortOrder.Newest, cancel) is [var newest, ..] ? FilterPrinter.Term(FilterFields.App, null, scopes.Apps.NameOf(newest.AppId)) : null;
    }

    private static Selection With(Selection selection, string? term) =>
        term is null ? selection : selection with { Filter = string.IsNullOrWhiteSpace(selection.Filter) ? term : selection.Filter + " " + term };

    private async Task<Timestamp?> SinceAsync(Movement movement, Selection now, CancellationToken cancel)
    {
        var length = TimeSpan.FromTicks((now.To.UnixNanoseconds - now.From.UnixNanoseconds) / 100);
        if (now.From.UnixNanoseconds < length.Ticks * 100) return null;
        var question = new StatsQuestion { Selection = now with { From = now.From.Plus(-length) }, Step = Step.Auto, CountPeople = false };
        return await stats.FiguresAsync(question, cancel) is Answer<StatsAnswer>.Found { Value: { Groups: [var all, ..] } found }
            ? ChangePoint.Find(all.Points, movement.Measure, Math.Sign(movement.Delta), now.From, found.Step) : null;
    }

    private async Task<IReadOnlyList<ErrorChange>> ErrorsAsync(WindowComparison comparison, Selection after, Selection before, CancellationToken cancel)
    {
        if (await errors.GroupsAsync(after, MostGroups, cancel) is not Answer<Page<ErrorGroup>>.Found now || await errors.GroupsAsync(before, MostGroups, cancel) is not Answer<Page<ErrorGroup>>.Found then) return [];
        var known = then.Value.Items.GroupBy(Key).ToDictionary(group => group.Key, group => group.Sum(one => one.Count));
        var growth = (double)comparison.After.Calls / Math.Max(1, comparison.Before.Calls);
        return
        [
            .. now.Value.Items.Select(group => (Change: new ErrorChange(group, known.GetValueOrDefault(Key(group)), !known.ContainsKey(Key(group)) && group.FirstSeen >= after.From), Expected: known.GetValueOrDefault(Key(group)) * growth))
                .Where(pair => pair.Change.IsNew ? pair.Change.Group.Count >= 2 : pair.Change.Group.Count >= (2 * pair.Expected) && pair.Change.Group.Count - pair.Expected >= Math.Max(5, 3 * Math.Sqrt(pair.Expected + 1)))
                .OrderByDescending(pair => pair.Change.Group.Count - pair.Expected).Select(pair => pair.Change).Take(MostErrors),
        ];

        static (string, string?, string?) Key(ErrorGroup group) => (group.Fingerprint, group.Provider, group.Model);
    }

    private async Task<IReadOnlyList<Example>> ExamplesAsync(Movement movement, Selection now, Selection then, CancellationToken cancel)
    {
        var shown = await ListAsync(movement.Measure == Measure.Errors ? With(now, Outcome.Error) : Timed(movement.Measure) ? With(now, Outcome.Success) : now, OrderOf(movement), cancel);
        var usual = await ListAsync(Timed(movement.Measure) || movement.Measure == Measure.Errors ? With(then, Outcome.Success) : then, SortOrder.Newest, cancel);
        // Of those before the middle one: it is to show what was usual.
        if (movement.Measure == Measure.Ttft) usual = [.. usual.Where(call => call.Call?.TtftNanoseconds is not null)];
        var middle = usual.OrderBy(call => call.DurationNanoseconds ?? 0).ElementAtOrDefault(usual.Count / 2);
        return
        [
            .. shown.DistinctBy(call => call.TraceId).Take(middle is null ? 3 : 2).Select(call => new Example(call, IsBefore: false)),
            .. middle is null ? Array.Empty<Example>() : [new Example(middle, IsBefore: true)],
        ];
    }

    private static bool Timed(Measure measure) => measure is Measure.Latency or Measure.Ttft;

    private static Selection With(Selection selection, Outcome outcome) => With(selection, FilterPrinter.Term(FilterFields.Outcome, null, outcome.Word()));

    // What got better is shown by any of the newest.
    private static SortOrder OrderOf(Movement movement) => movement.Delta <= 0 ? SortOrder.Newest : movement.Measure switch
    {
        Measure.Latency => new SortOrder(SortField.Duration, Descending: true),
        Measure.Ttft => new SortOrder(SortField.Ttft, Descending: true),
        Measure.Cost => new SortOrder(SortField.Cost, Descending: true),
        _ => SortOrder.Newest,
    };

    private async Task<IReadOnlyList<Span>> ListAsync(Selection selection, SortOrder sort, CancellationToken cancel)
    {
        if (await calls.ListAsync(selection, sort, LookedAt, null, cancel) is Answer<Page<Span>>.Found found) return found.Value.Items;
        return sort != SortOrder.Newest && await calls.ListAsync(selection, SortOrder.Newest, LookedAt, null, cancel) is Answer<Page<Span>>.Found newest ? newest.Value.Items : [];
    }
}
