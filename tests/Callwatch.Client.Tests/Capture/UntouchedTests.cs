using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Callwatch.Client.Capture;
using Xunit;

namespace Callwatch.Client.Tests.Capture;

/// <summary>Whatever arrives, in whatever pieces: the caller reads exactly what it would have read.</summary>
public sealed class UntouchedTests
{
    private static readonly (string Path, string Request, string Type, string Answer)[] Recorded =
    [
        ("/v1/chat/completions", Answers.ChatRequest, "application/json", Answers.Chat), ("/v1/chat/completions", Answers.ChatRequest, "text/event-stream", Answers.ChatStream),
        ("/v1/responses", Answers.ResponsesRequest, "text/event-stream", Answers.ResponsesStream), ("/v1/messages", Answers.AnthropicRequest, "text/event-stream", Answers.AnthropicStream),
        ("/v1/messages", Answers.AnthropicRequest, "application/json", Answers.Anthropic), ("/v1beta/models/g:streamGenerateContent", Answers.GeminiRequest, "text/event-stream", Answers.GeminiStream),
        ("/v1/embeddings", Answers.EmbeddingRequest, "application/json", Answers.Embedding),
    ];

    [Fact]
    public async Task Ten_thousand_answers_cut_and_harmed_at_random_reach_the_caller_byte_for_byte()
    {
        using var seen = new Seen();
        for (var round = 0; round < 10_000; round++)
        {
            var random = new Random(round);
            var (path, request, type, answer) = Recorded[random.Next(Recorded.Length)];
            var bytes = Encoding.UTF8.GetBytes(answer);
            for (var flips = random.Next(4); flips > 0; flips--) bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            if (random.Next(4) == 0) bytes = bytes[..random.Next(bytes.Length)];
            var asked = Encoding.UTF8.GetBytes(request);
            if (random.Next(4) == 0) asked[random.Next(asked.Length)] ^= (byte)(1 << random.Next(8));
            using var client = new HttpClient(new CaptureHandler(new Pieces(bytes, type, random)), disposeHandler: true);
            using var message = new HttpRequestMessage(HttpMethod.Post, "http://model.example" + path) { Content = new ByteArrayContent(asked) };
            using var response = await client.SendAsync(message, random.Next(2) == 0 ? HttpCompletionOption.ResponseContentRead : HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            Assert.Equal(bytes, await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        }

        Assert.Equal(10_000, seen.Spans.Count);
    }

    [Fact]
    public async Task An_answer_beyond_the_bound_passes_through_and_is_not_held()
    {
        using var seen = new Seen();
        var bytes = new byte[200_000];
        Array.Fill(bytes, (byte)'x');
        using var client = new HttpClient(new CaptureHandler(new Pieces(bytes, "application/json", new Random(1)), new CaptureOptions { MaxBytes = 4_096 }));
        Assert.Equal(bytes, await (await client.PostAsync(new Uri("http://model.example/v1/chat/completions"), new StringContent(Answers.ChatRequest), TestContext.Current.CancellationToken)).Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal("gpt-4o", seen.One.GetTagItem("gen_ai.request.model"));
        Assert.Null(seen.One.GetTagItem("gen_ai.usage.input_tokens"));
    }

    /// <summary>Answers in pieces of any size; the request body is read first, as a socket would.</summary>
    private sealed class Pieces(byte[] answer, string type, Random random) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await request.Content!.CopyToAsync(Stream.Null, cancellationToken);
            var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new PieceStream(answer, random)), RequestMessage = request };
            response.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
            return response;
        }
    }

    private sealed class PieceStream(byte[] bytes, Random random) : MemoryStream(bytes, writable: false)
    {
        // Everything else that reads comes down to this one.
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, 1 + random.Next(60)));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => Task.FromResult(Read(buffer.AsSpan(offset, count)));

        public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) => throw new NotSupportedException("It is read, not copied.");
    }
}
