using Callwatch.Control;
using Callwatch.Store.History;
using Callwatch.Store.Partitions;
using Callwatch.Store.Reindexing;
using Callwatch.Store.Sqlite;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Callwatch.Tests.Store.Reindexing;

/// <summary>Days of which retention moves rows before or while they are rebuilt.</summary>
public sealed class RetentionBesideTests
{
    private static readonly ReindexWish AllDays = new(OtlpTraffic.Day.AddDays(-3), OtlpTraffic.Day.AddDays(5), Apply: true);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_day_of_which_rows_of_one_app_are_gone_is_named_at_the_beginning_and_left_untouched()
    {
        using var temp = new TempFolder();
        await using var store = await FilledAsync(temp.At("store"));
        using var moving = new AppMoved(store, temp.At("control.db"));
        await moving.RunAsync(app: 1, Cancel);
        var before = store.Contents();
        Assert.Null(store.Reindexer.Start(AllDays).Busy);
        await store.Reindexer.WhenDoneAsync();
        var job = store.Reindexer.Status().Job!;
        Assert.Equal((ReindexState.Done, null), (job.State, job.Reason));
        // On the last day there are but a few late log records.
        Assert.Equal(3, job.Days.Count(day => day.State == DayState.Untouched));
        Assert.All(job.Days.Take(3), day => Assert.Equal((DayState.Untouched, "Rows of it are gone already, and their figures have been moved."), (day.State, day.Reason)));
        store.Contents().AssertSameAs(before);
    }

    [Fact]
    public async Task Retention_during_a_rebuilding_goes_first_and_nothing_is_changed_by_the_other()
    {
        using var temp = new TempFolder();
        await using var store = await FilledAsync(temp.At("store"));
        using var moving = new AppMoved(store, temp.At("control.db"));
        moving.CloseAll(Cancel);
        using var reached = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        store.Tools.BeforeStep = _ =>
        {
            reached.Set();
            goOn.Wait();
        };
        Assert.Null(store.Reindexer.Start(AllDays).Busy);
        reached.Wait(Cancel);
        store.Tools.BeforeStep = null;
        await moving.RunAsync(app: 1, Cancel);
        var before = store.Contents();
        goOn.Set();
        await store.Reindexer.WhenDoneAsync();
        var job = store.Reindexer.Status().Job!;
        Assert.Equal((ReindexState.Failed, "Retention has taken one of these days meanwhile."), (job.State, job.Reason));
        store.Contents().AssertSameAs(before);
        Assert.DoesNotContain(store.Contents().Calls, call => call.AppId == 1);
    }

    private static async Task<RunningStore> FilledAsync(string path)
    {
        var journal = new InMemoryJournal();
        foreach (var some in new OtlpTraffic(16).Make(120).Chunk(7)) await journal.AppendAsync(some, Cancel);
        var store = new RunningStore(path, journal);
        await store.StartAsync(Cancel);
        await store.WhenStoredAsync(Cancel);
        await Eventually.HoldsAsync(() => store.Progress.State == Callwatch.Store.StoreState.Running, "the store runs");
        return store;
    }
}

/// <summary>Retention over a running store that takes the rows of one app of both tenants.</summary>
internal sealed class AppMoved : IDisposable
{
    private readonly RunningStore store;
    private readonly ManualTime time = new(new DateTimeOffset(2026, 9, 25, 0, 0, 0, TimeSpan.Zero));
    private readonly ControlDb control;
    private readonly RetentionDesk rules;
    private readonly StoreRetention retention;

    public AppMoved(RunningStore store, string controlFile)
    {
        this.store = store;
        control = new ControlDb(controlFile);
        rules = new RetentionDesk(control, new RetentionRules());
        retention = new StoreRetention(store.Folder, store.Writer, store.Thread, rules, () => false, store.Counters, time, NullLogger.Instance);
    }

    public void CloseAll(CancellationToken cancel)
    {
        var closing = new PartitionClosing(store.Folder, time);
        _ = closing.Due();
        time.Advance(TimeSpan.FromMinutes(11));
        while (closing.Due() is { } due)
        {
            store.Writer.Release(due.File);
            closing.Confirm(closing.Close(due, cancel));
        }
    }

    public async Task RunAsync(int app, CancellationToken cancel)
    {
        CloseAll(cancel);
        rules.Put([(1, app, new RetentionWish(null, 1, null, null)), (2, app, new RetentionWish(null, 1, null, null))]);
        for (var round = 0; round < 100; round++)
        {
            await retention.RoundAsync(cancel);
            time.Advance(TimeSpan.FromSeconds(2));
        }
    }

    /// <summary>What was moved of an app, in 10⁻¹² US dollars.</summary>
    public long MovedCost(int tenant, int app)
    {
        using var history = store.Folder.OpenHistory()!;
        return StoreDatabase.Number(history.Connection, FormattableString.Invariant($"SELECT sum(cost) FROM rollups WHERE level = 2 AND tenant = {tenant} AND app = {app}")) ?? 0;
    }

    public void Dispose() => control.Dispose();
}
