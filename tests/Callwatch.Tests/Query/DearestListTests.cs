using Callwatch.Query;
using Callwatch.Spans;
using Xunit;

namespace Callwatch.Tests.Query;

/// <summary>Lists in other orders than by end, of what is never among the first of a day: they are what a plain look at all rows gives, or say that they are not.</summary>
public sealed class DearestListTests
{
    private static readonly string?[] Filters =
    [
        "app:\"help desk\"", "model:small", "app:\"help desk\" cost>0", "model:small latency>20ms", "app:\"help desk\" env:staging", "tag:beta", "user:user3", "env:staging", "-input_tokens:*", "outcome:cancelled model:small",
        "-cost:* app:\"help desk\"", "model:none", null,
    ];

    private static readonly (SortField Field, bool Descending)[] Orders =
        [(SortField.Cost, true), (SortField.Duration, true), (SortField.TotalTokens, true), (SortField.Ttft, true), (SortField.Cost, false), (SortField.TotalTokens, false)];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_dearest_of_an_app_that_is_never_among_the_dearest_are_those_of_a_plain_look_at_all_rows()
    {
        using var ordered = new OrderWorld(seed: 41);
        await AssertPlainAsync(ordered, 4);
        ordered.Close(Cancel);
        await AssertPlainAsync(ordered, 1);

        // Hours that late calls fall into stand no more; nor does their day.
        ordered.AddLate(60);
        ordered.Revise(20);
        await AssertPlainAsync(ordered, 3);
        ordered.Derive(Cancel);
        await AssertPlainAsync(ordered, 3);
    }

    [Fact]
    public async Task The_dearest_traces_by_what_their_spans_have_are_those_of_a_plain_look_at_all_of_them()
    {
        using var ordered = new OrderWorld(seed: 42);
        for (var closed = 0; closed < 2; closed++)
        {
            var (calls, places) = (ordered.World.AllCalls(), ordered.Rows().Traces);
            foreach (var filter in (string[])["model:small", "model:sm*", "-model:large", "provider:openai -tag:beta model:small", "model:none"])
            {
                foreach (var (field, descending) in Orders.Where(order => order.Field != SortField.Ttft))
                {
                    var selection = Range(filter, calls.Count);
                    // Each trace is of one call.
                    var expected = Sorted(calls.Where(RandomQuestions.Test(selection, ordered.World.Apps.NameOf)), call => OrderWorld.Value(call, field), call => places[call.TraceId], descending).Select(call => call.TraceId).ToList();
                    var found = new List<TraceId>();
                    for (string? cursor = null; ;)
                    {
                        var page = Assert.IsType<Answer<Page<TraceSummary>>.Found>(await ordered.World.Traces.ListAsync(selection, new SortOrder(field, descending), 20, cursor, Cancel)).Value;
                        Assert.Null(page.SearchedUntil);
                        found.AddRange(page.Items.Select(trace => trace.TraceId));
                        // As far as anybody goes.
                        if ((cursor = page.Next) is null || found.Count >= 100) break;
                    }

                    Assert.Equal(expected.Take(found.Count < 100 ? expected.Count : found.Count), found);
                }
            }

            if (closed == 0) ordered.Close(Cancel);
        }
    }

    [Fact]
    public async Task The_dearest_traces_of_which_many_are_left_out_on_a_closer_look_are_all_there()
    {
        using var ordered = new OrderWorld(seed: 44);
        ordered.AddAcrossMidnight(200, "rare");
        var selection = Range("model:rare", 0);
        for (var closed = 0; closed < 2; closed++)
        {
            var byEnd = await AllAsync(SortField.End, 200);
            Assert.Equal(110, byEnd.Count);
            foreach (var limit in (int[])[7, 30, 45])
            {
                var byCost = await AllAsync(SortField.Cost, limit);
                Assert.Equal(byEnd.OrderByDescending(trace => trace.CostUsd ?? -1).Select(trace => trace.CostUsd), byCost.Select(trace => trace.CostUsd));
                Assert.Equal(byEnd.Select(trace => trace.TraceId).ToHashSet(), byCost.Select(trace => trace.TraceId).ToHashSet());
            }

            if (closed == 0) ordered.Close(Cancel);
        }

        async Task<List<TraceSummary>> AllAsync(SortField field, int limit)
        {
            var found = new List<TraceSummary>();
            for (string? cursor = null; ;)
            {
                var page = Assert.IsType<Answer<Page<TraceSummary>>.Found>(await ordered.World.Traces.ListAsync(selection, new SortOrder(field, true), limit, cursor, Cancel)).Value;
                found.AddRange(page.Items);
                if ((cursor = page.Next) is null) return found;
            }
        }
    }

