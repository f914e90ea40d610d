using Callwatch.Query;
using Callwatch.Spans;
using Xunit;

namespace Callwatch.Tests.Query;

public sealed class CallQueriesTests(CallQueriesTests.World world) : IClassFixture<CallQueriesTests.World>
{
    public sealed class World : IDisposable
    {
        internal QueryWorld Query { get; } = new(seed: 5);

        public void Dispose() => Query.Dispose();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pages_together_are_exactly_the_calls_that_meet_the_filter_in_order()
    {
        var all = world.Query.AllCalls();
        Assert.True(all.Count > 500);
        for (var seed = 0; seed < 150; seed++)
        {
            var questions = new RandomQuestions(seed);
            var selection = questions.Selection(scope: questions.Random.Next(5) == 0 ? world.Query.OnlyApp(0) : null);
            var sort = new SortOrder(questions.Pick(Enum.GetValues<SortField>()), questions.Random.Next(2) == 0);
            var expected = all.Where(RandomQuestions.Test(selection, world.Query.Apps.NameOf)).ToList();
            var listed = await All(selection, sort, questions.Random.Next(1, 60));

            Assert.Equal(expected.Select(Id).Order(StringComparer.Ordinal), listed.Select(Id).Order(StringComparer.Ordinal));
            AssertOrdered(listed, sort);
        }
    }

    [Fact]
    public async Task A_day_in_several_files_is_one_list()
    {
        using var busy = new QueryWorld(seed: 6, chunks: 3, storeOptions: new Callwatch.Store.StoreOptions { CacheKib = 2_048, MostRows = 40 });
        Assert.Contains(busy.Store.Folder.Partitions, partition => partition.Sequence > 2);
        var all = busy.AllCalls();
        for (var seed = 0; seed < 30; seed++)
        {
            var questions = new RandomQuestions(seed);
            var selection = questions.Selection();
            var sort = new SortOrder(questions.Pick(Enum.GetValues<SortField>()), questions.Random.Next(2) == 0);
            var listed = await All(selection, sort, questions.Random.Next(1, 60), busy);
            Assert.Equal(all.Where(RandomQuestions.Test(selection, busy.Apps.NameOf)).Select(Id).Order(StringComparer.Ordinal), listed.Select(Id).Order(StringComparer.Ordinal));
            AssertOrdered(listed, sort);
        }
    }

    [Fact]
    public async Task What_arrives_while_paging_is_left_out_and_counted_as_newer()
    {
        using var growing = new QueryWorld(seed: 8, chunks: 4);
        var selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To };
        var before = growing.AllSpans().Where(span => span.IsCall).Select(span => Id(span.Span)).ToHashSet();
        var first = Found(await growing.Calls.ListAsync(selection, SortOrder.Newest, 20, null, Cancel));
        growing.AddChunk(80);
        var listed = first.Items.Select(Id).ToList();
        var newer = 0L;
        for (var next = first.Next; next is not null;)
        {
            var page = Found(await growing.Calls.ListAsync(selection, SortOrder.Newest, 50, next, Cancel));
            listed.AddRange(page.Items.Select(Id));
            (newer, next) = (page.Newer, page.Next);
        }

        Assert.Equal(0, first.Newer);
        Assert.Equal(before.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
        Assert.Equal(growing.AllCalls().Count - before.Count, newer);
    }

    [Theory]
    [InlineData("modle:x", "q", 0)]
    [InlineData(null, "cursor", null)]
    public async Task A_wrong_question_names_the_field(string? filter, string field, int? offset)
    {
        var selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To, Filter = filter };
        var invalid = Assert.IsType<Answer<Page<Span>>.Invalid>(await world.Query.Calls.ListAsync(selection, SortOrder.Newest, 10, field == "cursor" ? "nonsense" : null, Cancel));
        Assert.Equal((field, offset), (invalid.Field, invalid.Offset));
    }

    [Fact]
    public async Task A_cursor_is_refused_by_another_question()
    {
        var selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To };
        var next = Found(await world.Query.Calls.ListAsync(selection, SortOrder.Newest, 10, null, Cancel)).Next;

