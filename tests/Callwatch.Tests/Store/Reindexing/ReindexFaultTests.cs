using Callwatch.Store;
using Callwatch.Store.Reindexing;
using Callwatch.Testing;
using Xunit;
using static Callwatch.Tests.Store.Reindexing.Rebuilding;

namespace Callwatch.Tests.Store.Reindexing;

/// <summary>A rebuilding that is stopped, cancelled or finds no room leaves the old or the new, and nothing in between.</summary>
public sealed class ReindexFaultTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stop_at_any_point_leaves_the_old_or_the_new_and_the_next_start_the_rest()
    {
        using var temp = new TempFolder();
        var journal = new InMemoryJournal();
        var options = new StoreOptions { BatchDelay = TimeSpan.FromMilliseconds(1), BatchSpans = 100 };
        var store = await FilledAsync(temp.At("store0"), journal, 10, options);
        var before = store.Contents();
        var stops = 0;
        for (var at = 0; ; at++)
        {
            var (left, step) = (at, "");
            store.Tools.BeforeStep = name =>
            {
                if (left-- != 0) return;
                step = name;
                Copy(temp.At($"store{at}"), temp.At($"store{at + 1}"));
                throw new Killed();
            };
            var job = await RunAsync(store, at % 2 == 0 ? OneDay : AllDays);
            if (job.State == ReindexState.Done) break;
            stops++;

            // The files as they were at that moment, with nothing tidied up.
            store.Tools.BeforeStep = null;
            await store.DisposeAsync();
            store = new RunningStore(temp.At($"store{at + 1}"), journal, options);
            await StartAsync(store);
            if (store.Reindexer.Status().Job is { } interrupted) Assert.Equal((ReindexState.Interrupted, at % 2 == 0 ? OneDay : AllDays), (interrupted.State, interrupted.Wish));
            await store.Reindexer.LookAfterAsync();
            Assert.False(Directory.Exists(store.Tools.Folder), step);
            store.Contents().AssertFiguresFollowFromRows();
            store.Contents().AssertSameAs(before);
            Assert.Equal(store.Folder.Partitions.Length, Directory.EnumerateFiles(temp.At($"store{at + 1}"), "*.db").Count() - 1);
        }

        Assert.InRange(stops, 8, 1_000);
        await store.DisposeAsync();
    }

    [Fact]
    public async Task A_disk_without_room_stops_it_with_the_reason_and_leaves_no_trace()
    {
        using var temp = new TempFolder();
        var journal = new InMemoryJournal();
        await using var store = await FilledAsync(temp.Path, journal, 11);
        var before = store.Contents();
        store.Disk.FreeBytes = 1_000_000;
        var job = await RunAsync(store, AllDays);
        Assert.Equal(ReindexState.Failed, job.State);
        Assert.Contains("not enough room", job.Reason, StringComparison.Ordinal);

        // Full in the middle of it.
        store.Disk.FreeBytes = 1L << 40;
        foreach (var at in (string[])["move", "commit", ".db"])
        {
            store.Tools.BeforeStep = step =>
            {
                if (step.EndsWith(at, StringComparison.Ordinal)) throw new IOException("No space left on device");
            };
            job = await RunAsync(store, AllDays);
            Assert.Equal((ReindexState.Failed, "No space left on device"), (job.State, job.Reason));
            Assert.False(Directory.Exists(store.Tools.Folder));
            store.Contents().AssertSameAs(before);
        }

        store.Tools.BeforeStep = null;
        Assert.Equal(ReindexState.Done, (await RunAsync(store, AllDays)).State);
        store.Contents().AssertSameAs(before);
    }

    [Fact]
    public async Task It_can_be_cancelled_and_there_is_one_at_a_time()
    {
        using var temp = new TempFolder();
        var journal = new InMemoryJournal();
        await using var store = await FilledAsync(temp.Path, journal, 12);
        var before = store.Contents();
        using var reached = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        store.Tools.BeforeStep = _ =>
        {
            reached.Set();
            goOn.Wait();
        };
        Assert.NotNull(store.Reindexer.Start(AllDays).Job);
        reached.Wait(Cancel);
        Assert.Equal((null, "Days are being rebuilt."), store.Reindexer.Start(AllDays));
        store.Tools.BeforeStep = null;
        var cancelled = store.Reindexer.CancelAsync();
        goOn.Set();
        Assert.True(await cancelled);
        Assert.Equal(ReindexState.Cancelled, store.Reindexer.Status().Job!.State);
        Assert.False(await store.Reindexer.CancelAsync());
        store.Contents().AssertSameAs(before);
        Assert.False(Directory.Exists(store.Tools.Folder));
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var folder in Directory.EnumerateDirectories(from)) Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
        foreach (var file in Directory.EnumerateFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }

    /// <summary>Goes through everything that mends, as the end of a process does.</summary>
    private sealed class Killed : OperationCanceledException;
}
