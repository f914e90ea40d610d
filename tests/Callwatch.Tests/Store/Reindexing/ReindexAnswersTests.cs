using System.Globalization;
using System.Text.Json;
using Callwatch.Control;
using Callwatch.Query;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store;
using Callwatch.Store.Reindexing;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Callwatch.Tests.Query;
using Microsoft.Extensions.Options;
using Xunit;

namespace Callwatch.Tests.Store.Reindexing;

public sealed class ReindexAnswersTests
{
    // The whole promise is 10,000; every run asks fewer.
    private static readonly int Questions = int.Parse(Environment.GetEnvironmentVariable("CALLWATCH_REINDEX_QUESTIONS") ?? "600", CultureInfo.InvariantCulture);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whatever_is_asked_is_answered_the_same_before_and_after_a_rebuilding()
    {
        using var temp = new TempFolder();
        var journal = new InMemoryJournal();
        await using var store = new RunningStore(temp.At("store"), journal, new StoreOptions { BatchDelay = TimeSpan.FromMilliseconds(1), MostRows = 1_000, BatchSpans = 200 });
        foreach (var some in new OtlpTraffic(77).Make(250).Chunk(11)) await journal.AppendAsync(some, Cancel);
        await store.StartAsync(Cancel);
        await store.WhenStoredAsync(Cancel);
        await Eventually.HoldsAsync(() => store.Progress.State == StoreState.Running, "the store runs");

        using var db = new ControlDb(temp.At("control.db"));
        var apps = new Apps(db, TimeProvider.System, new Counters(), Options.Create(new ControlOptions()));
        new FirstStart(db, new Keys(db, TimeProvider.System), TimeProvider.System).Ensure(temp.Path, givenAdminKey: null);
        apps.Create(1, "shop");
        using var gate = new QueryGate(store.Folder, new StillTime(TimeProvider.System), Options.Create(new QueryOptions()));
        var before = await AnswersAsync(gate, new Scopes(apps, journal));

        Assert.Null(store.Reindexer.Start(new ReindexWish(OtlpTraffic.Day.AddDays(-3), OtlpTraffic.Day.AddDays(5), Apply: true)).Busy);
        await store.Reindexer.WhenDoneAsync();
        Assert.All(store.Reindexer.Status().Job!.Days, day => Assert.Equal(DayState.Replaced, day.State));
        var after = await AnswersAsync(gate, new Scopes(apps, journal));
        for (var i = 0; i < before.Count; i++) Assert.True(before[i] == after[i], $"question {i}:\n{before[i]}\n{after[i]}");
    }

    private static async Task<List<string>> AnswersAsync(QueryGate gate, Scopes scopes)
    {
        var answers = new List<string>();
        var questions = new RandomQuestions(78);
        string[][] groups = [[], ["model"], ["app"], ["outcome"], ["provider", "kind"], ["user"], ["environment"]];
        for (var i = 0; i < Questions; i++)
        {
            var selection = Around(questions.Selection(), questions.Random);
            answers.Add((i % 5) switch
            {
                0 => Text(await new StatsQueries(gate, scopes).FiguresAsync(
                    new StatsQuestion { Selection = selection with { Filter = questions.Filter(rollupsOnly: true) }, By = questions.Pick(groups), Step = questions.Pick(Step.Hour, Step.Day) }, Cancel)),
                1 => Items(await new CallQueries(gate, scopes).ListAsync(
                    selection, new SortOrder(questions.Pick(SortField.End, SortField.Duration, SortField.Cost), questions.Random.Next(2) == 0), 1_000, null, Cancel)),
                2 => Text(await new ErrorQueries(gate, scopes).GroupsAsync(selection, 1_000, Cancel)),
                3 => Text(await new FacetQueries(gate, scopes).ValuesAsync(questions.Pick("model", "user", "outcome", "tag"), null, selection with { Filter = null }, 20, Cancel)),
                _ => Text(await new StatsQueries(gate, scopes).FiguresAsync(new StatsQuestion { Selection = selection, By = questions.Pick(groups), Step = Step.Day }, Cancel)),
            });
        }

        return answers;
    }

    // The same kinds of ranges, over the days of this traffic.
    private static Selection Around(Selection selection, Random random)
    {
        var from = OtlpTraffic.Midnight.Plus(TimeSpan.FromMinutes(random.Next(-2_000, 3_000)));
        return selection with { From = from, To = from.Plus(TimeSpan.FromMinutes(random.Next(1, 3_000))) };
    }

    // Calls with the same sort key may stand in another order: they were stored in another one.
    private static string Items(Answer<Page<Span>> answer) =>
        string.Join('\n', Assert.IsType<Answer<Page<Span>>.Found>(answer).Value.Items.Select(call => JsonSerializer.Serialize(call)).Order(StringComparer.Ordinal));

    private static string Text<T>(T answer) => answer!.GetType().Name + JsonSerializer.Serialize(answer, answer.GetType());
}
