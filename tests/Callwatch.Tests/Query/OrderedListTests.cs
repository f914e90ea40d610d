using Callwatch.Query;
using Callwatch.Spans;
using Callwatch.Store.Derived;
using Callwatch.Store.Partitions;
using Xunit;

namespace Callwatch.Tests.Query;

/// <summary>Lists in other orders than by end, over closed days, of which most rows are passed over, and one that is open.</summary>
public sealed class OrderedListTests
{
    private static readonly string?[] Filters = [null, "cost>0", "-env:default", "app:shop", "user:anna", "latency<3s", "user:nobody"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pages_in_any_order_are_what_a_filter_means_of_closed_days_and_the_one_under_way()
    {
        using var world = new QueryWorld(seed: 31, chunks: 5, queryTime: new Callwatch.Testing.ManualTime());
        Close(world);
        world.AddChunk(50);
        var all = world.AllCalls();
        var looked = 0;
        foreach (var filter in Filters)
        {
            foreach (var field in (SortField[])[SortField.Duration, SortField.Ttft, SortField.Cost, SortField.TotalTokens])
            {
                // Each field both ways, in turns.
                var descending = (looked + (looked / 4)) % 2 == 0;
                var selection = new Selection { Scope = looked % 5 == 0 ? world.OnlyApp(0) : QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To, Filter = filter, Apps = looked % 7 == 0 ? ["shop"] : [] };
                var expected = all.Where(RandomQuestions.Test(selection, world.Apps.NameOf)).ToList();
                var found = await FindAsync(world, selection, new SortOrder(field, descending), looked % 3 == 0 ? 15 : 60);
                Assert.Equal(expected.Select(Id).Order(), found.Select(Id).Order());
                var values = expected.Select(call => Value(call, field)).ToList();
                // What has no value stands at the end, whichever way.
                Assert.Equal(
                    (descending ? values.OrderByDescending(value => value ?? long.MinValue) : values.OrderBy(value => value ?? long.MaxValue)).ToList(), found.Select(call => Value(call, field)).ToList());
                looked++;
            }
        }
    }

    [Fact]
    public async Task Traces_in_any_order_are_the_same_whether_their_days_are_closed_or_not()
    {
        using var world = new QueryWorld(seed: 32, chunks: 4, queryTime: new Callwatch.Testing.ManualTime());
        (string? Filter, SortField Field, bool Descending)[] questions =
        [
            .. from filter in (string?[])[null, "model:claude*", "cost>0.001"]
               from field in (SortField[])[SortField.Duration, SortField.Cost, SortField.TotalTokens]
               from falls in (bool[])[true, false]
               select (filter, field, falls),
        ];
        var before = new List<List<TraceId>>();
        foreach (var question in questions) before.Add(await TracesAsync(world, question));
        Close(world);
        for (var i = 0; i < questions.Length; i++) Assert.Equal(before[i], await TracesAsync(world, questions[i]));
    }

    private static async Task<List<TraceId>> TracesAsync(QueryWorld world, (string? Filter, SortField Field, bool Descending) question)
    {
        var selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To, Filter = question.Filter };
        var found = new List<TraceId>();
        for (string? cursor = null; ;)
        {
            var page = Assert.IsType<Answer<Page<TraceSummary>>.Found>(await world.Traces.ListAsync(selection, new SortOrder(question.Field, question.Descending), 25, cursor, Cancel)).Value;
            found.AddRange(page.Items.Select(trace => trace.TraceId));
            if ((cursor = page.Next) is null) return found;
        }
    }

    private static long? Value(Span call, SortField field) => field switch
    {
        SortField.Duration => call.DurationNanoseconds,
        SortField.Ttft => call.Call!.TtftNanoseconds,
        SortField.Cost => Callwatch.Store.Money.ToPico(call.Call!.Cost.TotalUsd),
        _ => call.Call!.Usage.Total,
    };

    private static (TraceId, SpanId) Id(Span call) => (call.TraceId, call.SpanId);

    private static void Close(QueryWorld world)
    {
        new DerivationRounds(world.Store.Folder, world.Time).Finish(Cancel);
        var closing = new PartitionClosing(world.Store.Folder, world.Time);
        foreach (var partition in world.Store.Folder.Partitions)
        {
            world.Store.Writer.Release(partition.File);
            closing.Confirm(closing.Close(partition, Cancel));
        }
    }

    private static async Task<List<Span>> FindAsync(QueryWorld world, Selection selection, SortOrder sort, int limit)
    {
        var found = new List<Span>();
        for (string? cursor = null; ;)
        {
            var page = Assert.IsType<Answer<Page<Span>>.Found>(await world.Calls.ListAsync(selection, sort, limit, cursor, Cancel)).Value;
            found.AddRange(page.Items);
            if ((cursor = page.Next) is null) return found;
        }
    }
}