        Assert.IsType<Answer<Page<Span>>.Invalid>(await world.Query.Calls.ListAsync(selection with { Filter = "kind:chat" }, SortOrder.Newest, 10, next, Cancel));
        Assert.IsType<Answer<Page<Span>>.Invalid>(await world.Query.Calls.ListAsync(selection, new SortOrder(SortField.Cost, true), 10, next, Cancel));
        Assert.IsType<Answer<Page<Span>>.Found>(await world.Query.Calls.ListAsync(selection with { From = QueryWorld.From.Plus(TimeSpan.FromHours(1)) }, SortOrder.Newest, 10, next, Cancel));
    }

    [Fact]
    public async Task Nothing_of_another_tenant_or_app_is_seen()
    {
        var selection = new Selection { Scope = new ReadScope(3), From = QueryWorld.From, To = QueryWorld.To };
        Assert.Empty(Found(await world.Query.Calls.ListAsync(selection, SortOrder.Newest, 10, null, Cancel)).Items);

        var own = await All(selection with { Scope = world.Query.OnlyApp(1) }, SortOrder.Newest, 500);
        Assert.NotEmpty(own);
        Assert.All(own, call => Assert.Equal("help desk", world.Query.Apps.NameOf(call.AppId)));
        Assert.Empty(await All(selection with { Scope = world.Query.OnlyApp(1), Apps = ["shop"] }, SortOrder.Newest, 500));
    }

    [Fact]
    public async Task A_page_that_is_due_says_how_far_it_looked_and_goes_on_from_there()
    {
        using var slow = new QueryWorld(seed: 9, chunks: 4, options: new QueryOptions { PageTime = TimeSpan.FromTicks(1) }, queryTime: new SteppingTime(TimeSpan.FromMilliseconds(1)));
        var selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To, Filter = "user:anna" };
        var expected = slow.AllCalls().Count(call => call.UserId == "anna");
        var (listed, pages) = (0, 0);
        string? next = null;
        do
        {
            var page = Found(await slow.Calls.ListAsync(selection, SortOrder.Newest, 100, next, Cancel));
            Assert.Equal(page.Next is null, page.SearchedUntil is null);
            listed += page.Items.Count;
            pages++;
            next = page.Next;
        }
        while (next is not null);

        Assert.Equal(expected, listed);
        Assert.True(pages > 3, $"{pages} pages");
    }

    private async Task<List<Span>> All(Selection selection, SortOrder sort, int limit, QueryWorld? other = null)
    {
        var listed = new List<Span>();
        string? next = null;
        do
        {
            var page = Found(await (other ?? world.Query).Calls.ListAsync(selection, sort, limit, next, Cancel));
            Assert.True(page.Items.Count <= limit);
            listed.AddRange(page.Items);
            next = page.Next;
        }
        while (next is not null);
        return listed;
    }

    private static void AssertOrdered(List<Span> listed, SortOrder sort)
    {
        decimal? Key(Span call) => sort.Field switch
        {
            SortField.Duration => call.DurationNanoseconds,
            SortField.Ttft => call.Call!.TtftNanoseconds,
            SortField.Cost => call.Call!.Cost.TotalUsd,
            SortField.TotalTokens => call.Call!.Usage.Total,
            _ => call.End.UnixNanoseconds,
        };
        var keys = listed.Select(Key).ToList();
        var known = keys.OfType<decimal>().ToList();
        Assert.Equal(sort.Descending ? known.OrderDescending() : known.Order(), known);
        Assert.True(keys.Skip(known.Count).All(key => key is null), "what is unknown comes last");
    }

    private static string Id(Span call) => $"{call.TraceId}/{call.SpanId}";

    private static Page<Span> Found(Answer<Page<Span>> answer) => answer switch
    {
        Answer<Page<Span>>.Found found => found.Value,
        Answer<Page<Span>>.Invalid invalid => throw new InvalidOperationException($"{invalid.Field}: {invalid.Message}"),
        _ => throw new InvalidOperationException(answer.ToString()),
    };
}
