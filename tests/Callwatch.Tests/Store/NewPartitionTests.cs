using Callwatch.Store;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Store;

public sealed class NewPartitionTests
{
    [Fact]
    public async Task A_reader_never_meets_a_partition_without_its_tables()
    {
        using var temp = new TempFolder();
        var (spans, logs) = new RandomTraffic(5).Make(traces: 60);

        // Many small files, so that one is being made nearly all the time.
        using var store = new TestStore(temp.At("store"), new StoreOptions { MostRows = 10, CacheKib = 1_024 });
        using var done = new CancellationTokenSource();
        var reading = Task.Run(() => ReadUntil(store, done.Token), TestContext.Current.CancellationToken);
        foreach (var batch in spans.Chunk(10)) store.Store(batch, logs);
        await done.CancelAsync();
        Assert.NotEqual(0, await reading);
    }

    private static int ReadUntil(TestStore store, CancellationToken done)
    {
        var read = 0;
        do
        {
            foreach (var partition in store.Folder.Partitions)
            {
                using var reader = store.Folder.Open(partition);
                using var count = reader!.Command("SELECT count(*) FROM calls");
                count.ExecuteScalar();
                read++;
            }
        }
        while (!done.IsCancellationRequested || read == 0);

        return read;
    }
}
