using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Lanes;
using Callwatch.Testing;
using Callwatch.Testing.Scenarios;
using Callwatch.Testing.StandIns;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations;

/// <summary>The same troubles on the way to each of the nine kinds of platform: afterwards it holds what it would hold without them.</summary>
public sealed class EveryKindFaultTests
{
    private static readonly Scenario[] Sent = [.. new[] { "llm-message", "workflow", "chat-tools-cache", "error", "late-span", "feedback" }.Select(Scenarios.Get)];

    public static TheoryData<string> Kinds => [.. All.Keys];

    private static Dictionary<string, IDestinationKind> All { get; } = new ServiceCollection().AddForward().BuildServiceProvider().GetServices<IDestinationKind>().ToDictionary(kind => kind.Name);

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task After_every_trouble_the_platform_holds_every_trace_under_the_ids_it_would_have_without(string kind)
    {
        var expected = await HeldAsync(kind, _ => { });
        Troubled? troubled = null;
        var held = await HeldAsync(kind, inner => (troubled = inner).Fill());
        Assert.Equal(0, troubled!.Left);
        Assert.NotEmpty(expected);
        Assert.Equal(expected, held);
    }

    private static async Task<IReadOnlyList<string>> HeldAsync(string kind, Action<Troubled> between)
    {
        var time = new ManualTime(Scenario.Received.Plus(TimeSpan.FromMinutes(10)).ToDateTimeOffset());
        await using var there = await PlaceAsync(kind, time);
        await using var rig = new ForwardRig(All[kind], there.Config, time, network =>
        {
            var handler = new Troubled(network);
            between(handler);
            return handler;
        });
        await rig.AddAsync(Sent);
        await rig.DeliverAsync();
        Assert.True(rig.DeadLetters.Count == 0, string.Join("; ", rig.DeadLetters.Select(letter => letter.Message)));
        Assert.Equal((LaneState.Idle, 0L, 0L), (rig.Status.State, rig.Status.Refused, rig.Status.Expired));
        return [.. there.Held().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    private static async Task<Place> PlaceAsync(string kind, TimeProvider time)
    {
        switch (kind)
        {
            case "langfuse":
                var langfuse = await LangfuseStandIn.StartedAsync();
                return new Place(langfuse, langfuse.Config(), () => [.. langfuse.Spans.Select(Id), .. langfuse.Scores.Keys]);
            case "opik":
                var opik = await OpikStandIn.StartedAsync(time);
                return new Place(opik, opik.Config(), () => [.. opik.Traces.Keys, .. opik.Spans.Keys, .. opik.Scores.Select(score => score.ToJsonString())]);
            case "langsmith":
                var langSmith = new LangSmithStandIn();
                await langSmith.StartAsync();
                return new Place(
                    langSmith, new JsonObject { ["api_key"] = LangSmithStandIn.Key, ["endpoint"] = langSmith.Endpoint, ["project"] = "shop" }, () => [.. langSmith.Runs.Keys, .. langSmith.Feedback.Keys]);
            case "weave":
                var weave = new WeaveStandIn();
                await weave.StartAsync();
                return new Place(weave, new JsonObject { ["api_key"] = WeaveStandIn.Key, ["host"] = weave.Host, ["project"] = "shop" }, () => [.. weave.Calls.Keys, .. weave.Feedback.Keys]);
            case "sentry":
                var sentry = await SentryStandIn.StartedAsync();
                return new Place(
                    sentry, new JsonObject { ["dsn"] = sentry.Dsn, ["errors_only"] = false, ["traces_sample_rate"] = 1.0 },
                    () => [.. sentry.Events.Concat(sentry.Transactions).Select(one => (string)one["event_id"]!)]);
            case "phoenix":
                var phoenix = new PhoenixStandIn { ApiKey = "phoenix-key" };
                await phoenix.StartAsync();
                return new Place(phoenix, new JsonObject { ["api_key"] = "phoenix-key", ["endpoint"] = phoenix.Address, ["project"] = "shop" }, () => [.. phoenix.Spans.Select(Id), .. phoenix.Annotations.Select(one => one.ToJsonString())]);
            case "arize":
                var arize = new ArizeStandIn();
                await arize.StartAsync();
                return new Place(arize, new JsonObject { ["api_key"] = ArizeStandIn.ApiKey, ["space_id"] = ArizeStandIn.SpaceId, ["endpoint"] = arize.Address, ["project"] = "shop" }, () => [.. arize.Spans.Select(Id)]);
            case "aliyun":
                var aliyun = new AliyunStandIn();
                await aliyun.StartAsync();
                return new Place(aliyun, new JsonObject { ["license_key"] = AliyunStandIn.LicenseKey, ["endpoint"] = aliyun.Address }, () => [.. aliyun.Spans.Select(Id)]);
            default:
                var collector = await OtlpStandIn.StartNewAsync();
                return new Place(collector, new JsonObject { ["endpoint"] = collector.Address }, () => [.. collector.Spans.Select(Id)]);
        }
    }

    private static string Id(WireSpan span) => $"{span.TraceId} {span.SpanId}";

    /// <summary>A platform, how a destination is set to speak to it, and the ids of what it holds.</summary>
    private sealed record Place(IAsyncDisposable StandIn, JsonObject Config, Func<IReadOnlyList<string>> Held) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => StandIn.DisposeAsync();
    }

    /// <summary>A network, and what stands in it, that gives each request another trouble until there is none left.</summary>
    private sealed class Troubled(HttpMessageHandler network) : DelegatingHandler(network)
    {
        private readonly Queue<Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>>> troubles = new();
        private readonly Lock gate = new();

        public int Left
        {
            get
            {
                lock (gate) return troubles.Count;
            }
        }

        public void Fill()
        {
            Fails(HttpRequestError.ConnectionError, new SocketException((int)SocketError.ConnectionRefused));
            Fails(HttpRequestError.NameResolutionError, new SocketException((int)SocketError.HostNotFound));
            Fails(HttpRequestError.SecureConnectionError, new AuthenticationException("no trust"));
            Answers(HttpStatusCode.ServiceUnavailable);
            Answers(HttpStatusCode.InternalServerError);
            Answers(HttpStatusCode.TooManyRequests, ("Retry-After", "soon"));
            Answers(HttpStatusCode.TooManyRequests, ("Retry-After", "Thu, 01 Jan 1970 00:00:00 GMT"));
            Answers(HttpStatusCode.RequestTimeout);

            // Taken, and the answer lost on the way, or half of it.
            troubles.Enqueue(async (request, cancel) =>
            {
                using var taken = await base.SendAsync(request, cancel);
                throw new HttpRequestException(HttpRequestError.ResponseEnded, "The response ended prematurely.");
            });
            troubles.Enqueue(async (request, cancel) =>
            {
                using var taken = await base.SendAsync(request, cancel);
                return new HttpResponseMessage(HttpStatusCode.BadGateway) { Content = new StreamContent(new Half()) };
            });
            // A portal to log in at, and a proxy that compresses and says so, or says so and does not.
            Pages("text/html; charset=utf-8", "Please log in");
            Pages("application/json", "\r\n<!DOCTYPE html><title>Please log in</title>");
            Coded(HttpStatusCode.BadGateway, "gzip", Packed("{\"message\": \"not now\"}"));
            Coded(HttpStatusCode.ServiceUnavailable, "br", [1, 2, 3]);
            Answers(HttpStatusCode.TemporaryRedirect, ("Location", "http://127.0.0.1:9/"));
            Answers(HttpStatusCode.Unauthorized);
            Answers(HttpStatusCode.Forbidden);
            for (var i = 0; i < 3; i++) Answers(HttpStatusCode.BadGateway);
        }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            // What is only asked is no delivery.
            Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>>? trouble = null;
            lock (gate)
                if (request.Method != HttpMethod.Get) troubles.TryDequeue(out trouble);
            return trouble is null ? base.SendAsync(request, cancellationToken) : trouble(request, cancellationToken);
        }

        private void Fails(HttpRequestError error, Exception inner) => troubles.Enqueue((_, _) => throw new HttpRequestException(error, "It failed.", inner));

        private void Pages(string type, string page) => troubles.Enqueue((request, _) =>
        {
            var answer = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(page), RequestMessage = request };
            answer.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
            return Task.FromResult(answer);
        });

        private void Coded(HttpStatusCode status, string coding, byte[] body) => troubles.Enqueue((request, _) =>
        {
            var answer = new HttpResponseMessage(status) { Content = new ByteArrayContent(body), RequestMessage = request };
            answer.Content.Headers.ContentEncoding.Add(coding);
            return Task.FromResult(answer);
        });

        private static byte[] Packed(string text)
        {
            using var packed = new MemoryStream();
            using (var gzip = new GZipStream(packed, CompressionMode.Compress)) gzip.Write(Encoding.UTF8.GetBytes(text));
            return packed.ToArray();
        }

        private void Answers(HttpStatusCode status, params (string Name, string Value)[] headers) => troubles.Enqueue((request, _) =>
        {
            var answer = new HttpResponseMessage(status) { Content = new StringContent("{\"message\": \"not now\"}"), RequestMessage = request };
            foreach (var (name, value) in headers) answer.Headers.TryAddWithoutValidation(name, value);
            return Task.FromResult(answer);
        });
    }

    /// <summary>A body that ends before it should.</summary>
    private sealed class Half : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw new IOException("The connection was reset.");
    }
}
