using Callwatch.Journal;
using Callwatch.Store;
using Callwatch.Store.Reindexing;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Store.Reindexing;

/// <summary>Stores with days to rebuild, and their rebuilding.</summary>
internal static class Rebuilding
{
    public static readonly ReindexWish OneDay = new(OtlpTraffic.Day, OtlpTraffic.Day.AddDays(1), Apply: true);
    public static readonly ReindexWish AllDays = new(OtlpTraffic.Day.AddDays(-3), OtlpTraffic.Day.AddDays(5), Apply: true);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static Task<RunningStore> FilledAsync(string path, IJournal journal, int seed, StoreOptions? options = null) => FilledAsync(path, journal, new OtlpTraffic(seed).Make(150), options);

    public static async Task<RunningStore> FilledAsync(string path, IJournal journal, IReadOnlyList<JournalEntry> entries, StoreOptions? options = null)
    {
        var store = new RunningStore(path, journal, options);
        foreach (var some in entries.Chunk(7)) await journal.AppendAsync(some, Cancel);
        await StartAsync(store);
        return store;
    }

    public static async Task StartAsync(RunningStore store)
    {
        await store.StartAsync(Cancel);
        await store.WhenStoredAsync(Cancel);
        await Eventually.HoldsAsync(() => store.Progress.State == StoreState.Running, "the store runs");
    }

    public static async Task<ReindexJob> RunAsync(RunningStore store, ReindexWish wish)
    {
        Assert.Null(store.Reindexer.Start(wish).Busy);
        await store.Reindexer.WhenDoneAsync();
        return store.Reindexer.Status().Job!;
    }
}
