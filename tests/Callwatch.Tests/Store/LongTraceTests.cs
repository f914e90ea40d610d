using System.Diagnostics;
using Callwatch.Spans;
using Callwatch.Store;
using Callwatch.Store.Rows;
using Callwatch.Store.Writing;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Store;

public sealed class LongTraceTests(ITestOutputHelper output)
{
    [Fact]
    public void A_trace_of_100_000_spans_is_not_read_back_for_each_of_its_batches()
    {
        using var temp = new TempFolder();
        using var store = new TestStore(temp.At("store"), new StoreOptions());
        var half = Stopwatch.StartNew();
        for (var batch = 0; batch < 10; batch++) store.Store(Spans(batch * 5_000, 5_000));
        half.Stop();
        var rest = Stopwatch.StartNew();
        for (var batch = 10; batch < 20; batch++) store.Store(Spans(batch * 5_000, 5_000));
        rest.Stop();
        output.WriteLine($"first half {half.Elapsed}, second half {rest.Elapsed}");

        Assert.Equal(0, store.Writer.TracesRead);
        var contents = store.Contents();
        Assert.Equal(100_000, contents.Spans.Count);
        Assert.Equal(10_000, contents.Calls.Count);
        Assert.All(contents.Calls, call => Assert.Equal("anna", call.UserId));
        contents.AssertFiguresFollowFromRows();
        Assert.Contains("span_count=100000", Assert.Single(contents.Traces), StringComparison.Ordinal);
    }

    [Fact]
    public void Past_the_bound_spans_of_an_endless_trace_are_stored_once_and_counted()
    {
        using var temp = new TempFolder();
        using var store = new TestStore(temp.At("store"), new StoreOptions());
        store.Store(Spans(0, 100_100));
        for (var batch = 0; batch < 5; batch++)
        {
            store.Store(Spans(100_100 + (batch * 100), 100));
            if (batch == 2) store.Restart();
        }

        // Some of them again, one in a later copy, and one on the next day.
        store.Store(Spans(100_150, 100));
        store.Store([Span(7) with { Version = new SpanVersion(999, 0) }]);
        var late = Span(100_600);
        store.Store([late with { Span = late.Span with { End = late.Span.End.Plus(TimeSpan.FromDays(1)) } }]);

        var contents = store.Contents();
        Assert.Equal(100_601, contents.Spans.Count);
        contents.AssertFiguresFollowFromRows();
        var summary = Assert.Single(contents.Traces);
        Assert.Contains("span_count=100601", summary, StringComparison.Ordinal);
        Assert.Contains($"call_count={contents.Calls.Count}", summary, StringComparison.Ordinal);
        Assert.StartsWith("09/18/2026", summary, StringComparison.Ordinal);
        Assert.Equal(602, store.Counters.Total(Reason.TraceTooLong));
    }

    private static IEnumerable<ArrivedSpan> Spans(int from, int count) => Enumerable.Range(from, count).Select(Span);

    // A tree with three children each, model calls every tenth; the user stands at the root alone.
    private static ArrivedSpan Span(int i)
    {
        var span = new Span
        {
            TenantId = 1,
            AppId = 1,
            TraceId = A.TraceId(1),
            SpanId = new SpanId((ulong)i + 1),
            ParentSpanId = i == 0 ? default : new SpanId((ulong)(i / 3) + 1),
            Name = "step",
            DisplayName = "step",
            Kind = i % 10 == 0 ? SpanKind.Chat : SpanKind.Chain,
            Start = A.Noon,
            End = A.Noon.Plus(TimeSpan.FromMilliseconds(i)),
            DurationNanoseconds = i * 1_000_000L,
            Outcome = Outcome.Success,
            UserId = i == 0 ? "anna" : null,
            Call = i % 10 == 0
                ? new LlmCall { Source = CallSource.Recorded, RequestModel = "m" + (i / 10), Usage = new TokenUsage { Input = 5, Output = 7 } } : null,
        };
        return new ArrivedSpan(span, new SpanVersion((i / 100) + 1, i), 100, span.End);
    }
}
