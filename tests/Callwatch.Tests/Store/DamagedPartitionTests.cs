using Callwatch.Journal;
using Callwatch.Store;
using Callwatch.Store.Partitions;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Callwatch.Tests.Store;

/// <summary>A file of the store that cannot be read stops neither the start nor storing: it is set aside and shown.</summary>
public sealed class DamagedPartitionTests
{
    [Fact]
    public void A_damaged_file_does_not_stop_the_start()
    {
        using var temp = new TempFolder();
        var (spans, logs) = new RandomTraffic(61).Make(traces: 30);
        using var store = new TestStore(temp.At("store"));
        store.Store(spans, logs);
        Assert.Equal(2, store.Folder.Partitions.Length);
        var (damaged, sound) = (store.Folder.Partitions[0], store.Folder.Partitions[1]);
        store.Dispose();
        Damage(temp.At("store", damaged.File), from: 0);
        store.Restart();
        Assert.Equal([sound.File], store.Folder.Partitions.Select(partition => partition.File));
        var aside = Assert.Single(DamagedFiles.List(temp.At("store")));
        Assert.Equal((damaged.File + ".damaged", (DateOnly?)damaged.Day), (aside.File, aside.Day));
        Assert.Equal(damaged.File, Assert.Single(store.Folder.Catalog.Damaged).File);

        // The day goes on in a file of another name.
        store.Store(spans, logs);
        Assert.DoesNotContain(store.Folder.Partitions, partition => partition.File == damaged.File);
        Assert.Equal(2, store.Folder.Partitions.Length);
        store.Contents().AssertFiguresFollowFromRows();
    }

    [Fact]
    public async Task A_file_that_is_damaged_while_storing_is_set_aside_and_storing_goes_on()
    {
        using var temp = new TempFolder();
        var journal = new InMemoryJournal();
        await using var store = new RunningStore(temp.At("store"), journal);
        await store.StartAsync(TestContext.Current.CancellationToken);
        await journal.AppendAsync([RunningStore.Entry(Signal.Traces, SomeSpans(1), 200)], TestContext.Current.CancellationToken);
        await store.WhenStoredAsync(TestContext.Current.CancellationToken);
        var file = Assert.Single(store.Folder.Partitions).File;
        await store.RestAsync();
        Damage(temp.At("store", file), from: 4_096);
        await journal.AppendAsync([RunningStore.Entry(Signal.Traces, SomeSpans(2), 200)], TestContext.Current.CancellationToken);
        await store.WhenStoredAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, store.Counters.Total(Reason.DamagedPartition));
        Assert.Equal(StoreState.Running, store.Progress.State);
        Assert.NotEqual(file, Assert.Single(store.Folder.Partitions).File);
        Assert.Equal(file + ".damaged", Assert.Single(store.Progress.Status().Damaged).File);
        Assert.Equal(200, store.Contents().Spans.Count);
    }

    [Fact]
    public async Task A_damaged_file_stays_where_it_is_while_a_backup_copies()
    {
        using var temp = new TempFolder();
        var journal = new InMemoryJournal();
        await using var store = new RunningStore(temp.At("store"), journal);
        await store.StartAsync(TestContext.Current.CancellationToken);
        await journal.AppendAsync([RunningStore.Entry(Signal.Traces, SomeSpans(1), 200)], TestContext.Current.CancellationToken);
        await store.WhenStoredAsync(TestContext.Current.CancellationToken);
        var file = Assert.Single(store.Folder.Partitions).File;
        using var hold = new DataHold();
        var damage = new DamagedPartitions(store.Folder, store.Writer, store.Counters, NullLogger<DamagedPartitions>.Instance, hold);
        using (hold.Take()) Assert.False(await store.Thread.RunAsync(() => damage.SetAside([file])));
        Assert.True(File.Exists(temp.At("store", file)));
        Assert.Single(store.Folder.Partitions);
        Assert.True(await store.Thread.RunAsync(() => damage.SetAside([file])));
        Assert.False(File.Exists(temp.At("store", file)));
    }

    [Fact]
    public async Task A_file_that_vanished_does_not_stop_the_start_and_is_shown_with_the_command_that_brings_it_back()
    {
        using var temp = new TempFolder();
        var journal = new InMemoryJournal();
        string file;
        await using (var store = new RunningStore(temp.At("store"), journal))
        {
            await store.StartAsync(TestContext.Current.CancellationToken);
            await journal.AppendAsync([RunningStore.Entry(Signal.Traces, SomeSpans(1), 200)], TestContext.Current.CancellationToken);
            await store.WhenStoredAsync(TestContext.Current.CancellationToken);
            file = Assert.Single(store.Folder.Partitions).File;
        }

        File.Move(temp.At("store", file), temp.At("elsewhere"));
        for (var start = 0; start < 2; start++)
        {
            await using var store = new RunningStore(temp.At("store"), journal);
            await store.StartAsync(TestContext.Current.CancellationToken);
            await store.WhenStoredAsync(TestContext.Current.CancellationToken);
            await Eventually.HoldsAsync(() => store.Progress.State == StoreState.Running, "the store runs");
            var shown = Assert.Single(store.Progress.Status().Damaged);
            Assert.Equal((file + ".missing", true, "callwatch reindex --from 2026-09-17 --to 2026-09-18 --apply"), (shown.File, shown.IsMissing, shown.Command));
            Assert.Equal([shown.Day!.Value], store.Reindexer.Status().Damaged);
            if (start == 0) continue;
            await journal.AppendAsync([RunningStore.Entry(Signal.Traces, SomeSpans(2), 200)], TestContext.Current.CancellationToken);
            await store.WhenStoredAsync(TestContext.Current.CancellationToken);
            Assert.NotEqual(file, Assert.Single(store.Folder.Partitions).File);
        }

        // Whoever finds it again may put it back.
        File.Move(temp.At("elsewhere"), temp.At("store", file));
        await using var whole = new RunningStore(temp.At("store"), journal);
        Assert.Equal(2, whole.Folder.Partitions.Length);
        Assert.Empty(whole.Progress.Status().Damaged);
        File.Delete(temp.At("store", file));
        Assert.True(Assert.Single(whole.Progress.Status().Damaged).IsMissing);
    }

    [Fact]
    public void A_file_of_a_whole_year_comes_back_as_a_whole_year() =>
        Assert.Equal("callwatch reindex --from 2016-01-01 --to 2017-01-01 --apply", new DamagedFile("2016-01-01.0001.db.damaged", new DateOnly(2016, 1, 1), 1).Command);

    private static void Damage(string path, long from)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        file.Position = from;
        file.Write([.. Enumerable.Repeat((byte)0x5A, (int)(file.Length - from))]);
        File.Delete(path + "-wal");
    }

    private static byte[] SomeSpans(int round) => A.Traces([.. Enumerable.Range(1, 200).Select(i => A.Span("GET /").Id((ulong)((round * 1_000) + i)).With("http.request.method", "GET"))]);
}