    [Fact]
    public async Task When_the_time_is_up_what_was_found_is_answered_and_it_says_how_far_it_looked()
    {
        var clock = new AdjustableSteps();
        using var ordered = new OrderWorld(seed: 43, queryTime: clock);
        ordered.Close(Cancel);
        var (all, places) = (ordered.World.AllCalls(), ordered.Rows().Calls);
        var (cut, whole, refused) = (0, 0, 0);
        for (var round = 0; round < 120; round++)
        {
            var selection = Range(Filters[round % 9], 0);
            var sort = new SortOrder(Orders[round % 6].Field, Orders[round % 6].Descending);
            // From so quickly that nothing is found to so slowly that all is.
            clock.Step = TimeSpan.FromMilliseconds(2_000.0 / (4 + (round * round / 12)));
            var answer = await ordered.World.Calls.ListAsync(selection, sort, 15, null, Cancel);
            if (answer is not Answer<Page<Span>>.Found { Value: var page })
            {
                Assert.IsType<Answer<Page<Span>>.TooMuch>(answer);
                refused++;
                continue;
            }

            var meant = Sorted(all.Where(RandomQuestions.Test(selection, ordered.World.Apps.NameOf)), call => OrderWorld.Value(call, sort.Field), Place, sort.Descending).ToList();
            var items = page.Items.Select(Id).ToList();
            if (page.SearchedUntil is not { } until)
            {
                whole++;
                Assert.Equal(meant.Take(15).Select(Id), items);
                continue;
            }

            cut++;
            Assert.NotEmpty(items);
            Assert.Null(page.Next);
            Assert.Equal(meant.Select(Id).Where(items.Contains), items);
            // Everything since then was looked at: what is not here stands behind what is, or the page is full.
            var since = meant.Where(call => call.End >= until).Select(Id).ToList();
            var last = meant.FindIndex(call => Id(call) == items[^1]);
            Assert.All(since.Except(items), left => Assert.True(items.Count == 15 && meant.FindIndex(call => Id(call) == left) > last));
        }

        Assert.True(cut > 0 && whole > 0 && refused > 0, $"{cut} cut short, {whole} whole, {refused} refused");

        (int, int, long) Place(Span call) => places[Id(call)];
    }

    private static async Task AssertPlainAsync(OrderWorld ordered, int every)
    {
        var (all, places) = (ordered.World.AllCalls(), ordered.Rows().Calls);
        var asked = 0;
        foreach (var filter in Filters)
        {
            foreach (var (field, descending) in Orders)
            {
                if (asked++ % every != 0) continue;
                var selection = Range(filter, asked);
                var expected = Sorted(all.Where(RandomQuestions.Test(selection, ordered.World.Apps.NameOf)), call => OrderWorld.Value(call, field), call => places[Id(call)], descending).Select(Id).ToList();
                var found = new List<(TraceId, SpanId)>();
                for (string? cursor = null; ;)
                {
                    var page = Assert.IsType<Answer<Page<Span>>.Found>(await ordered.World.Calls.ListAsync(selection, new SortOrder(field, descending), asked % 3 == 0 ? 3 : 25, cursor, Cancel)).Value;
                    Assert.Null(page.SearchedUntil);
                    found.AddRange(page.Items.Select(Id));
                    // As far as anybody goes.
                    if ((cursor = page.Next) is null || found.Count >= 60) break;
                }

                Assert.Equal(expected.Take(found.Count < 60 ? expected.Count : found.Count), found);
            }
        }
    }

    // All of it, some days in part, an hour or two, an app by its name.
    private static Selection Range(string? filter, int number)
    {
        var (from, to) = (number % 4) switch
        {
            1 => (OrderWorld.From.Plus(TimeSpan.FromHours(7.5)), OrderWorld.To.Plus(TimeSpan.FromHours(-20.2))),
            2 => (OrderWorld.From.Plus(TimeSpan.FromHours(25.7)), OrderWorld.From.Plus(TimeSpan.FromHours(28.1))),
            _ => (OrderWorld.From, OrderWorld.To),
        };
        return new Selection { Scope = QueryWorld.Tenant, From = from, To = to, Filter = filter, Apps = filter is null ? [OrderWorld.Cheap] : [] };
    }

    private static IEnumerable<Span> Sorted(IEnumerable<Span> calls, Func<Span, long?> value, Func<Span, (int, int, long)> place, bool descending) => descending
        ? calls.OrderByDescending(call => value(call) ?? long.MinValue).ThenByDescending(place)
        : calls.OrderBy(call => value(call) ?? long.MaxValue).ThenBy(place);

    private static (TraceId, SpanId) Id(Span call) => (call.TraceId, call.SpanId);

    /// <summary>A clock that moves by a step each time it is read.</summary>
    private sealed class AdjustableSteps : TimeProvider
    {
        private long ticks;

        public TimeSpan Step { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Add(ref ticks, Step.Ticks);
    }
}
