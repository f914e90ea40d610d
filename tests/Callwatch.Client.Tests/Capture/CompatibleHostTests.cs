using System.Diagnostics;
using System.Net;
using System.Text;
using Callwatch.Client.Capture;
using Xunit;

namespace Callwatch.Client.Tests.Capture;

/// <summary>Hosts that speak OpenAI's Chat Completions in ways of their own: vLLM, Ollama, OpenRouter, Azure.</summary>
public sealed class CompatibleHostTests
{
    private const string Request = """{"model":"llama-3","stream":true,"messages":[{"role":"user","content":"路上?"}]}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string> Streams => new()
    {
        // vLLM: null where others leave out, thoughts beside the answer, usage with every piece when asked to.
        {
            "/v1/chat/completions",
            """
            data: {"id":"chatcmpl-v","object":"chat.completion.chunk","created":1,"model":"llama-3","choices":[{"index":0,"delta":{"role":"assistant","content":"","reasoning_content":null,"tool_calls":[]},"logprobs":null,"finish_reason":null}],"usage":{"prompt_tokens":5,"total_tokens":5,"completion_tokens":0}}

            data: {"id":"chatcmpl-v","object":"chat.completion.chunk","created":1,"model":"llama-3","choices":[{"index":0,"delta":{"reasoning_content":"Hm."},"logprobs":null,"finish_reason":null}],"usage":null}

            data: {"id":"chatcmpl-v","object":"chat.completion.chunk","created":1,"model":"llama-3","choices":[{"index":0,"delta":{"content":"On its way. 路上"},"logprobs":null,"finish_reason":"stop","stop_reason":null}],"usage":null}

            data: {"id":"chatcmpl-v","object":"chat.completion.chunk","created":1,"model":"llama-3","choices":[],"usage":{"prompt_tokens":5,"total_tokens":12,"completion_tokens":7,"prompt_tokens_details":null}}

            data: [DONE]

            """,
            "llama-3|chatcmpl-v|5|7|stop"
        },
        // Ollama: its own id, a fingerprint, and the whole usage at the end.
        {
            "/v1/chat/completions",
            """
            data: {"id":"chatcmpl-123","object":"chat.completion.chunk","created":1,"model":"llama-3","system_fingerprint":"fp_ollama","choices":[{"index":0,"delta":{"role":"assistant","content":"On its way. 路上"},"finish_reason":null}]}

            data: {"id":"chatcmpl-123","object":"chat.completion.chunk","created":1,"model":"llama-3","system_fingerprint":"fp_ollama","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12}}

            data: [DONE]

            """,
            "llama-3|chatcmpl-123|5|7|stop"
        },
        // OpenRouter: remarks between the pieces, an empty answer first, no space behind the colon.
        {
            "/api/v1/chat/completions",
            ": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\r\n\r\n"
                + """data:{"id":"gen-1","provider":"Meta","model":"meta/llama-3","choices":[{"index":0,"delta":{"role":"assistant","content":"On its way. 路上"},"finish_reason":"stop","native_finish_reason":"stop"}]}""" + "\r\n\r\n"
                + """data:{"id":"gen-1","provider":"Meta","model":"meta/llama-3","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7,"cost":0.0001}}""" + "\r\n\r\ndata:[DONE]\r\n\r\n",
            "meta/llama-3|gen-1|5|7|stop"
        },
        // Azure: what its filters say comes first, without a choice.
        {
            "/openai/deployments/llama-3/chat/completions?api-version=2025-01-01-preview",
            """
            data: {"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}}}]}

            data: {"choices":[{"content_filter_results":{},"delta":{"content":"On its way. 路上","role":"assistant"},"finish_reason":null,"index":0}],"created":1,"id":"chatcmpl-a","model":"llama-3-2025","object":"chat.completion.chunk"}

            data: {"choices":[{"content_filter_results":{},"delta":{},"finish_reason":"stop","index":0}],"created":1,"id":"chatcmpl-a","model":"llama-3-2025","object":"chat.completion.chunk"}

            data: {"choices":[],"created":1,"id":"chatcmpl-a","model":"llama-3-2025","object":"chat.completion.chunk","usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12}}

            data: [DONE]

            """,
            "llama-3-2025|chatcmpl-a|5|7|stop"
        },
    };

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task A_compatible_host_is_understood_whatever_the_pieces_even_within_a_letter(string path, string answer, string expected)
    {
        var bytes = Encoding.UTF8.GetBytes(answer);
        foreach (var size in (int[])[1, 2, 3, 7, 64, bytes.Length])
        {
            using var seen = new Seen();
            using var client = new HttpClient(new CaptureHandler(new Slow(bytes, size)));
            using var request = new HttpRequestMessage(HttpMethod.Post, "http://model.example" + path) { Content = new StringContent(Request, Encoding.UTF8, "application/json") };
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
            Assert.Equal(bytes, await response.Content.ReadAsByteArrayAsync(Cancel));
            var span = seen.One;
            Assert.Equal(expected, string.Join('|', span.GetTagItem("gen_ai.response.model"), span.GetTagItem("gen_ai.response.id"), span.GetTagItem("gen_ai.usage.input_tokens"),
                span.GetTagItem("gen_ai.usage.output_tokens"), ((string[])span.GetTagItem("gen_ai.response.finish_reasons")!).Single()));
            Assert.Contains("On its way. 路上", (string)span.GetTagItem("gen_ai.output.messages")!, StringComparison.Ordinal);
            Assert.Contains("路上?", (string)span.GetTagItem("gen_ai.input.messages")!, StringComparison.Ordinal);
            Assert.Equal(ActivityStatusCode.Unset, span.Status);
        }
    }

