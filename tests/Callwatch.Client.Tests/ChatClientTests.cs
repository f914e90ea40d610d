using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Xunit;

namespace Callwatch.Client.Tests;

/// <summary><c>.UseCallwatch()</c> for <c>IChatClient</c>, compiled into this project as the package compiles it into applications.</summary>
public sealed class ChatClientTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_answer_that_comes_whole_is_a_call_with_messages_tools_and_usage()
    {
        using var seen = new Seen();
        using var client = new Pretended().UseCallwatch();
        var answer = await client.GetResponseAsync([new ChatMessage(ChatRole.User, "Where is it?")], new ChatOptions { ModelId = "acme-7b", Temperature = 0.5f, MaxOutputTokens = 100 }, Cancel);
        Assert.Equal("On its way.", answer.Text);
        var span = seen.One;
        Assert.Equal(("chat acme-7b", "acme", 0.5, 100L, "acme-7b-2", "r-1", 10L, 5L), (span.DisplayName, (string)span.GetTagItem("gen_ai.provider.name")!, (double)span.GetTagItem("gen_ai.request.temperature")!,
            (long)span.GetTagItem("gen_ai.request.max_tokens")!, (string)span.GetTagItem("gen_ai.response.model")!, (string)span.GetTagItem("gen_ai.response.id")!, (long)span.GetTagItem("gen_ai.usage.input_tokens")!, (long)span.GetTagItem("gen_ai.usage.output_tokens")!));
        Assert.Equal("""[{"role":"user","parts":[{"type":"text","content":"Where is it?"}]}]""", span.GetTagItem("gen_ai.input.messages"));
        Assert.Equal("""[{"role":"assistant","parts":[{"type":"text","content":"On its way."},{"type":"tool_call","id":"c-1","name":"track","arguments":{"id":7}}],"finish_reason":"tool_calls"}]""", span.GetTagItem("gen_ai.output.messages"));
    }

    [Fact]
    public async Task A_stream_is_passed_on_piece_by_piece_and_is_complete_even_for_who_stops_at_the_last_piece()
    {
        foreach (var stops in (bool[])[false, true])
        {
            using var seen = new Seen();
            using var client = new ChatClientBuilder(new Pretended()).UseCallwatch().Build();
            var text = "";
            await foreach (var piece in client.GetStreamingResponseAsync([new ChatMessage(ChatRole.User, "Where is it?")], new ChatOptions { ModelId = "acme-7b" }, Cancel))
            {
                text += piece.Text;
                if (stops && piece.Contents.Any(content => content is UsageContent)) break;
            }

            Assert.Equal("On its way.", text);
            var span = seen.One;
            Assert.Equal((10L, 5L, "r-1"), ((long)span.GetTagItem("gen_ai.usage.input_tokens")!, (long)span.GetTagItem("gen_ai.usage.output_tokens")!, (string)span.GetTagItem("gen_ai.response.id")!));
            Assert.IsType<double>(span.GetTagItem("gen_ai.response.time_to_first_chunk"));
            Assert.Contains("On its way.", (string)span.GetTagItem("gen_ai.output.messages")!, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_the_client_throws_is_thrown_on_and_the_call_has_failed()
    {
        using var seen = new Seen();
        using var client = new Pretended(fails: true).UseCallwatch(messages: false);
        await Assert.ThrowsAsync<TimeoutException>(() => client.GetResponseAsync([new ChatMessage(ChatRole.User, "Where is it?")], cancellationToken: Cancel));
        Assert.Equal((ActivityStatusCode.Error, "System.TimeoutException", null), (seen.One.Status, (string?)seen.One.GetTagItem("error.type"), seen.One.GetTagItem("gen_ai.input.messages")));
    }

    private sealed class Pretended(bool fails = false) : IChatClient
    {
        public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            if (fails) throw new TimeoutException("too slow");
            var call = new FunctionCallContent("c-1", "track", new Dictionary<string, object?>(StringComparer.Ordinal) { ["id"] = 7 });
            return new ChatResponse(new ChatMessage(ChatRole.Assistant, [new TextContent("On its way."), call]))
            {
                ModelId = "acme-7b-2",
                ResponseId = "r-1",
                FinishReason = ChatFinishReason.ToolCalls,
                Usage = new UsageDetails { InputTokenCount = 10, OutputTokenCount = 5 },
            };
        }

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            foreach (var text in (string[])["On ", "its ", "way."])
            {
                await Task.Yield();
                yield return new ChatResponseUpdate(ChatRole.Assistant, text) { ResponseId = "r-1", ModelId = "acme-7b-2" };
            }

            yield return new ChatResponseUpdate { ResponseId = "r-1", FinishReason = ChatFinishReason.Stop };
            yield return new ChatResponseUpdate { ResponseId = "r-1", Contents = [new UsageContent(new UsageDetails { InputTokenCount = 10, OutputTokenCount = 5 })] };
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("acme", null, "acme-7b") : null;

        public void Dispose()
        {
        }
    }
}
