using System.Text.Json;
using System.Text.RegularExpressions;
using Callwatch.Control;
using Callwatch.Journal;
using Callwatch.Normalize.Pricing;
using Callwatch.Query;
using Callwatch.Spans;
using Callwatch.Store;
using Callwatch.Store.Reindexing;
using Callwatch.Store.Repricing;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Callwatch.Tests.Store.Reindexing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace Callwatch.Tests.Store.Repricing;

public sealed partial class RepriceTests : IAsyncDisposable
{
    // One model dearer, one provider known for the first time.
    private const string NewPrices = """
        [{"id":"openai","models":[{"id":"gpt-4o","match":{"starts_with":"gpt-4o"},"prices":{"input_mtok":3.1,"output_mtok":11.7}}]},
         {"id":"acme","models":[{"id":"any","match":{"contains":"o"},"prices":{"input_mtok":0.01,"output_mtok":0.02}}]}]
        """;

    private readonly TempFolder temp = new();
    private readonly ControlDb db;
    private readonly ManualTime time = new();
    private readonly OwnPrices own;
    private readonly Apps apps;
    private PriceBooks prices;

    public RepriceTests()
    {
        db = new ControlDb(temp.At("control.db"));
        new FirstStart(db, new Keys(db, time), time).Ensure(temp.Path, givenAdminKey: null);
        apps = new Apps(db, time, new Counters(), Options.Create(new ControlOptions()));
        own = new OwnPrices(new PriceHistory(db, time), Options.Create(new PriceOptions()));
        prices = Books();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static RepriceSelection All { get; } = new(1, OtlpTraffic.Midnight.Plus(TimeSpan.FromDays(-5)), OtlpTraffic.Midnight.Plus(TimeSpan.FromDays(5)), null, null, null);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task What_was_shown_is_what_is_done_and_what_storing_by_the_new_prices_would_have_given(int seed)
    {
        var entries = new OtlpTraffic(seed).Make(150);
        await using var store = await FilledAsync("store", entries);
        var before = store.Contents();
        using var repricer = Repricer(store);
        Put(NewPrices);
        var shown = await ShowAsync(repricer, All);
        store.Contents().AssertSameAs(before);
        Assert.True(shown.Touched > 20 && shown.NewlyPriced > 5 && shown.Given > 5 && shown.AfterUsd > shown.BeforeUsd, shown.ToString());

        Assert.IsType<RepriceAnswer.Begun>(await repricer.AskAsync(All, shown.Token, "test", _ => "{}", Cancel));
        await repricer.FinishAsync(Cancel);
        var after = store.Contents();
        after.AssertFiguresFollowFromRows();
        Assert.Equal(shown.AfterUsd - shown.BeforeUsd, CostOf(after) - CostOf(before));
        Assert.Equal(shown.BeforeUsd, CostOf(before));
        Assert.Equal(shown.Unpriced.Values.Sum(), after.Calls.Count(call => call.TenantId == 1 && CostReasons.IsUnpriced(call.Call!.Cost)));
        Assert.Equal(shown.Models.Sum(model => model.AfterUsd - model.BeforeUsd), shown.AfterUsd - shown.BeforeUsd);
        var again = await ShowAsync(repricer, All);
        Assert.Equal((0L, shown.AfterUsd, shown.AfterUsd), (again.Touched, again.BeforeUsd, again.AfterUsd));
        Assert.All(after.Calls.Where(call => before.Calls.Any(old => Key(old) == Key(call) && old.Call!.Cost.Source == "given")), call => Assert.Equal("given", call.Call!.Cost.Source));
        Assert.Equal(Costs(before, tenant: 2), Costs(after, tenant: 2));

        // By another way: stored at the new prices from the beginning.
        await using var scratch = await FilledAsync("scratch", entries);
        Assert.Equal(Costs(scratch.Contents(), tenant: 1), Costs(after, tenant: 1));
        var unpriced = new Func<StoreContents, IEnumerable<string>>(contents => contents.Rollups.Where(line => line.Split(" | ")[2] == "1"));
        Assert.Equal(unpriced(scratch.Contents()), unpriced(after));
    }

    [Fact]
    public async Task A_cost_that_was_changed_survives_a_rebuilding_and_one_that_was_not_too()
    {
        var entries = new OtlpTraffic(3).Make(150);
        await using var store = await FilledAsync("store", entries);
        using var repricer = Repricer(store);
        Put(NewPrices);
        var selection = All with { Model = "gpt-4o" };
        var shown = await ShowAsync(repricer, selection);
        await repricer.AskAsync(selection, shown.Token, "test", _ => "{}", Cancel);
        await repricer.FinishAsync(Cancel);
        var before = store.Contents();
        // Neither the prices in force now nor those of the beginning give this.
        Put("[]");
        Assert.Null(store.Reindexer.Start(new ReindexWish(OtlpTraffic.Day.AddDays(-5), OtlpTraffic.Day.AddDays(5), Apply: true)).Busy);
        await store.Reindexer.WhenDoneAsync();
        Assert.Equal(ReindexState.Done, store.Reindexer.Status().Job!.State);
        Assert.All(store.Reindexer.Status().Job!.Days, day => Assert.Equal((DayState.Replaced, day.Before), (day.State, day.After)));
        store.Contents().AssertSameAs(before);
    }

    [Fact]
    public async Task A_stop_in_the_middle_is_made_good_after_the_next_start_and_nothing_is_changed_twice()
    {
        var entries = new OtlpTraffic(4).Make(150);
        await using (var undisturbed = await FilledAsync("undisturbed", entries))
        {
            Put(NewPrices);
            using var whole = Repricer(undisturbed);
            await whole.AskAsync(All, (await ShowAsync(whole, All)).Token, "test", _ => "{}", Cancel);
            await whole.FinishAsync(Cancel);
            Put("[]");
            await using var filled = await FilledAsync("store", entries);
            Put(NewPrices);
            using (var repricer = Repricer(filled)) await repricer.AskAsync(All, (await ShowAsync(repricer, All)).Token, "test", _ => "{}", Cancel);
            undisturbed.Contents().AssertFiguresFollowFromRows();
            File.WriteAllLines(temp.At("expected"), Costs(undisturbed.Contents(), tenant: 1));
        }

        for (var stops = 0; ; stops++)
        {
            await using var store = await FilledAsync("store", entries);
            using var repricer = Repricer(store);
            var left = 1;
            repricer.BeforeStep = () =>
            {
                if (left-- == 0) throw new OperationCanceledException();
            };
            try
            {
                await repricer.FinishAsync(Cancel);
                Assert.InRange(stops, 1, 100);
                store.Contents().AssertFiguresFollowFromRows();
                Assert.Equal(File.ReadAllLines(temp.At("expected")), Costs(store.Contents(), tenant: 1));
                return;
            }
            catch (OperationCanceledException)
            {
                store.Contents().AssertFiguresFollowFromRows();
                // A start with other prices in force goes on with those that were shown.
                Put(stops % 2 == 0 ? "[]" : NewPrices);
                prices = Books();
            }
        }
    }

    [Fact]
    public async Task Rows_that_retention_takes_while_costs_are_changed_keep_in_their_figures_what_they_had_cost()
    {
        var entries = new OtlpTraffic(7).Make(150);
        await using var store = await FilledAsync("store", entries);
        using var repricer = Repricer(store);
        Put(NewPrices);
        var before = store.Contents().Calls.Where(call => call.TenantId == 1).ToList();
        await repricer.AskAsync(All, (await ShowAsync(repricer, All)).Token, "test", _ => "{}", Cancel);
        using var moving = new AppMoved(store, temp.At("retention.db"));
        using var reached = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        repricer.BeforeStep = () =>
        {
            reached.Set();
            goOn.Wait();
        };
        var changing = Task.Run(() => repricer.FinishAsync(Cancel), Cancel);
        reached.Wait(Cancel);
        repricer.BeforeStep = null;
        await moving.RunAsync(app: 1, Cancel);
        goOn.Set();
        await changing;
        Assert.Null(repricer.History(1, 1).Single().Reason);
        Assert.Equal(before.Where(call => call.AppId == 1).Sum(call => call.Call!.Cost.TotalUsd ?? 0), Callwatch.Store.Money.ToUsd(moving.MovedCost(1, 1)));
        var after = store.Contents().Calls.Where(call => call.TenantId == 1).ToList();
        Assert.DoesNotContain(after, call => call.AppId == 1);

        // The others cost what they would at the new prices from the beginning. Where spans of both apps make a trace, it is judged by those that are left.
        await using var scratch = await FilledAsync("scratch", entries);
        var mixed = TracesOf(scratch, app: 1);
        var expected = scratch.Contents().Calls.Where(call => call is { TenantId: 1, AppId: 2 } && !mixed.Contains(call.TraceId)).ToDictionary(Key, call => call.Call!.Cost.TotalUsd);
        Assert.InRange(expected.Count, 5, 1_000);
        Assert.Equal(Lines(expected), Lines(after.Where(call => !mixed.Contains(call.TraceId)).ToDictionary(Key, call => call.Call!.Cost.TotalUsd)));

        static IEnumerable<string> Lines(Dictionary<(TraceId, SpanId, int), decimal?> costs) => costs.Select(pair => pair.ToString()).Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task Only_what_was_shown_is_done()
    {
        await using var store = await FilledAsync("store", new OtlpTraffic(5).Make(60));
        using var repricer = Repricer(store);
        Put(NewPrices);
        var shown = await ShowAsync(repricer, All);
        Put(NewPrices.Replace("3.1", "3.2", StringComparison.Ordinal));
        Assert.IsType<RepriceAnswer.Changed>(await repricer.AskAsync(All, shown.Token, "test", _ => "{}", Cancel));
        Assert.IsType<RepriceAnswer.Changed>(await repricer.AskAsync(All with { Model = "gpt-4o" }, shown.Token, "test", _ => "{}", Cancel));
        Put(NewPrices);
        Assert.Equal(shown.Token, (await ShowAsync(repricer, All)).Token);
        // Calls that come meanwhile have the new price already.
        await store.Journal.AppendAsync([RunningStore.Entry(Signal.Traces, A.Traces(A.Span("chat").Trace(999).With("gen_ai.operation.name", "chat").With("gen_ai.provider.name", "openai")
            .With("gen_ai.request.model", "gpt-4o").With("gen_ai.usage.input_tokens", 10).With("gen_ai.usage.output_tokens", 1)), 1)], Cancel);
        await store.WhenStoredAsync(Cancel);
        var begun = Assert.IsType<RepriceAnswer.Begun>(await repricer.AskAsync(All, shown.Token, "key 3", _ => """{"x":1}""", Cancel));
        Assert.IsType<RepriceAnswer.Busy>(await repricer.AskAsync(All, shown.Token, "test", _ => "{}", Cancel));
        Assert.Equal((begun.Id, "key 3", """{"x":1}""", null), repricer.History(1, 10).Select(record => (record.Id, record.Who, record.Difference, record.Ended)).Single());
        Assert.Empty(repricer.History(2, 10));
        await repricer.FinishAsync(Cancel);
        Assert.NotNull(repricer.History(1, 10).Single().Ended);
    }

    [Fact]
    public async Task Selections_are_read_as_in_every_list()
    {
        await using var store = await FilledAsync("store", new OtlpTraffic(6).Make(100));
        using var repricer = Repricer(store);
        Put(NewPrices);
        var all = await ShowAsync(repricer, All);
        var dear = await ShowAsync(repricer, All with { Q = "model:gpt-4o outcome:success" });
        var rest = await ShowAsync(repricer, All with { Q = "-model:gpt-4o" });
        var failed = await ShowAsync(repricer, All with { Q = "model:gpt-4o -outcome:success" });
        Assert.Equal(all.AfterUsd, dear.AfterUsd + rest.AfterUsd + failed.AfterUsd);
        Assert.Equal(all.Touched, dear.Touched + rest.Touched + failed.Touched);
        var nothing = await repricer.AskAsync(All with { Q = "nonsense:1" }, null, "test", _ => "{}", Cancel);
        Assert.Equal("q", Assert.IsType<RepriceAnswer.Wrong>(nothing).Field);
        Assert.Equal("app", Assert.IsType<RepriceAnswer.Wrong>(await repricer.AskAsync(All with { App = "no such app" }, null, "test", _ => "{}", Cancel)).Field);
        Assert.Equal("to", Assert.IsType<RepriceAnswer.Wrong>(await repricer.AskAsync(All with { To = All.From }, null, "test", _ => "{}", Cancel)).Field);
        var second = apps.Create(1, "second");
        Assert.Equal(2, second.Id);
        Assert.Equal(all.Calls, (await ShowAsync(repricer, All with { App = "default" })).Calls + (await ShowAsync(repricer, All with { App = "second" })).Calls);
    }

    public ValueTask DisposeAsync()
    {
        db.Dispose();
        temp.Dispose();
        return ValueTask.CompletedTask;
    }

    private PriceBooks Books() => new(new PriceOptions(), own.AtStart, own.Past) { InForceAt = new PriceHistory(db, time).VersionAt };

    private void Put(string entries)
    {
        time.Advance(TimeSpan.FromDays(1));
        Assert.IsType<PutPricesResult.InForce>(own.Put(JsonDocument.Parse(entries).RootElement, prices));
    }

    private Repricer Repricer(RunningStore store) => new(
        store.Folder, store.Writer, store.Thread, store.Progress, prices, new RepricingLog(db, time), new RepriceFilter(apps).Read, store.Work, TimeProvider.System, NullLogger<Repricer>.Instance);

    private static async Task<RepriceDifference> ShowAsync(Repricer repricer, RepriceSelection selection) =>
        Assert.IsType<RepriceAnswer.Shown>(await repricer.AskAsync(selection, null, "test", _ => "{}", Cancel)).Difference;

    private readonly Dictionary<string, InMemoryJournal> journals = [];

    private async Task<RunningStore> FilledAsync(string name, IReadOnlyList<JournalEntry> entries)
    {
        if (!journals.TryGetValue(name, out var journal))
        {
            journals[name] = journal = new InMemoryJournal();
            foreach (var some in entries.Chunk(7)) await journal.AppendAsync(some, Cancel);
        }

        var store = new RunningStore(temp.At(name), journal, books: prices);
        await store.StartAsync(Cancel);
        await store.WhenStoredAsync(Cancel);
        await Eventually.HoldsAsync(() => store.Progress.State == StoreState.Running, "the store runs");
        return store;
    }

    private static HashSet<TraceId> TracesOf(RunningStore store, int app)
    {
        var traces = new HashSet<TraceId>();
        foreach (var partition in store.Folder.Partitions)
        {
            using var reader = store.Folder.Open(partition)!;
            using var command = reader.Command("SELECT DISTINCT trace FROM spans WHERE tenant = 1 AND app = $app");
            command.Parameters.AddWithValue("$app", app);
            using var row = command.ExecuteReader();
            while (row.Read())
                if (TraceId.TryRead(row.GetFieldValue<byte[]>(0), out var trace)) traces.Add(trace);
        }

        return traces;
    }

    private static decimal CostOf(StoreContents contents) => contents.Calls.Where(call => call.TenantId == 1).Sum(call => call.Call!.Cost.TotalUsd ?? 0);

    private static (TraceId, SpanId, int) Key(Span call) => (call.TraceId, call.SpanId, call.TenantId);

    // Which book says the same is no difference.
    private static List<string> Costs(StoreContents contents, int tenant) =>
        [.. contents.Calls.Where(call => call.TenantId == tenant).Select(call => BookOf().Replace(JsonSerializer.Serialize(call), "")).Order(StringComparer.Ordinal)];

    [GeneratedRegex("\"PriceBook\":(null|\"[0-9a-f]{12}\"),", RegexOptions.NonBacktracking)]
    private static partial Regex BookOf();
}
