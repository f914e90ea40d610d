using System.Text.Json.Nodes;
using Callwatch.Query;
using Callwatch.Query.Filters;
using Callwatch.Query.Filters.Sql;
using Callwatch.Spans;
using Callwatch.Store;
using Xunit;

namespace Callwatch.Tests.Query;

public sealed class TraceQueriesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <param name="mostRows">Few make several partitions of a day, so that traces lie in more than one.</param>
    [Theory]
    [InlineData(2_000_000)]
    [InlineData(60)]
    public async Task Pages_together_are_exactly_the_traces_that_meet_the_filter(int mostRows)
    {
        using var world = new QueryWorld(seed: 21, chunks: 6, tracesPerChunk: 50, storeOptions: new StoreOptions { CacheKib = 2_048, MostRows = mostRows });
        var spans = world.AllSpans().ToLookup(span => span.Span.TraceId);
        var everything = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To };
        var all = await All(world, everything, SortOrder.Newest, 1_000);
        Assert.Equal(spans.Count, all.Count);
        for (var seed = 0; seed < 80; seed++)
        {
            var questions = new RandomQuestions(seed);
            var selection = questions.Selection();
            if (selection.Filter?.Contains("env:", StringComparison.Ordinal) == true) continue;
            var sort = new SortOrder(questions.Pick(SortField.End, SortField.Duration, SortField.Cost, SortField.TotalTokens), questions.Random.Next(2) == 0);
            var filter = ((FilterResult.Parsed)FilterParser.Parse(selection.Filter)).Filter;
            var expected = all.Where(trace => trace.End >= selection.From && trace.End < selection.To
                && (selection.Apps.Count == 0 || trace.Apps.Any(selection.Apps.Contains)) && Meets(trace, [.. spans[trace.TraceId]], filter, world)).ToList();
            var listed = await All(world, selection, sort, questions.Random.Next(3, 80));

            Assert.Equal(
                expected.Select(trace => trace.TraceId.ToString()).Order(StringComparer.Ordinal), listed.Select(trace => trace.TraceId.ToString()).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task A_summary_is_the_sum_of_its_calls()
    {
        using var world = new QueryWorld(seed: 22, chunks: 4);
        var spans = world.AllSpans().ToLookup(span => span.Span.TraceId);
        foreach (var trace in await All(world, new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To }, SortOrder.Newest, 1_000))
        {
            var own = spans[trace.TraceId].ToList();
            var calls = own.Where(span => span.IsCall).Select(span => span.Span.Call!).ToList();
            Assert.Equal((own.Count, calls.Count), (trace.SpanCount, trace.CallCount));
            Assert.Equal(calls.Sum(call => call.Usage.Total ?? 0), trace.Usage.Total ?? 0);
            Assert.Equal(calls.Sum(call => call.Cost.TotalUsd ?? 0), trace.CostUsd ?? 0);
            Assert.Equal(own.Max(span => span.Span.End), trace.End);
            Assert.Equal(own.Min(span => span.Span.Start), trace.Start);
            Assert.Equal(calls.Select(call => call.Model).OfType<string>().Distinct().Order(StringComparer.Ordinal), trace.Models);
            var view = await world.Traces.FindAsync(QueryWorld.Tenant, trace.TraceId, TraceQueries.MaxSpans, null, Cancel);
            Assert.Equal(trace.SpanCount, view!.Spans.Count);
            Assert.Equal(view.Spans.OrderBy(span => span.Start).Select(span => span.Start), view.Spans.Select(span => span.Start));
        }
    }

    [Fact]
    public async Task A_key_for_one_app_lists_what_it_may_see_of_traces_and_is_filtered_by_that_alone()
    {
        using var world = new QueryWorld(seed: 23, chunks: 4);
        var scope = world.OnlyApp(0);
        var own = world.AllSpans().Where(span => span.Span.AppId == scope.OnlyAppId).ToLookup(span => span.Span.TraceId);
        var everything = new Selection { Scope = scope, From = QueryWorld.From, To = QueryWorld.To };
        var all = await All(world, everything, SortOrder.Newest, 1_000);
        Assert.Equal(own.Select(trace => trace.Key.ToString()).Order(StringComparer.Ordinal), all.Select(trace => trace.TraceId.ToString()).Order(StringComparer.Ordinal));
        foreach (var trace in all)
        {
            var calls = own[trace.TraceId].Where(span => span.IsCall).Select(span => span.Span.Call!).ToList();
            Assert.Equal(["shop"], trace.Apps);
            Assert.Equal((own[trace.TraceId].Count(), calls.Count, calls.Sum(call => call.Cost.TotalUsd ?? 0)), (trace.SpanCount, trace.CallCount, trace.CostUsd ?? 0));
        }

        for (var seed = 0; seed < 30; seed++)
        {
            var text = new RandomQuestions(seed).Filter();
            if (text?.Contains("env:", StringComparison.Ordinal) == true) continue;
            var filter = ((FilterResult.Parsed)FilterParser.Parse(text)).Filter;
            var expected = all.Where(trace => Meets(trace, [.. own[trace.TraceId]], filter, world)).Select(trace => trace.TraceId.ToString()).Order(StringComparer.Ordinal);
            Assert.Equal(expected, (await All(world, everything with { Filter = text }, SortOrder.Newest, 37)).Select(trace => trace.TraceId.ToString()).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task Text_whose_journal_record_is_gone_has_expired()
    {
        using var world = new QueryWorld(seed: 24, chunks: 1);
        var span = world.AllSpans()[0].Span;
        var details = await world.Traces.FindSpanAsync(QueryWorld.Tenant, span.TraceId, span.SpanId, Cancel);

        Assert.Equal(span.Content == ContentState.NotCaptured ? ContentState.NotCaptured : ContentState.Expired, details!.Content.State);
        Assert.Equal(new JsonObject().ToJsonString(), details.Content.Attributes.ToJsonString());
        Assert.Equal(span.Name, details.Span.Name);
        Assert.Null(await world.Traces.FindSpanAsync(new ReadScope(3), span.TraceId, span.SpanId, Cancel));
    }

    private static bool Meets(TraceSummary trace, List<(Span Span, bool IsCall, long Number)> spans, Filter filter, QueryWorld world)
    {
        var own = filter.Terms.Where(term => term is FilterTerm.Compare compare && FieldColumns.OfTraces.ContainsKey(compare.Field)).ToList();
        var rest = filter.Terms.Except(own).ToList();
        bool Any(IEnumerable<FilterTerm> terms)
        {
            var all = new Filter([.. terms.Select(term => term with { Negated = false })]);
            return spans.Any(span => all.Matches(span.Span, world.Apps.NameOf(span.Span.AppId), span.IsCall));
        }

        var demanded = rest.Where(term => !term.Negated).ToList();
        return own.All(term => term.Negated != MeetsItself(trace, new Filter([term with { Negated = false }]))) && (demanded.Count == 0 || Any(demanded))
            && rest.Where(term => term.Negated).All(term => !Any([term]));
    }

    private static bool MeetsItself(TraceSummary trace, Filter filter) => trace.Apps.Any(app => filter.Matches(
        new Span
        {
            TenantId = 1,
            AppId = 0,
            TraceId = trace.TraceId,
            SpanId = default,
            Name = trace.Name,
            DisplayName = trace.Name,
            Kind = trace.Kind,
            Start = trace.Start,
            End = trace.End,
            DurationNanoseconds = trace.DurationNanoseconds,
            Outcome = trace.Outcome,
            UserId = trace.UserId,
            SessionId = trace.SessionId,
            Tags = trace.Tags,
            Call = new LlmCall { Source = CallSource.Recorded, Usage = trace.Usage, Cost = new CallCost { TotalUsd = trace.CostUsd } },
        },
        app, isCall: true));

    private static async Task<List<TraceSummary>> All(QueryWorld world, Selection selection, SortOrder sort, int limit)
    {
        var listed = new List<TraceSummary>();
        string? next = null;
        do
        {
            var page = Assert.IsType<Answer<Page<TraceSummary>>.Found>(await world.Traces.ListAsync(selection, sort, limit, next, Cancel)).Value;
            listed.AddRange(page.Items);
            next = page.Next;
        }
        while (next is not null);
        return listed;
    }
}
