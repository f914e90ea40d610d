using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Xunit;
using static Callwatch.Testing.StandIns.PlatformReply;

namespace Callwatch.Tests.Forward.Lanes;

/// <summary>Platforms that say how many items of a request they have dropped, and mostly not which.</summary>
public sealed class LaneDroppedTests : IAsyncDisposable
{
    private readonly LaneWorld world = new();
    private readonly ScriptedPlatform platform = new();
    private readonly ScriptedKind kind = new();

    public async ValueTask DisposeAsync()
    {
        await world.DisposeAsync();
        await platform.DisposeAsync();
    }

    [Fact]
    public async Task Where_what_comes_twice_is_kept_twice_what_is_dropped_is_counted_and_stands_trace_by_trace_among_the_letters()
    {
        kind.Deduplicates = false;
        platform.Script = Dropping;
        await SettleAsync(5, bad: [2, 4]);
        await DeliverAsync();
        Assert.Equal((3L, 2L), (world.Status().Sent, world.Status().Refused));
        var letters = world.Letters.List(1, null, 10);
        Assert.Equal(5, letters.Count);
        Assert.All(letters, letter => Assert.StartsWith("2 of 5", letter.Message, StringComparison.Ordinal));
        Assert.Single(platform.Requests);
    }

    [Fact]
    public async Task Where_what_comes_twice_is_there_once_the_request_is_parted_until_the_bad_item_stands_alone()
    {
        platform.Script = Dropping;
        await SettleAsync(100, bad: [37]);
        await DeliverAsync();
        var letter = Assert.Single(world.Letters.List(1, null, 10));
        Assert.Equal((A.TraceId(37), "schema"), (letter.TraceId, letter.Message));
        Assert.Equal((99L, 1L), (world.Status().Sent, world.Status().Refused));
        Assert.Equal(99, platform.Taken.Distinct().Count());
        Assert.InRange(platform.Requests.Count, 8, 16);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_request_of_which_nothing_was_taken_is_parted_like_any_refused_one(bool twiceIsOnce)
    {
        kind.Deduplicates = twiceIsOnce;
        platform.Script = request => request.Items.Any(IsBad) ? new Partly($$"""{"dropped": {{request.Items.Count}}, "message": "schema"}""", _ => false) : Ok;
        await SettleAsync(100, bad: [37, 90]);
        await DeliverAsync();
        Assert.Equal([A.TraceId(37), A.TraceId(90)], world.Letters.List(1, null, 10).Select(letter => letter.TraceId).Order());
        Assert.Equal((98, 98), (platform.Taken.Count, platform.Taken.Distinct().Count()));
    }

    [Fact]
    public async Task Spans_that_the_answer_names_are_the_ones_and_nothing_is_sent_again()
    {
        kind.Deduplicates = false;
        platform.Script = request => new Partly("{\"dropped\": 2, \"message\": \"no end time: 0000000000000002, 0000000000000005\"}", index => index is not (1 or 4));
        for (var trace = 1ul; trace <= 6; trace++) await world.SettleAsync(trace, A.Span("chat").Id(trace));
        await DeliverAsync();
        Assert.Equal([A.TraceId(2), A.TraceId(5)], world.Letters.List(1, null, 10).Select(letter => letter.TraceId).Order());
        Assert.Equal((4L, 2L), (world.Status().Sent, world.Status().Refused));
        Assert.Single(platform.Requests);
    }

    private static bool IsBad(string item) => item.EndsWith(" bad", StringComparison.Ordinal);

    private static PlatformReply Dropping(PlatformRequest request) => request.Items.Count(IsBad) is > 0 and var count
        ? new Partly($$"""{"dropped": {{count}}, "message": "schema"}""", index => !IsBad(request.Items[index])) : Ok;

    private async Task DeliverAsync()
    {
        await world.StartAsync(world.Destination(platform.Address, kind));
        await world.WhenDoneAsync();
    }

    private async Task SettleAsync(int count, int[] bad)
    {
        for (var trace = 1; trace <= count; trace++) await world.SettleAsync((ulong)trace, A.Span(bad.Contains(trace) ? "bad" : "chat"));
    }
}
