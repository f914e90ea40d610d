using Callwatch.Spans;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Normalize.Fields;

public sealed class TimeTests
{
    private static readonly (string, object?) Chat = ("gen_ai.operation.name", "chat");

    [Theory]
    [InlineData("gen_ai.response.time_to_first_chunk", 0.05)]
    [InlineData("gen_ai.client.operation.time_to_first_chunk", "0.05")]
    [InlineData("ai.response.msToFirstChunk", 50.0)]
    [InlineData("ai.stream.msToFirstChunk", 50)]
    [InlineData("langfuse.observation.completion_start_time", "\"2026-09-17T12:00:00.050Z\"")]
    [InlineData("langfuse.observation.completion_start_time", "2026-09-17T12:00:00.050Z")]
    [InlineData("gen_ai.user.time_to_first_token", 50_000_000)]
    public void The_time_to_first_token_comes_in_every_unit(string key, object value)
    {
        var call = Normalized.With(Chat, (key, value)).Call!;
        Assert.Equal((50_000_000, false), (call.TtftNanoseconds, call.TtftIsWeak));
    }

    [Fact]
    public void A_clock_that_starts_late_is_trusted_less()
    {
        var call = Normalized.With(Chat, ("gen_ai.server.time_to_first_token", 0.004)).Call!;
        Assert.Equal((4_000_000, true), (call.TtftNanoseconds, call.TtftIsWeak));
        Assert.Equal(50_000_000, Normalized.With(Chat, ("gen_ai.server.time_to_first_token", 0.004), ("ai.response.msToFirstChunk", 50)).Call!.TtftNanoseconds);
    }

    [Theory]
    [InlineData("ai.stream.firstChunk")]
    [InlineData("First Token Stream Event")]
    [InlineData("new_token")]
    public void The_first_chunk_may_be_an_event(string name) =>
        Assert.Equal(30_000_000, Normalized.Of(A.Span().With([Chat]).EventAt(10, "other").EventAt(30, name).EventAt(60, name)).Call!.TtftNanoseconds);

    [Theory]
    [InlineData(-0.1)]
    [InlineData(0.2)]
    public void A_first_token_before_the_start_or_after_the_end_is_none(double seconds) =>
        Assert.Null(Normalized.With(Chat, ("gen_ai.response.time_to_first_chunk", seconds)).Call!.TtftNanoseconds);

    [Fact]
    public void A_call_known_not_to_stream_has_no_first_token() =>
        Assert.Null(Normalized.With(Chat, ("gen_ai.request.stream", false), ("gen_ai.response.time_to_first_chunk", 0.05)).Call!.TtftNanoseconds);

    [Fact]
    public void An_end_before_the_start_leaves_the_duration_unknown()
    {
        var span = Normalized.Of(A.Span().At(100, -50));
        Assert.Equal((null, A.Noon.Plus(TimeSpan.FromMilliseconds(100))), (span.DurationNanoseconds, span.End));
        Assert.Equal(["end_before_start"], span.Notes);
    }

    [Fact]
    public void A_missing_end_is_no_mistake_to_note()
    {
        var span = Normalized.Of(A.Span().Between(A.Noon, default));
        Assert.Equal((null, A.Noon, A.Noon), (span.DurationNanoseconds, span.Start, span.End));
        Assert.Empty(span.Notes);
        Assert.Equal(Normalized.Origin.ReceivedAt, Normalized.Of(A.Span().Between(default, default)).End);
    }

    [Fact]
    public void An_end_more_than_a_day_after_receipt_is_taken_as_the_time_of_receipt()
    {
        var later = A.Noon.Plus(TimeSpan.FromDays(400));
        var span = Normalized.Of(A.Span().Between(later, later.Plus(TimeSpan.FromSeconds(1))));
        Assert.Equal((Normalized.Origin.ReceivedAt, 1_000_000_000), (span.End, span.DurationNanoseconds));
        Assert.Equal(["clock_ahead"], span.Notes);
        Assert.Empty(Normalized.Of(A.Span().Between(A.Noon, A.Noon.Plus(TimeSpan.FromHours(23)))).Notes);
    }

    [Fact]
    public void History_however_old_is_taken_as_it_is()
    {
        var old = Timestamp.FromUnixSeconds(1_000_000_000);
        Assert.Equal(old, Normalized.Of(A.Span().Between(old, old)).End);
    }
}
