using System.Net;
using System.Net.Http.Headers;
using System.Text;
using BenchmarkDotNet.Attributes;
using Callwatch.Client;
using Callwatch.Client.Capture;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Trace;

namespace Callwatch.Benchmarks.Client;

/// <summary>A streamed chat of <see cref="Chunks"/> events through an HttpClient whose handler answers from memory, without capture and with it.</summary>
[MemoryDiagnoser]
public class CaptureRuns
{
    internal const int Chunks = 200;

    private static readonly Uri Url = new("http://model.example/v1/chat/completions");
    private static readonly byte[][] Events =
    [
        .. Enumerable.Range(0, Chunks).Select(i => Encoding.UTF8.GetBytes(
            $$"""data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1789000000,"model":"gpt-4o-2024-08-06","choices":[{"index":0,"delta":{"content":" word{{i}}"},"finish_reason":null}]}""" + "\n\n")),
        Encoding.UTF8.GetBytes("""data: {"id":"chatcmpl-1","model":"gpt-4o-2024-08-06","choices":[],"usage":{"prompt_tokens":1000,"completion_tokens":200}}""" + "\n\ndata: [DONE]\n\n"),
    ];

    private static readonly byte[] Request = Encoding.UTF8.GetBytes(
        """{"model":"gpt-4o","stream":true,"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Where is my parcel?"}]}""");

    private readonly byte[] buffer = new byte[16 << 10];
    private HttpClient plain = null!;
    private HttpClient captured = null!;
    private Receiver receiver = null!;
    private TracerProvider tracing = null!;

    [Params(true, false)]
    public bool EndpointAlive { get; set; }

    [GlobalSetup]
    public async Task SetupAsync()
    {
        (plain, captured) = (new HttpClient(new Answering()), new HttpClient(new CaptureHandler(new Answering())));
        receiver = await Receiver.StartAsync(EndpointAlive);
        tracing = Sdk.CreateTracerProviderBuilder().AddSource(CallwatchSource.Name).AddOtlpExporter(otlp =>
        {
            otlp.Endpoint = new Uri(receiver.Url, "/v1/traces");
            otlp.Protocol = OtlpExportProtocol.HttpProtobuf;
        }).Build();
    }

    [GlobalCleanup]
    public async Task CleanupAsync()
    {
        plain.Dispose();
        captured.Dispose();
        tracing.Dispose();
        await receiver.DisposeAsync();
    }

    [Benchmark(Description = "to the first token")]
    public Task FirstPlainAsync() => AskAsync(plain, most: 1);

    [Benchmark(Description = "to the first token, captured")]
    public Task FirstCapturedAsync() => AskAsync(captured, most: 1);

    [Benchmark(Description = "200 chunks")]
    public Task AllPlainAsync() => AskAsync(plain, int.MaxValue);

    [Benchmark(Description = "200 chunks, captured")]
    public Task AllCapturedAsync() => AskAsync(captured, int.MaxValue);

    private async Task AskAsync(HttpClient client, int most)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Url) { Content = new ByteArrayContent(Request) };
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync();
        for (var i = 0; i < most && await body.ReadAsync(buffer) > 0; i++)
        {
        }
    }

    private sealed class Answering : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await request.Content!.CopyToAsync(Stream.Null, cancellationToken);
            var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new EventStream()), RequestMessage = request };
            response.Content.Headers.ContentType = new MediaTypeHeaderValue("text/event-stream");
            return response;
        }
    }

    /// <summary>An event a read.</summary>
    private sealed class EventStream : MemoryStream
    {
        private int next;

        public override bool CanSeek => false;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (next == Events.Length) return new(0);
            var bytes = Events[next++];
            bytes.CopyTo(buffer);
            return new(bytes.Length);
        }
    }
}
