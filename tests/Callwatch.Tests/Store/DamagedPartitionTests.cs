using Callwatch.Journal;
using Callwatch.Store;
using Callwatch.Store.Partitions;
using Callwatch.Telemetry;
using Callwatch.Testing;
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

    private static void Damage(string path, long from)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        file.Position = from;
        file.Write([.. Enumerable.Repeat((byte)0x5A, (int)(file.Length - from))]);
        File.Delete(path + "-wal");
    }

    private static byte[] SomeSpans(int round) => A.Traces([.. Enumerable.Range(1, 200).Select(i => A.Span("GET /").Id((ulong)((round * 1_000) + i)).With("http.request.method", "GET"))]);
}
