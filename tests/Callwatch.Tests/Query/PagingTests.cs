using Callwatch.Query;
using Callwatch.Spans;
using Callwatch.Store.Sqlite;
using Xunit;

namespace Callwatch.Tests.Query;

public sealed class PagingTests
{
    private static readonly Selection Everything = new() { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Id(Span span) => $"{span.TraceId}/{span.SpanId}";

    [Fact]
    public async Task Paging_gives_every_call_as_of_the_first_page_once_whatever_is_written_meanwhile()
    {
        using var world = new QueryWorld(seed: 21, chunks: 6, storeOptions: new Callwatch.Store.StoreOptions { CacheKib = 2_048, MostRows = 150 });
        for (var seed = 0; seed < 60; seed++)
        {
            var questions = new RandomQuestions(seed);
            var selection = questions.Selection();
            var sort = new SortOrder(questions.Pick(Enum.GetValues<SortField>()), questions.Random.Next(2) == 0);
            var meets = RandomQuestions.Test(selection, world.Apps.NameOf);
            var before = world.AllSpans().Where(span => span.IsCall && meets(span.Span)).ToDictionary(span => Id(span.Span));
            var asOf = world.Store.Folder.Catalog.Position!.Value.Number;

            var listed = new List<string>();
            var (newer, next, began) = (0L, (string?)null, false);
            while (!began || next is not null)
            {
                var page = Found(await world.Calls.ListAsync(selection, sort, questions.Random.Next(1, 30), next, Cancel));
                listed.AddRange(page.Items.Select(Id));
                (newer, next, began) = (page.Newer, page.Next, true);
                if (next is null) break;
                if (questions.Random.Next(4) == 0) world.AddChunk(questions.Random.Next(1, 8));
                if (questions.Random.Next(3) == 0) world.Revise(questions.Random.Next(1, 12));
            }

            Assert.Equal(listed.Count, listed.Distinct(StringComparer.Ordinal).Count());
            Assert.All(listed, id => Assert.Contains(id, before));
            // What a later copy has replaced, or judging has changed, since is another call now; all others must have come.
            var after = world.AllSpans().Where(span => span.IsCall && meets(span.Span)).ToDictionary(span => Id(span.Span));
            foreach (var (id, call) in before)
                if (after.GetValueOrDefault(id) is { Span: not null } now && now.Number == call.Number && Key(now.Span) == Key(call.Span)) Assert.Contains(id, listed);
            if (listed.Count > 30) Assert.Equal(after.Values.Count(call => call.Number > asOf), newer);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Searched_until_leaves_nothing_out_on_either_side(bool descending)
    {
        using var slow = new QueryWorld(seed: 22, chunks: 6, options: new QueryOptions { PageTime = TimeSpan.FromTicks(1) }, queryTime: new SteppingTime(TimeSpan.FromMilliseconds(1)));
        var selection = Everything with { Filter = "user:anna" };
        var meets = RandomQuestions.Test(selection, slow.Apps.NameOf);
        var expected = slow.AllCalls().Where(meets).ToList();
        var (listed, told, next, began) = (new List<Span>(), 0, (string?)null, false);
        while (!began || next is not null)
        {
            var page = Found(await slow.Calls.ListAsync(selection, new SortOrder(SortField.End, descending), 5, next, Cancel));
            (next, began) = (page.Next, true);
            listed.AddRange(page.Items);
            if (page.SearchedUntil is not { } until) continue;
            told++;
            // All on this side of it have been listed; a full page may share its last moment with what follows.
            Assert.All(expected.Where(call => descending ? call.End > until : call.End < until), call => Assert.Contains(listed, one => Id(one) == Id(call)));
        }

        Assert.True(told > 3);
        Assert.Equal(expected.Select(Id).Order(StringComparer.Ordinal), listed.Select(Id).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_cursor_goes_on_behind_a_day_that_retention_has_taken()
    {
        using var world = new QueryWorld(seed: 23, chunks: 5);
        var first = Found(await world.Calls.ListAsync(Everything, SortOrder.Newest, 30, null, Cancel));
        var place = first.Items[^1];
        foreach (var partition in world.Store.Folder.Partitions.Where(partition => partition.From <= place.End && place.End < partition.To).ToList())
        {
            world.Store.Writer.Release(partition.File);
            world.Store.Folder.Catalog.Remove(partition);
            world.Store.Folder.Publish();
        }

        var rest = world.AllCalls().Where(call => call.End < place.End).Select(Id).ToList();
        var listed = new List<string>();
        for (var next = first.Next; next is not null;)
        {
            var page = Found(await world.Calls.ListAsync(Everything, SortOrder.Newest, 100, next, Cancel));
            listed.AddRange(page.Items.Select(Id));
            next = page.Next;
        }

        Assert.NotEmpty(rest);
        Assert.Equal(rest.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_cursor_into_a_day_that_was_rebuilt_says_so()
    {
        using var world = new QueryWorld(seed: 24, chunks: 5);
        foreach (var sort in (SortOrder[])[SortOrder.Newest, new SortOrder(SortField.Cost, true)])
        {
            var next = Found(await world.Calls.ListAsync(Everything, sort, 30, null, Cancel)).Next!;
            Assert.NotNull(Found(await world.Calls.ListAsync(Everything, sort, 30, next, Cancel)).Next);
            // A file of the same name that was written anew.
            foreach (var partition in world.Store.Folder.Partitions)
            {
                using var file = StoreDatabase.OpenForWriting(Path.Combine(world.Store.Folder.Folder, partition.File), "partition", 1_024);
                StoreDatabase.Execute(file, "UPDATE meta SET value = value + 1 WHERE key = 'identity'");
            }

            var gone = Assert.IsType<Answer<Page<Span>>.Invalid>(await world.Calls.ListAsync(Everything, sort, 30, next, Cancel));
            Assert.Equal(("cursor", "cursor_gone"), (gone.Field, gone.Code));
        }
    }

    // Everything that a list can be ordered by.
    private static (Timestamp, long?, long?, decimal?, long?) Key(Span call) =>
        (call.End, call.DurationNanoseconds, call.Call!.TtftNanoseconds, call.Call.Cost.TotalUsd, call.Call.Usage.Total);

    private static Page<Span> Found(Answer<Page<Span>> answer) => Assert.IsType<Answer<Page<Span>>.Found>(answer).Value;
}
