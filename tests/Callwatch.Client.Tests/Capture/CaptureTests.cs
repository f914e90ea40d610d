using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Client.Capture;
using Xunit;

namespace Callwatch.Client.Tests.Capture;

public sealed class CaptureTests
{
    private const string Json = "application/json";
    private const string Sse = "text/event-stream";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string, string, string> Calls => new()
    {
        { "/v1/chat/completions", Answers.ChatRequest, Json, Answers.Chat, "chat gpt-4o|gpt-4o-2024-08-06|chatcmpl-1|1000|100|400||30|tool_calls|On its way. 路上|track" },
        { "/v1/chat/completions", Answers.ChatRequest, Sse, Answers.ChatStream, "chat gpt-4o|gpt-4o-2024-08-06|chatcmpl-1|1000|100|400||30|tool_calls|On its way. 路上|track" },
        { "/openai/deployments/gpt-4o/chat/completions", Answers.ChatRequest, Json, Answers.Chat, "chat gpt-4o|gpt-4o-2024-08-06|chatcmpl-1|1000|100|400||30|tool_calls|On its way. 路上|track" },
        { "/v1/responses", Answers.ResponsesRequest, Json, Answers.Responses, "chat gpt-4.1|gpt-4.1-2025-04-14|resp_1|40|9|8||2|completed|On its way.|" },
        { "/v1/responses", Answers.ResponsesRequest, Sse, Answers.ResponsesStream, "chat gpt-4.1|gpt-4.1-2025-04-14|resp_1|40|9|8||2|completed|On its way.|" },
        { "/v1/messages", Answers.AnthropicRequest, Json, Answers.Anthropic, "chat claude-sonnet-4-5|claude-sonnet-4-5-20250929|msg_1|2140|23|2000|100||tool_use|On its way.|track" },
        { "/v1/messages", Answers.AnthropicRequest, Sse, Answers.AnthropicStream, "chat claude-sonnet-4-5|claude-sonnet-4-5-20250929|msg_1|2140|23|2000|100||tool_use|On its way.|track" },
        { "/v1beta/models/gemini-2.5-flash:generateContent", Answers.GeminiRequest, Json, Answers.Gemini, "generate_content gemini-2.5-flash|gemini-2.5-flash|g-1|12|12|4||7|STOP|On its way.|" },
        { "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse", Answers.GeminiRequest, Sse, Answers.GeminiStream, "generate_content gemini-2.5-flash|gemini-2.5-flash|g-1|12|12|4||7|STOP|On its way.|" },
        { "/v1beta/models/gemini-2.5-flash:streamGenerateContent", Answers.GeminiRequest, Json, "[" + Answers.Gemini + "]", "generate_content gemini-2.5-flash|gemini-2.5-flash|g-1|12|12|4||7|STOP|On its way.|" },
        { "/v1/embeddings", Answers.EmbeddingRequest, Json, Answers.Embedding, "embeddings text-embedding-3-small|text-embedding-3-small||9||||||" + "|" },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Each_dialect_whole_and_streamed_tells_model_usage_finish_and_messages(string path, string request, string type, string answer, string expected)
    {
        using var seen = new Seen();
        await using var provider = await Provider.StartAsync(type, answer);
        Assert.Equal(answer, await AskAsync(provider, path, request));
        var span = seen.One;
        var output = (string?)span.GetTagItem("gen_ai.output.messages");
        Assert.Equal(expected, string.Join('|', span.DisplayName, span.GetTagItem("gen_ai.response.model"), span.GetTagItem("gen_ai.response.id"),
            span.GetTagItem("gen_ai.usage.input_tokens"), span.GetTagItem("gen_ai.usage.output_tokens"), span.GetTagItem("gen_ai.usage.cache_read.input_tokens"),
            span.GetTagItem("gen_ai.usage.cache_creation.input_tokens"), span.GetTagItem("gen_ai.usage.reasoning.output_tokens"),
            ((string[]?)span.GetTagItem("gen_ai.response.finish_reasons"))?.Single(), Text(output, "text"), Tool(output)));
        Assert.Equal((ActivityStatusCode.Unset, ActivityKind.Client, seen.Root.SpanId), (span.Status, span.Kind, span.ParentSpanId));
        Assert.Equal(type == Sse, span.GetTagItem("gen_ai.response.time_to_first_chunk") is double);
        Assert.Equal(Encoding.UTF8.GetBytes(request), Assert.Single(provider.Requests).Body);
        if (!path.Contains("embeddings", StringComparison.Ordinal)) Assert.Contains("parcel", (string?)span.GetTagItem("gen_ai.input.messages"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_messages_no_word_of_them_is_recorded()
    {
        using var seen = new Seen();
        await using var provider = await Provider.StartAsync(Sse, Answers.ChatStream);
        await AskAsync(provider, "/v1/chat/completions", Answers.ChatRequest, new CaptureOptions { Messages = false });
        var all = string.Join('\n', seen.One.TagObjects.Select(tag => tag.Key + "=" + tag.Value));
        foreach (var word in (string[])["parcel", "brief", "way", "路上", "\"id\""]) Assert.DoesNotContain(word, all, StringComparison.Ordinal);
        Assert.Equal(1000L, seen.One.GetTagItem("gen_ai.usage.input_tokens"));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task A_compressed_answer_reaches_the_caller_as_it_came_and_is_understood(string coding)
    {
        var packed = new MemoryStream();
        await using (Stream to = coding switch { "gzip" => new GZipStream(packed, CompressionLevel.Fastest, true), "br" => new BrotliStream(packed, CompressionLevel.Fastest, true), _ => new ZLibStream(packed, CompressionLevel.Fastest, true) })
            await to.WriteAsync(Encoding.UTF8.GetBytes(Answers.Chat), Cancel);
        using var seen = new Seen();
        await using var provider = await Provider.StartAsync(async http =>
        {
            http.Response.ContentType = Json;
            http.Response.Headers.ContentEncoding = coding;
            await http.Response.Body.WriteAsync(packed.ToArray());
        });
        using var client = Client(provider);
        using var response = await client.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), new StringContent(Answers.ChatRequest, Encoding.UTF8, Json), Cancel);
        Assert.Equal(packed.ToArray(), await response.Content.ReadAsByteArrayAsync(Cancel));
        Assert.Equal(100L, seen.One.GetTagItem("gen_ai.usage.output_tokens"));
    }

    [Fact]
    public async Task A_refusal_is_an_error_with_the_providers_words()
    {
        using var seen = new Seen();
        await using var provider = await Provider.StartAsync(Json, """{"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}}""", 429);
        await AskAsync(provider, "/v1/chat/completions", Answers.ChatRequest);
        var span = seen.One;
        Assert.Equal((ActivityStatusCode.Error, "Rate limit reached", "rate_limit_exceeded", 429), (span.Status, span.StatusDescription, (string?)span.GetTagItem("error.type"), (int)span.GetTagItem("http.response.status_code")!));
    }

    [Fact]
    public async Task A_provider_that_hangs_up_in_the_middle_is_an_error_that_the_caller_sees_as_it_is()
    {
        using var seen = new Seen();
        await using var provider = await Provider.StartAsync(async http =>
        {
            http.Response.ContentType = Sse;
            await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(Answers.ChatStream[..300]));
            await http.Response.Body.FlushAsync();
            http.Abort();
        });
        await Assert.ThrowsAnyAsync<Exception>(() => AskAsync(provider, "/v1/chat/completions", Answers.ChatRequest));
        Assert.Equal(ActivityStatusCode.Error, seen.One.Status);
        Assert.Equal("gpt-4o", seen.One.GetTagItem("gen_ai.request.model"));
    }

    [Fact]
    public async Task A_caller_that_leaves_early_is_said_so_and_one_that_leaves_after_the_last_event_is_not()
    {
        using var seen = new Seen();
        await using var provider = await Provider.StartAsync(Sse, Answers.ChatStream);
        foreach (var bytes in (int[])[200, Encoding.UTF8.GetByteCount(Answers.ChatStream) - 1])
        {
            using var client = Client(provider);
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(Answers.ChatRequest, Encoding.UTF8, Json) };
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
            await using var stream = await response.Content.ReadAsStreamAsync(Cancel);
            await stream.ReadExactlyAsync(new byte[bytes], Cancel);
        }

        Assert.Equal(["ClientDisconnect", null], seen.Spans.Select(span => (string?)span.GetTagItem("error.type")));
    }

    [Fact]
    public async Task Each_attempt_of_a_retry_is_a_span_of_its_own_and_the_request_is_sent_whole_each_time()
    {
        using var seen = new Seen();
        var attempt = 0;
        await using var provider = await Provider.StartAsync(async http =>
        {
            http.Response.StatusCode = attempt++ == 0 ? 503 : 200;
            http.Response.ContentType = Json;
            await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(attempt == 1 ? "{}" : Answers.Chat));
        });
        using var client = new HttpClient(new Retry(new CaptureHandler(new SocketsHttpHandler()))) { BaseAddress = provider.Url };
        using var response = await client.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), new StringContent(Answers.ChatRequest, Encoding.UTF8, Json), Cancel);
        Assert.Equal(["503", null], seen.Spans.Select(span => (string?)span.GetTagItem("error.type")));
        Assert.All(provider.Requests, sent => Assert.Equal(Encoding.UTF8.GetBytes(Answers.ChatRequest), sent.Body));
    }

    [Fact]
    public async Task What_is_no_call_to_a_model_and_what_is_ignored_leaves_no_span()
    {
        using var seen = new Seen();
        await using var provider = await Provider.StartAsync(Json, "{}");
        await AskAsync(provider, "/v1/files", "{}");
        await AskAsync(provider, "/v1/chat/completions", "{}", new CaptureOptions { Ignore = _ => true });
        using var client = Client(provider);
        await client.GetStringAsync(new Uri("/v1/chat/completions", UriKind.Relative), Cancel);
        Assert.Empty(seen.Spans);
    }

    [Fact]
    public async Task The_current_activity_of_the_reader_stays_what_it_was()
    {
        using var seen = new Seen();
        await using var provider = await Provider.StartAsync(Sse, Answers.ChatStream);
        using var client = Client(provider);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(Answers.ChatRequest, Encoding.UTF8, Json) };
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        Assert.Same(seen.Root, Activity.Current);
        using var reading = new Activity("reading").Start();
        await response.Content.ReadAsStringAsync(Cancel);
        Assert.Same(reading, Activity.Current);
        Assert.Equal(seen.Root.SpanId, seen.One.ParentSpanId);
    }

    [Fact]
    public async Task Lengths_and_headers_of_request_and_answer_are_those_without_capture()
    {
        using var seen = new Seen();
        await using var provider = await Provider.StartAsync(async http =>
        {
            http.Response.ContentType = "application/json; charset=utf-8";
            http.Response.Headers["x-own"] = "1";
            http.Response.ContentLength = Encoding.UTF8.GetByteCount(Answers.Chat);
            await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(Answers.Chat));
        });
        foreach (var client in (HttpClient[])[new() { BaseAddress = provider.Url }, Client(provider)])
        {
            using (client)
            {
                using var response = await client.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), new StringContent(Answers.ChatRequest, Encoding.UTF8, Json), Cancel);
                Assert.Equal(Encoding.UTF8.GetByteCount(Answers.Chat), response.Content.Headers.ContentLength);
                Assert.Equal("application/json; charset=utf-8", response.Content.Headers.ContentType?.ToString());
            }
        }

        var (plain, captured) = (provider.Requests[0].Headers, provider.Requests[1].Headers);
        Assert.Equal(plain.ContentLength, captured.ContentLength);
        Assert.Equal(plain.ContentType, captured.ContentType);
        Assert.Equal(plain.TransferEncoding, captured.TransferEncoding);
    }

    private static async Task<string> AskAsync(Provider provider, string path, string request, CaptureOptions? options = null)
    {
        using var client = Client(provider, options);
        using var response = await client.PostAsync(new Uri(path, UriKind.Relative), new StringContent(request, Encoding.UTF8, Json), Cancel);
        return await response.Content.ReadAsStringAsync(Cancel);
    }

    private static HttpClient Client(Provider provider, CaptureOptions? options = null) => new(new CaptureHandler(new SocketsHttpHandler(), options)) { BaseAddress = provider.Url };

    private static string? Text(string? messages, string type) => messages is null ? null
        : JsonNode.Parse(messages)!.AsArray().SelectMany(message => message!["parts"]!.AsArray()).Where(part => (string?)part!["type"] == type).Select(part => (string?)part!["content"]).FirstOrDefault();

    private static string? Tool(string? messages) => messages is null ? null
        : JsonNode.Parse(messages)!.AsArray().SelectMany(message => message!["parts"]!.AsArray()).Where(part => (string?)part!["type"] == "tool_call").Select(part => (string?)part!["name"]).FirstOrDefault();

    private sealed class Retry(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var first = await base.SendAsync(request, cancellationToken);
            if (first.StatusCode != HttpStatusCode.ServiceUnavailable) return first;
            first.Dispose();
            return await base.SendAsync(request, cancellationToken);
        }
    }
}
