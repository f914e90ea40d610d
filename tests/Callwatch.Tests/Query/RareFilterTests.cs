using Callwatch.Query;
using Callwatch.Spans;
using Callwatch.Store.Derived;
using Callwatch.Store.Partitions;
using Xunit;

namespace Callwatch.Tests.Query;

/// <summary>Filters that hardly any call meets: hours in which none can are passed over, and what is found is what there is.</summary>
public sealed class RareFilterTests
{
    private static readonly string[] Filters =
    [
        "latency>8s", "latency>=7s outcome:error", "output_tokens>395", "output_tokens>390 -env:default", "cost>0.0085 model:claude", "tokens=2000", "tokens>2390", "ttft>2.5s model:gpt-4o",
        "ttft>1h", "input_tokens>1995 app:shop", "cache_read_tokens>=1", "latency>7s latency<7.5s", "-outcome:success latency>7s", "reasoning_tokens>2 user:anna", "cost>1000",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_found_in_closed_days_is_what_there_is_in_either_order_and_after_late_spans()
    {
        using var world = new QueryWorld(seed: 21, chunks: 8, queryTime: new Callwatch.Testing.ManualTime());
        Close(world);
        for (var round = 0; round < 2; round++)
        {
            var all = world.AllCalls();
            foreach (var filter in Filters)
            {
                var selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To, Filter = filter };
                var expected = all.Where(RandomQuestions.Test(selection, world.Apps.NameOf)).OrderByDescending(call => call.End.UnixNanoseconds).Select(call => call.End).ToList();
                foreach (var sort in (SortOrder[])[SortOrder.Newest, new SortOrder(SortField.End, Descending: false), new SortOrder(SortField.Duration, Descending: true)])
                {
                    var found = await FindAsync(world, selection, sort);
                    Assert.Equal(expected.Order(), found.Select(call => call.End).Order());
                    if (sort.Field == SortField.End) Assert.Equal(sort.Descending ? expected : expected.Order(), found.Select(call => call.End));
                }
            }

            // Late spans: hours that are changed stand no more.
            world.AddChunk(40);
            world.Revise(40);
        }
    }

    [Fact]
    public void Hours_in_which_no_call_can_meet_a_filter_are_passed_over()
    {
        using var world = new QueryWorld(seed: 22, chunks: 4);
        Close(world);
        var all = world.AllCalls();
        var longest = all.Max(call => call.DurationNanoseconds ?? 0);
        Assert.Equal([], HoursOf(world, $"latency>{longest / 1_000_000 + 1}ms").Distinct());
        var hours = HoursOf(world, $"latency>={longest / 1_000_000}ms");
        Assert.Contains(all, call => call.DurationNanoseconds == longest && hours.Contains(call.End.UnixSeconds / 3_600));
        Assert.True(hours.Count < all.Select(call => call.End.UnixSeconds / 3_600).Distinct().Count());
    }

    private static List<long> HoursOf(QueryWorld world, string filter) => world.HoursOf(new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To, Filter = filter });

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

    private static async Task<List<Span>> FindAsync(QueryWorld world, Selection selection, SortOrder sort)
    {
        var found = new List<Span>();
        for (string? cursor = null; ;)
        {
            var page = Assert.IsType<Answer<Page<Span>>.Found>(await world.Calls.ListAsync(selection, sort, 7, cursor, Cancel)).Value;
            found.AddRange(page.Items);
            if ((cursor = page.Next) is null) return found;
        }
    }
}
