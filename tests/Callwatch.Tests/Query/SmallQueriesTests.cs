using Callwatch.Query;
using Callwatch.Spans;
using Callwatch.Store.Rollups;
using Xunit;

namespace Callwatch.Tests.Query;

public sealed class SmallQueriesTests(CallQueriesTests.World world) : IClassFixture<CallQueriesTests.World>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Facets_count_the_calls_of_the_range()
    {
        foreach (var (field, value) in ((string, Func<Span, IEnumerable<string?>>)[])
        [
            ("model", call => [call.Call!.Model]), ("user", call => [call.UserId]), ("tag", call => call.Tags.Distinct()), ("app", call => [world.Query.Apps.NameOf(call.AppId)]),
            ("outcome", call => [call.Outcome.Word()]), ("metadata.plan", call => [call.Metadata.GetValueOrDefault("plan")]), ("http_status", call => [call.HttpStatus?.ToString()]),
            ("session", call => [call.SessionId]), ("env", call => [call.Environment]), ("finish", call => call.Call!.FinishReasons.Take(1)),
        ])
        {
            for (var seed = 0; seed < 10; seed++)
            {
                var selection = new RandomQuestions(seed).Selection();
                var told = Found(await world.Query.Facets.ValuesAsync(field, null, selection, 1_000, Cancel));
                var expected = world.Query.AllCalls().Where(RandomQuestions.Test(selection, world.Query.Apps.NameOf)).SelectMany(value).OfType<string>().GroupBy(text => text)
                    .Select(group => (group.Key, (long)group.Count())).OrderByDescending(pair => pair.Item2).ThenBy(pair => pair.Key, StringComparer.Ordinal);
                Assert.Equal(expected, told.Select(item => (item.Value, item.Calls)));
            }
        }

        var everything = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To };
        Assert.All(Found(await world.Query.Facets.ValuesAsync("model", "GPT", everything, 1, Cancel)), item => Assert.StartsWith("gpt", item.Value, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Error_groups_count_the_failed_calls_of_the_range()
    {
        for (var seed = 0; seed < 30; seed++)
        {
            var selection = new RandomQuestions(seed).Selection();
            var told = Found(await world.Query.Errors.GroupsAsync(selection, 1_000, Cancel));
            var failed = world.Query.AllCalls().Where(RandomQuestions.Test(selection, world.Query.Apps.NameOf)).Where(call => call.Outcome == Outcome.Error && call.Error is not null).ToList();
            var expected = failed.GroupBy(call => (ErrorFingerprint.Text(ErrorFingerprint.Of(call.Error!).Value), call.Call!.Provider, call.Call.Model))
                .ToDictionary(group => group.Key, group => (group.Count(), group.Min(call => call.End), group.Max(call => call.End), ErrorFingerprint.Of(group.First().Error!).Message));
            Assert.Equal(expected.Count, told.Count);
            // When it was first seen at all, by the apps asked for.
            var ever = world.Query.AllCalls().Where(RandomQuestions.Test(selection with { Filter = null, From = QueryWorld.From, To = QueryWorld.To }, world.Query.Apps.NameOf))
                .Where(call => call.Outcome == Outcome.Error && call.Error is not null).ToLookup(call => (ErrorFingerprint.Text(ErrorFingerprint.Of(call.Error!).Value), call.Call!.Provider, call.Call.Model));
            foreach (var group in told)
            {
                var (count, _, last, message) = expected[(group.Fingerprint, group.Provider, group.Model)];
                var first = ever[(group.Fingerprint, group.Provider, group.Model)].Min(call => call.End);
                Assert.Equal((count, first, last, message), ((int)group.Count, group.FirstSeen, group.LastSeen, group.Message));
                Assert.Equal((double)count / failed.Count, group.Share);
                Assert.InRange(group.SampleTraces.Count, 1, 5);
                Assert.All(group.SampleTraces, trace => Assert.Contains(failed, call => call.TraceId == trace));
            }
        }
    }

    [Fact]
    public async Task Sessions_and_users_are_the_sum_of_their_calls_page_by_page()
    {
        var selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To };
        foreach (var users in (bool[])[true, false])
        {
            var listed = new List<PersonSummary>();
            string? next = null;
            do
            {
                var answer = users ? await world.Query.People.UsersAsync(selection, 2, next, Cancel) : await world.Query.People.SessionsAsync(selection, 2, next, Cancel);
                var page = Assert.IsType<Answer<Page<PersonSummary>>.Found>(answer).Value;
                listed.AddRange(page.Items);
                next = page.Next;
            }
            while (next is not null);

            var expected = world.Query.AllCalls().Where(call => (users ? call.UserId : call.SessionId) is not null).GroupBy(call => users ? call.UserId! : call.SessionId!).ToList();
            Assert.Equal(expected.OrderByDescending(group => group.Max(call => call.End)).Select(group => group.Key), listed.Select(item => item.Id));
            foreach (var group in expected)
            {
                var told = listed.Single(item => item.Id == group.Key);
                Assert.Equal(
                    (group.Count(), group.Count(call => call.Outcome == Outcome.Error), group.Sum(call => call.Call!.Usage.Total ?? 0), group.Sum(call => call.Call!.Cost.TotalUsd ?? 0)),
                    ((int)told.Calls, (int)told.Errors, told.TotalTokens, told.CostUsd));
                if (users) Assert.Equal(group.Select(call => call.SessionId).OfType<string>().Distinct().Count(), told.Sessions);
            }
        }
    }

    [Fact]
    public async Task Any_id_leads_to_its_traces()
    {
        var call = world.Query.AllCalls().First(call => call.Call!.ResponseId is not null && call.SessionId is not null && call.UserId is not null);
        Assert.Equal(call.TraceId, Assert.Single(await world.Query.Lookup.FindAsync(QueryWorld.Tenant, call.TraceId.ToString(), Cancel)).TraceId);
        var guid = Guid.Parse(call.TraceId.ToString()).ToString("D");
        Assert.Equal(call.TraceId, Assert.Single(await world.Query.Lookup.FindAsync(QueryWorld.Tenant, guid, Cancel)).TraceId);
        foreach (var id in (string[])[call.Call!.ResponseId!, call.SessionId!, call.UserId!, call.SpanId.ToString()])
        {
            var matches = await world.Query.Lookup.FindAsync(QueryWorld.Tenant, id, Cancel);
            Assert.NotEmpty(matches);
            Assert.All(matches, match => Assert.Equal("received", match.Steps[0].Step));
        }

        Assert.Empty(await world.Query.Lookup.FindAsync(new ReadScope(3), call.TraceId.ToString(), Cancel));
        Assert.Empty(await world.Query.Lookup.FindAsync(QueryWorld.Tenant, "  ", Cancel));
    }

    [Fact]
    public async Task A_question_that_takes_too_long_is_told_how_to_ask_for_less()
    {
        using var slow = new QueryWorld(seed: 4, chunks: 2, queryTime: new SteppingTime(TimeSpan.FromSeconds(1)));
        var selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To, Filter = "user:anna" };
        Assert.IsType<Answer<StatsAnswer>.TooMuch>(await slow.Stats.FiguresAsync(new StatsQuestion { Selection = selection, Step = Step.Day }, Cancel));
        Assert.IsType<Answer<Page<Span>>.TooMuch>(await slow.Calls.ListAsync(selection, new SortOrder(SortField.Cost, true), 10, null, Cancel));
        Assert.IsType<Answer<Page<ErrorGroup>>.TooMuch>(await slow.Errors.GroupsAsync(selection, 10, Cancel));
    }

    [Fact]
    public async Task A_caller_who_goes_away_ends_the_question()
    {
        var selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To };
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => world.Query.Stats.FiguresAsync(new StatsQuestion { Selection = selection, Step = Step.Day }, gone.Token));
    }

    private static IReadOnlyList<T> Found<T>(Answer<Page<T>> answer) => Assert.IsType<Answer<Page<T>>.Found>(answer).Value.Items;
}
