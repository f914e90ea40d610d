using System.ClientModel;
using System.ClientModel.Primitives;
using Callwatch.Client.Capture;
using OpenAI;
using OpenAI.Chat;
using Xunit;

namespace Callwatch.Client.Tests.Capture;

/// <summary>The official OpenAI library for .NET over a captured client.</summary>
public sealed class OpenAiSdkTests
{
    [Fact]
    public async Task The_official_library_streams_over_a_captured_client_and_its_call_is_complete()
    {
        using var seen = new Seen();
        await using var provider = await Provider.StartAsync("text/event-stream", Answers.ChatStream);
        using var http = new HttpClient(new CaptureHandler(new SocketsHttpHandler()));
        var chat = new ChatClient("gpt-4o", new ApiKeyCredential("test"), new OpenAIClientOptions { Endpoint = new Uri(provider.Url, "/v1"), Transport = new HttpClientPipelineTransport(http) });
        var text = "";
        await foreach (var update in chat.CompleteChatStreamingAsync([new UserChatMessage("Where is my parcel?")], cancellationToken: TestContext.Current.CancellationToken))
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
        Assert.Equal("On its way. 路上", text);
        var span = seen.One;
        Assert.Equal(("chat gpt-4o", 1000L, 100L, null), (span.DisplayName, (long)span.GetTagItem("gen_ai.usage.input_tokens")!, (long)span.GetTagItem("gen_ai.usage.output_tokens")!, span.GetTagItem("error.type")));
        Assert.IsType<double>(span.GetTagItem("gen_ai.response.time_to_first_chunk"));
    }
}
