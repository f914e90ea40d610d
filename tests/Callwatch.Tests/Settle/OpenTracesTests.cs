using Callwatch.Journal;
using Callwatch.Settle;
using Callwatch.Spans;
using Xunit;
using static Callwatch.Testing.OtlpBytes;

namespace Callwatch.Tests.Settle;

/// <summary>When a trace is taken to be complete.</summary>
public sealed class OpenTracesTests
{
    private static readonly Timestamp T0 = Timestamp.FromUnixSeconds(1_790_000_000);

    private readonly SettleOptions options = new();

    [Fact]
    public void A_trace_settles_two_seconds_after_its_root_has_ended_and_nothing_more_came()
    {
        var open = new OpenTraces(options);
        open.Take(Record(1, T0, Span(1)), null);
        Assert.Empty(open.Settle(T0.Plus(TimeSpan.FromSeconds(1.9))));
        open.Take(Record(2, T0.Plus(TimeSpan.FromSeconds(1.9)), Child(1, 2)), null);
        Assert.Empty(open.Settle(T0.Plus(TimeSpan.FromSeconds(3.8))));
        var (trace, reason) = Assert.Single(open.Settle(T0.Plus(TimeSpan.FromSeconds(3.9))));
        Assert.Equal(SettleReason.RootEnded, reason);
        Assert.Equal(2, trace.Count);
        Assert.Equal(0, open.Count);
    }

    [Fact]
    public void Without_a_root_it_waits_a_minute()
    {
        var open = new OpenTraces(options);
        open.Take(Record(1, T0, Child(1, 2)), null);
        Assert.Empty(open.Settle(T0.Plus(TimeSpan.FromSeconds(59))));
        Assert.Equal(SettleReason.Quiet, Assert.Single(open.Settle(T0.Plus(TimeSpan.FromSeconds(60)))).Reason);
    }

    [Fact]
    public void A_span_that_was_called_from_another_process_is_the_root_of_what_comes_here()
    {
        var open = new OpenTraces(options);
        open.Take(Record(1, T0, Child(1, 2, Fixed32(16, 0x300))), null);
        Assert.Equal(SettleReason.RootEnded, Assert.Single(open.Settle(T0.Plus(TimeSpan.FromSeconds(2)))).Reason);
    }

    [Fact]
    public void A_trace_that_keeps_coming_settles_after_five_minutes()
    {
        var open = new OpenTraces(options);
        for (var second = 0; second < 300; second++)
        {
            var at = T0.Plus(TimeSpan.FromSeconds(second));
            open.Take(Record(second + 1, at, Child(1, second + 2)), null);
            Assert.Empty(open.Settle(at));
        }

        var (trace, reason) = Assert.Single(open.Settle(T0.Plus(TimeSpan.FromMinutes(5))));
        Assert.Equal(SettleReason.Long, reason);
        Assert.Equal(300, trace.Count);
    }

    [Fact]
    public void A_trace_that_grows_large_settles_at_once_and_goes_on_as_the_next_part()
    {
        options.MostSpans = 3;
        var open = new OpenTraces(options);
        open.Take(Record(1, T0, Child(1, 2), Child(1, 3), Child(1, 4), Child(1, 5)), null);
        var (first, reason) = Assert.Single(open.Settle(T0));
        Assert.Equal((3, SettleReason.Large), (first.Count, reason));
        Assert.Equal(1, Assert.Single(open.Settle(T0.Plus(TimeSpan.FromMinutes(1)))).Trace.Count);
    }

    [Fact]
    public void Under_pressure_the_oldest_settle_early()
    {
        options.MostWaiting = 2;
        var open = new OpenTraces(options);
        open.Take(Record(1, T0, Child(1, 2)), null);
        open.Take(Record(2, T0, Child(2, 3)), null);
        open.Take(Record(3, T0, Child(3, 4)), null);
        var (oldest, reason) = Assert.Single(open.Settle(T0));
        Assert.Equal((1L, SettleReason.Pressure), (oldest.FirstNumber, reason));
    }

    [Fact]
    public void Of_a_span_sent_twice_the_later_copy_counts()
    {
        var open = new OpenTraces(options);
        open.Take(Record(1, T0, Span(1)), null);
        open.Take(Record(2, T0, Span(1)), null);
        var (trace, _) = Assert.Single(open.Settle(T0.Plus(TimeSpan.FromSeconds(2))));
        Assert.Equal(2, Assert.Single(trace.Settle(1, 1, SettleReason.RootEnded, T0).Spans).Number);
    }

    [Fact]
    public void Tenants_never_share_a_trace()
    {
        var open = new OpenTraces(options);
        open.Take(Record(1, T0, Span(1)), null);
        open.Take(Record(2, T0, Span(1)) with { TenantId = 2 }, null);
        Assert.Equal([1, 2], open.Settle(T0.Plus(TimeSpan.FromSeconds(2))).Select(settled => settled.Trace.TenantId).Order());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20_000)]
    public void What_came_before_the_clock_was_put_back_waits_no_longer_than_all_else(int hours)
    {
        var wrong = T0.Plus(TimeSpan.FromHours(hours));
        var open = new OpenTraces(options);
        open.Take(Record(1, wrong, Span(1)), null);
        open.Take(Record(2, wrong, Child(2, 3)), null);
        Assert.Empty(open.Settle(wrong.Plus(TimeSpan.FromSeconds(1))));
        Assert.Empty(open.Settle(T0));
        open.Take(Record(3, T0.Plus(TimeSpan.FromSeconds(1)), Span(4)), null);
        Assert.Equal(1, Assert.Single(open.Settle(T0.Plus(TimeSpan.FromSeconds(2)))).Trace.FirstNumber);
        Assert.Equal(3, Assert.Single(open.Settle(T0.Plus(TimeSpan.FromSeconds(3)))).Trace.FirstNumber);
        var (last, reason) = Assert.Single(open.Settle(T0.Plus(TimeSpan.FromSeconds(60))));
        Assert.Equal((2L, SettleReason.Quiet, T0), (last.FirstNumber, reason, last.LastReceivedAt));
        Assert.Null(open.NextDue);
    }

    [Fact]
    public void A_clock_that_goes_back_by_a_minute_moves_nothing()
    {
        var open = new OpenTraces(options);
        open.Take(Record(1, T0, Span(1)), null);
        Assert.Empty(open.Settle(T0.Plus(TimeSpan.FromMinutes(-1))));
        var (trace, _) = Assert.Single(open.Settle(T0.Plus(TimeSpan.FromSeconds(2))));
        Assert.Equal(T0, trace.LastReceivedAt);
    }

    internal static JournalRecord Record(long number, Timestamp at, params byte[][] spans) => new()
    {
        Number = number,
        Signal = Signal.Traces,
        TenantId = 1,
        AppId = 2,
        KeyId = 3,
        ReceivedAt = at,
        ItemCount = spans.Length,
        Payload = Request(spans),
    };

    internal static byte[] Child(int trace, int span, params byte[][] more) =>
        Join([Id(1, 16, trace), Id(2, 8, span), Id(4, 8, 999_999), Text(5, "child"), Fixed64(7, Start), Fixed64(8, Start + 1), .. more]);

    private static byte[] Fixed32(int field, uint value) => [(byte)0x85, 0x01, .. BitConverter.GetBytes(field == 16 ? value : 0)];
}
