using Callwatch.Store;
using Callwatch.Store.Writing;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Store;

/// <summary>What is stored is a function of the set of records, whatever the order, the batches, and the restarts between them.</summary>
public sealed class StoreOrderTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void Any_order_and_any_batches_give_the_same_rows_and_figures(int seed)
    {
        using var temp = new TempFolder();
        var (spans, logs) = new RandomTraffic(seed).Make(traces: 40);
        using var inOrder = new TestStore(temp.At("once"));
        inOrder.Store(spans, logs);
        var expected = inOrder.Contents();
        expected.AssertFiguresFollowFromRows();

        // Without memory of earlier batches, so that every trace is judged from its rows, and with it.
        foreach (var (name, options) in new[] { ("cold", new StoreOptions { HotSpans = 0, CacheKib = 1_024 }), ("hot", new StoreOptions { CacheKib = 1_024 }), ("small", new StoreOptions { MostRows = 60, HotSpans = 10, CacheKib = 1_024 }) })
        {
            var random = new Random(seed * 100);
            using var shuffled = new TestStore(temp.At(name), options);
            foreach (var (batchSpans, batchLogs) in Batches(random, spans, logs))
            {
                shuffled.Store(batchSpans, batchLogs);
                if (random.Next(6) == 0) shuffled.Restart();
            }

            var contents = shuffled.Contents();
            contents.AssertFiguresFollowFromRows();
            contents.AssertSameAs(expected);
        }
    }

    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    public void Storing_everything_again_changes_nothing(int seed)
    {
        using var temp = new TempFolder();
        var (spans, logs) = new RandomTraffic(seed).Make(traces: 30);
        using var store = new TestStore(temp.At("store"));
        store.Store(spans, logs);
        var before = store.Contents();
        store.Store(spans, logs);
        store.Contents().AssertSameAs(before);
        store.Restart();
        Assert.Empty(store.Store(spans, logs));
        store.Contents().AssertSameAs(before);
    }

    internal static IEnumerable<(List<ArrivedSpan> Spans, List<ArrivedLog> Logs)> Batches(Random random, IReadOnlyList<ArrivedSpan> spans, IReadOnlyList<ArrivedLog> logs)
    {
        object[] all = [.. spans.Cast<object>(), .. logs.Cast<object>()];
        random.Shuffle(all);
        for (var at = 0; at < all.Length;)
        {
            var some = all.Skip(at).Take(random.Next(1, 25)).ToList();
            at += some.Count;
            yield return ([.. some.OfType<ArrivedSpan>()], [.. some.OfType<ArrivedLog>()]);
        }
    }
}
