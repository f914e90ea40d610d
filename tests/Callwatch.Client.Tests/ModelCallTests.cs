using System.Diagnostics;
using Callwatch.Client.Calls;
using Xunit;

namespace Callwatch.Client.Tests;

public sealed class ModelCallTests
{
    [Fact]
    public void A_call_told_by_hand_has_the_names_of_the_conventions()
    {
        using var seen = new Seen();
        using (var call = ModelCall.Start("chat", "acme", "acme-7b", messages: true))
        {
            call.Input([new CallMessage("user", "Hi")]);
            call.Parameter("temperature", 0.5);
            call.FirstToken();
            call.Output("Ho", "stop");
            call.Usage(new CallUsage(10, 5, CacheReadTokens: 4));
            call.Cost(0.0012m);
            call.Answered("acme-7b-2", "r-1");
        }

        var tags = seen.One.TagObjects.ToDictionary(tag => tag.Key, tag => tag.Value);
        Assert.Equal(("acme", "acme-7b", "acme-7b-2", "r-1", 10L, 5L, 4L, "0.0012"), ((string?)tags["gen_ai.provider.name"], (string?)tags["gen_ai.request.model"], (string?)tags["gen_ai.response.model"],
            (string?)tags["gen_ai.response.id"], (long)tags["gen_ai.usage.input_tokens"]!, (long)tags["gen_ai.usage.output_tokens"]!, (long)tags["gen_ai.usage.cache_read.input_tokens"]!, (string?)tags["gen_ai.usage.cost"]));
        Assert.Equal("""[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]""", tags["gen_ai.input.messages"]);
        Assert.Equal("""[{"role":"assistant","parts":[{"type":"text","content":"Ho"}],"finish_reason":"stop"}]""", tags["gen_ai.output.messages"]);
        Assert.IsType<double>(tags["gen_ai.response.time_to_first_chunk"]);
    }

    [Fact]
    public async Task A_watched_stream_notes_its_first_piece_and_ends_the_call()
    {
        using var seen = new Seen();
        var call = ModelCall.Start("chat", "acme", "acme-7b");
        var pieces = new List<int>();
        await foreach (var piece in call.Watch(Pieces(3), (told, number) => told.Usage(new CallUsage(number)), TestContext.Current.CancellationToken)) pieces.Add(piece);
        Assert.Equal([1, 2, 3], pieces);
        Assert.Equal((3L, ActivityStatusCode.Unset), ((long)seen.One.GetTagItem("gen_ai.usage.input_tokens")!, seen.One.Status));
    }

    [Fact]
    public async Task A_stream_that_fails_fails_the_call_and_one_that_is_left_says_so()
    {
        using var seen = new Seen();
        await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await foreach (var _ in ModelCall.Start("chat", "a", "m").Watch(Pieces(3, failAt: 2), cancel: TestContext.Current.CancellationToken))
            {
                // Reads on.
            }
        });
        await foreach (var _ in ModelCall.Start("chat", "a", "m").Watch(Pieces(3), cancel: TestContext.Current.CancellationToken)) break;
        Assert.Equal(["System.InvalidOperationException", "ClientDisconnect"], seen.Spans.Select(span => (string?)span.GetTagItem("error.type")));
    }

    [Fact]
    public void Where_nobody_listens_everything_may_be_told_and_nothing_happens()
    {
        using var call = ModelCall.Start("chat", "acme", "acme-7b");
        call.Output("x");
        call.Failed(new TimeoutException());
        Assert.True(call.Activity is null or { Source.Name: CallwatchSource.Name });
    }

    private static async IAsyncEnumerable<int> Pieces(int count, int failAt = 0)
    {
        for (var i = 1; i <= count; i++)
        {
            await Task.Yield();
            if (i == failAt) throw new InvalidOperationException("gone");
            yield return i;
        }
    }
}
