using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Callwatch.Spans;
using Callwatch.Testing;

namespace Callwatch.Server.Tests.Durability;

/// <summary>A span that the server has acknowledged.</summary>
/// <param name="InputTokens">Null for what is no call.</param>
/// <param name="Messages">What went in, as sent; null for what is no call.</param>
internal sealed record SentSpan(string TraceId, string SpanId, long? InputTokens, string? Messages = null);

/// <summary>
/// Sends one request after the other and each of them, as an SDK does, until it is acknowledged: what a kill left without an answer is sent again,
/// whether it had been stored or not.
/// </summary>
internal sealed class LoadSender(uint number, ServerAddress server, Action acknowledged)
{
    private readonly Random random = new((int)number);
    private readonly List<SentSpan> sent = [];
    private ulong traces;

    /// <summary>Complete once <see cref="RunAsync"/> has ended.</summary>
    public IReadOnlyList<SentSpan> Acknowledged
    {
        get
        {
            lock (sent) return [.. sent];
        }
    }

    /// <summary>Until stopped, and then until the last request has its answer.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var http = new HttpClient { Timeout = Patience.Long };
        while (!stop.IsCancellationRequested)
        {
            foreach (var (body, spans) in NextTrace())
            {
                await SendAsync(http, body);
                lock (sent) sent.AddRange(spans);
                acknowledged();
            }
        }
    }

    private async Task SendAsync(HttpClient http, byte[] body)
    {
        while (true)
        {
            var address = await server.Current;
            try
            {
                using var content = new ByteArrayContent(body);
                content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
                using var response = await http.PostAsync(new Uri(address, "v1/traces"), content);
                if (response.StatusCode == HttpStatusCode.OK) return;
                // Told to come again while the server stops or starts; anything else is a fault.
                if (response.StatusCode is not (HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests))
                    throw new InvalidOperationException($"{response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
            }
            catch (Exception e) when (e is HttpRequestException or SocketException)
            {
                // Killed before or after the request was stored: nobody knows.
            }
        }
    }

    /// <summary>A trace with a few calls; every third one comes in two requests.</summary>
    private IEnumerable<(byte[] Body, List<SentSpan> Spans)> NextTrace()
    {
        var trace = new TraceId(0xC0FFEE00_00000000 | number, ++traces);
        var now = Timestamp.From(TimeProvider.System.GetUtcNow());
        var calls = Enumerable.Range(0, random.Next(1, 6)).Select(i => Call(trace, (ulong)(10 + i), now)).ToList();
        var root = (A.Span("answer the customer").Trace(trace).Id(1).Kind(2).Between(now.Plus(TimeSpan.FromSeconds(-1)), now), new SentSpan(trace.ToString(), new SpanId(1).ToString(), null));
        if (traces % 3 != 0)
        {
            yield return Request([root, .. calls]);
            yield break;
        }

        yield return Request([.. calls]);
        yield return Request([root]);
    }

    private (SpanBuilder Span, SentSpan Sent) Call(TraceId trace, ulong id, Timestamp now)
    {
        var tokens = random.Next(1, 3000);
        var messages = $$"""[{"role":"user","parts":[{"type":"text","content":"{{traces}}: {{new string((char)('a' + random.Next(26)), random.Next(2000))}}"}]}]""";
        var span = A.Span("chat gpt-4o-mini").Trace(trace).Id(id, under: 1).Kind(3).Between(now.Plus(TimeSpan.FromMilliseconds(-random.Next(1, 900))), now).With(
            ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt-4o-mini"), ("gen_ai.response.model", "gpt-4o-mini-2024-07-18"),
            ("gen_ai.usage.input_tokens", tokens), ("gen_ai.usage.output_tokens", random.Next(1, 200)), ("gen_ai.conversation.id", $"session-{number}"),
            ("gen_ai.input.messages", messages));
        return (span, new SentSpan(trace.ToString(), new SpanId(id).ToString(), tokens, messages));
    }

    private static (byte[] Body, List<SentSpan> Spans) Request(IReadOnlyList<(SpanBuilder Span, SentSpan Sent)> spans) =>
        (A.Resource("shop").Holding([.. spans.Select(span => span.Span)]).Traces(), [.. spans.Select(span => span.Sent)]);
}

/// <summary>Where the server is now; while it is down, senders wait here for it.</summary>
internal sealed class ServerAddress
{
    private TaskCompletionSource<Uri> current = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<Uri> Current => Volatile.Read(ref current).Task;

    public void IsUp(Uri url) => Volatile.Read(ref current).SetResult(url);

    public void IsDown() => Volatile.Write(ref current, new(TaskCreationOptions.RunContinuationsAsynchronously));
}