    [Theory]
    [InlineData(200, """data: {"error":{"message":"CUDA out of memory","type":"InternalServerError","code":"oom"}}""" + "\n\n", "oom", "CUDA out of memory")]
    [InlineData(400, """{"object":"error","message":"This model's maximum context length is 8192 tokens.","type":"BadRequestError","param":null,"code":400}""", "BadRequestError", "This model's maximum context length is 8192 tokens.")]
    [InlineData(404, """{"error":{"message":"model 'llama-3' not found","type":"api_error","param":null,"code":null}}""", "api_error", "model 'llama-3' not found")]
    [InlineData(502, "<html>Bad gateway</html>", "502", "Bad Gateway")]
    public async Task What_such_a_host_says_of_its_failure_is_the_calls_error(int status, string body, string type, string message)
    {
        using var seen = new Seen();
        await using var provider = await Provider.StartAsync(status == 200 ? "text/event-stream" : "application/json", body, status);
        using var client = new HttpClient(new CaptureHandler(new SocketsHttpHandler())) { BaseAddress = provider.Url };
        using var response = await client.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), new StringContent(Request, Encoding.UTF8, "application/json"), Cancel);
        Assert.Equal(body, await response.Content.ReadAsStringAsync(Cancel));
        Assert.Equal((ActivityStatusCode.Error, type, message), (seen.One.Status, (string?)seen.One.GetTagItem("error.type"), seen.One.StatusDescription));
    }

    [Fact]
    public async Task A_caller_that_gives_up_waiting_gets_its_own_cancellation_and_the_call_says_so()
    {
        using var seen = new Seen();
        using var given = new CancellationTokenSource();
        await using var provider = await Provider.StartAsync(async http =>
        {
            http.Response.ContentType = "text/event-stream";
            await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes("""data: {"id":"chatcmpl-1","model":"llama-3","choices":[{"index":0,"delta":{"content":"On"}}]}""" + "\n\n"));
            await http.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
        using var client = new HttpClient(new CaptureHandler(new SocketsHttpHandler())) { BaseAddress = provider.Url };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(Request, Encoding.UTF8, "application/json") };
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        await using var stream = await response.Content.ReadAsStreamAsync(Cancel);
        var buffer = new byte[4_096];
        Assert.NotEqual(0, await stream.ReadAsync(buffer, Cancel));
        var waiting = stream.ReadAsync(buffer, given.Token).AsTask();
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal("On", ((string)seen.One.GetTagItem("gen_ai.output.messages")!).Split("\"content\":\"")[1].Split('"')[0]);
        Assert.EndsWith("CanceledException", (string?)seen.One.GetTagItem("error.type"), StringComparison.Ordinal);
    }

    private sealed class Slow(byte[] answer, int size) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await request.Content!.CopyToAsync(Stream.Null, cancellationToken);
            var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new Pieces(answer, size)), RequestMessage = request };
            response.Content.Headers.ContentType = new("text/event-stream");
            return response;
        }
    }

    private sealed class Pieces(byte[] bytes, int size) : MemoryStream(bytes, writable: false)
    {
        public override bool CanSeek => false;

        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, size));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span[..Math.Min(buffer.Length, size)]));
    }
}
