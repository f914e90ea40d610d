using Callwatch.Dashboard.Frame;
using Callwatch.Dashboard.Traces;
using Callwatch.Query.Traces;
using Callwatch.Spans;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard;

/// <summary>What of a trace too large for a page is drawn, and how the rest is come to.</summary>
public sealed class WaterfallTests
{
    private const int Count = 10_000;

    private static readonly Place Page = new() { Path = "/traces/x" };

    public static TheoryData<string> Shapes => ["flat", "deep", "wide", "bushy", "random", "ladder"];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Every_span_is_a_few_steps_away_and_stands_in_one_place_alone(string shape)
    {
        var tree = Tree(shape);
        var seen = new HashSet<SpanNode>();
        var next = new Queue<(Place Place, int Steps)>([(Page, 0)]);
        while (next.TryDequeue(out var at))
        {
            var part = TracePart.Of(tree, at.Place);
            var items = Waterfall.Items(part, null);
            Assert.InRange(items.Count, 1, Waterfall.Whole);
            Assert.InRange(at.Steps, 0, 12);
            foreach (var item in items)
            {
                // The span a part hangs from has been seen as the row that was opened.
                if (item is WaterfallItem.Row row) Assert.True(seen.Add(row.Node) || (row.Node == part.Tops[0] && at.Place.Find("under") is not null));
                if (TracePart.Behind(item, at.Place) is { } behind) next.Enqueue((behind, at.Steps + 1));
            }
        }

        Assert.Equal(Count, seen.Count);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_part_adds_up_to_the_trace_whatever_is_folded(string shape)
    {
        var tree = Tree(shape);
        foreach (var chosen in new[] { null, tree.Find(new SpanId(1)), tree.Find(new SpanId(Count / 2)), tree.Find(new SpanId(Count)) })
        {
            var items = Waterfall.Items(TracePart.Whole(tree), chosen);
            Assert.InRange(items.Count, 20, Waterfall.MostRows * 3 / 2);
            Assert.Equal(Count, items.Sum(item => item switch
            {
                WaterfallItem.Row row => row.Open ? 1 : row.Node.Below + 1,
                WaterfallItem.Run run => run.Sums.Spans,
                WaterfallItem.Levels levels => levels.Sums.Spans,
                _ => 0,
            }));
            if (chosen is not null) Assert.Contains(items, item => item is WaterfallItem.Row row && row.Node == chosen);
        }
    }

    [Fact]
    public void Of_many_neighbours_those_stand_out_that_failed_cost_most_or_took_longest()
    {
        var spans = Flat();
        spans[6_000] = spans[6_000] with { Outcome = Outcome.Error };
        spans[7_000] = spans[7_000] with { End = spans[7_000].Start.Plus(TimeSpan.FromSeconds(9)), DurationNanoseconds = 9_000_000_000 };
        spans[8_000] = spans[8_000] with { Kind = SpanKind.Chat, Call = new LlmCall { Source = CallSource.Recorded, Cost = new CallCost { TotalUsd = 3 } } };
        var items = Waterfall.Items(TracePart.Whole(new SpanTree(spans)), null);
        var rows = items.OfType<WaterfallItem.Row>().Select(row => row.Node.Span.SpanId.Value).ToList();
        Assert.Subset(rows.ToHashSet(), new HashSet<ulong> { 1, 6_001, 7_001, 8_001, Count });
        Assert.Equal(0, items.OfType<WaterfallItem.Run>().Sum(run => run.Sums.Errors));
    }

    [Fact]
    public void Failures_that_are_not_drawn_are_counted_where_they_are()
    {
        var spans = Flat().Select(span => span.SpanId.Value % 10 == 0 ? span with { Outcome = Outcome.Error } : span).ToList();
        var items = Waterfall.Items(TracePart.Whole(new SpanTree(spans)), null);
        var drawn = items.OfType<WaterfallItem.Row>().Count(row => row.Node.HasError);
        Assert.InRange(drawn, 10, Waterfall.MostRows);
        Assert.Equal(Count / 10, drawn + items.OfType<WaterfallItem.Run>().Sum(run => run.Sums.Errors));
    }

    [Fact]
    public void An_address_that_names_no_part_is_that_of_the_whole_trace()
    {
        var tree = Tree("bushy");
        foreach (var (name, value) in new[]
        {
            ("under", "00000000000fffff"), ("run", "0000000000000003"), ("run", "0000000000000001.000000000000000b"), ("run", "0000000000000005.0000000000000003"),
            ("between", "0000000000000002.0000000000000001"), ("between", "0000000000000002.0000000000000002"), ("between", "x.y"),
        }) Assert.True(TracePart.Of(tree, Page.With(name, value)).IsWhole, name + "=" + value);
    }

    private static SpanTree Tree(string shape)
    {
        var random = new Random(5);
        return new SpanTree(shape switch
        {
            "flat" => Flat(),
            "deep" => [.. Numbers().Select(i => Span(i, i - 1, 40))],
            "wide" => [.. Numbers().Select(i => Span(i, i == 1 ? 0 : 1, random.NextDouble()))],
            "bushy" => [.. Numbers().Select(i => Span(i, i / 10, 1))],
            "random" => [.. Numbers().Select(i => Span(i, i == 1 ? 0 : random.Next(Math.Max(1, i - 300), i), random.NextDouble()))],
            // A long way down with a span beside each step.
            _ => [.. Numbers().Select(i => Span(i, i % 2 == 0 ? i - 1 : i - 2 < 0 ? 0 : i - 2, 20))],
        });
    }

    private static IEnumerable<int> Numbers() => Enumerable.Range(1, Count);

    private static List<Span> Flat() => [.. Numbers().Select(i => Span(i, 0, 0.5))];

    private static Span Span(int id, int parent, double seconds) => new()
    {
        TenantId = 1,
        AppId = 1,
        TraceId = new TraceId(1, 1),
        SpanId = new SpanId((ulong)id),
        ParentSpanId = new SpanId((ulong)Math.Max(0, parent)),
        Name = "span",
        DisplayName = "span",
        Kind = SpanKind.Tool,
        Start = new Timestamp(1_000_000_000_000 + (id * 1_000_000L)),
        End = new Timestamp(1_000_000_000_000 + (id * 1_000_000L) + (long)(seconds * 1e9)),
        DurationNanoseconds = (long)(seconds * 1e9),
        Outcome = Outcome.Success,
    };
}
