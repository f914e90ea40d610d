using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Destinations.Sentry;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Sentry;

/// <summary>The stand-in refuses what Sentry would refuse or drop: otherwise nothing that it takes would prove anything.</summary>
public sealed class SentryStandInTests : IAsyncLifetime
{
    private readonly HttpClient http = new();
    private SentryStandIn sentry = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => sentry = await SentryStandIn.StartedAsync();

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await sentry.DisposeAsync();
    }

    [Theory]
    [InlineData("event")]
    [InlineData("transaction")]
    public async Task What_the_mapping_makes_is_taken(string route)
    {
        Assert.Equal(HttpStatusCode.OK, await SendAsync(new Wrong(route)));
        Assert.Equal(1, sentry.Events.Count + sentry.Transactions.Count);
    }

    [Theory]
    [InlineData("event", "exception.values.0.type", null)]
    [InlineData("event", "exception.values.0.value", null)]
    [InlineData("event", "exception.values.0.mechanism", null)]
    [InlineData("event", "exception.values.0.mechanism.type", null)]
    [InlineData("event", "exception.values.0.mechanism.exception_id", null)]
    [InlineData("event", "exception.values.0.mechanism.parent_id", null)]
    [InlineData("event", "exception.values.0.stacktrace.frames", "[]")]
    [InlineData("event", "exception.values", "[]")]
    [InlineData("event", "exception", null)]
    [InlineData("event", "event_id", null)]
    [InlineData("event", "event_id", "\"not-an-id\"")]
    [InlineData("event", "event_id", "\"9ec79c33ec9982ab8353589fcb2e04dc\"")]
    [InlineData("event", "timestamp", null)]
    [InlineData("event", "timestamp", "1784193600000")]
    [InlineData("event", "platform", null)]
    [InlineData("event", "environment", "\"a b\"")]
    [InlineData("event", "release", "\"a/b\"")]
    [InlineData("event", "level", "\"bad\"")]
    [InlineData("event", "sdk", null)]
    [InlineData("event", "sdk.name", null)]
    [InlineData("event", "sdk.version", null)]
    [InlineData("event", "tags.app", "7")]
    [InlineData("event", "tags.a tag with blanks", "\"yes\"")]
    [InlineData("event", "fingerprint", "[]")]
    [InlineData("event", "contexts", null)]
    [InlineData("event", "contexts.trace", null)]
    [InlineData("event", "contexts.trace.trace_id", null)]
    [InlineData("event", "contexts.trace.trace_id", "\"00AB\"")]
    [InlineData("event", "contexts.trace.span_id", null)]
    [InlineData("event", "contexts.trace.op", null)]
    [InlineData("event", "contexts.trace.status", "\"failed\"")]
    [InlineData("transaction", "type", null)]
    [InlineData("transaction", "transaction", null)]
    [InlineData("transaction", "transaction_info", null)]
    [InlineData("transaction", "start_timestamp", null)]
    [InlineData("transaction", "timestamp", "1700000000")]
    [InlineData("transaction", "platform", null)]
    [InlineData("transaction", "exception", "{\"values\":[]}")]
    [InlineData("transaction", "contexts.trace.op", null)]
    [InlineData("transaction", "contexts.trace.status", null)]
    [InlineData("transaction", "contexts.trace.data", null)]
    [InlineData("transaction", "spans", null)]
    [InlineData("transaction", "spans.0.span_id", null)]
    [InlineData("transaction", "spans.0.trace_id", "\"ffffffffffffffffffffffffffffffff\"")]
    [InlineData("transaction", "spans.0.parent_span_id", null)]
    [InlineData("transaction", "spans.0.op", null)]
    [InlineData("transaction", "spans.0.op", "\"gen_ai.think\"")]
    [InlineData("transaction", "spans.0.description", null)]
    [InlineData("transaction", "spans.0.status", "\"error\"")]
    [InlineData("transaction", "spans.0.start_timestamp", null)]
    [InlineData("transaction", "spans.0.timestamp", null)]
    [InlineData("transaction", "spans.0.data", null)]
    [InlineData("transaction", "spans.0.data.gen_ai|operation|name", null)]
    [InlineData("transaction", "spans.0.data.gen_ai|request|model", null)]
    [InlineData("transaction", "spans.0.data.gen_ai|usage|input_tokens", "1.5")]
    [InlineData("transaction", "spans.0.data.gen_ai|input|messages", "[]")]
    public async Task A_field_taken_out_or_made_wrong_is_noticed(string route, string path, string? value)
    {
        var payload = JsonNode.Parse(Item(route).Payload.Span)!.AsObject();
        Set(payload, path.Split('.'), value is null ? null : JsonNode.Parse(value), remove: value is null);
        Assert.Equal(HttpStatusCode.BadRequest, await SendAsync(new Wrong(route) { Payload = payload.ToJsonString() }));
        Assert.Equal(0, sentry.Events.Count + sentry.Transactions.Count);
    }

    public static TheoryData<string, HttpStatusCode> WrongRequests => new()
    {
        { "no key", HttpStatusCode.Forbidden }, { "another key", HttpStatusCode.Unauthorized }, { "another version", HttpStatusCode.Forbidden }, { "no client", HttpStatusCode.Forbidden },
        { "another project", HttpStatusCode.NotFound }, { "another path", HttpStatusCode.NotFound }, { "another method", HttpStatusCode.MethodNotAllowed }, { "a torn gzip", HttpStatusCode.BadRequest },
        { "an empty body", HttpStatusCode.BadRequest }, { "a header that is no JSON", HttpStatusCode.BadRequest }, { "no item", HttpStatusCode.BadRequest }, { "an item without type", HttpStatusCode.BadRequest },
        { "an item without length in two lines", HttpStatusCode.BadRequest }, { "a length too long", HttpStatusCode.BadRequest }, { "a length too short", HttpStatusCode.BadRequest },
        { "a length in characters", HttpStatusCode.BadRequest }, { "two events", HttpStatusCode.BadRequest }, { "no event_id in the header", HttpStatusCode.BadRequest },
        { "another event_id in the header", HttpStatusCode.BadRequest }, { "no sent_at", HttpStatusCode.BadRequest }, { "a trace header without key", HttpStatusCode.BadRequest },
        { "a payload that is no JSON", HttpStatusCode.BadRequest }, { "a payload of more than a MiB", HttpStatusCode.RequestEntityTooLarge }, { "1,001 spans", HttpStatusCode.BadRequest },
    };

    [Theory]
    [MemberData(nameof(WrongRequests))]
    public async Task A_wrong_request_is_refused(string what, HttpStatusCode expected)
    {
        var spans = JsonNode.Parse(Item("transaction").Payload.Span)!.AsObject();
        var small = spans["spans"]!.AsArray().MinBy(span => span!.ToJsonString().Length)!;
        while (spans["spans"]!.AsArray().Count <= 1_000) spans["spans"]!.AsArray().Add(small.DeepClone());
        for (var i = 0; i < spans["spans"]!.AsArray().Count; i++) spans["spans"]![i]!["span_id"] = (i + 1_000_000_000_000_000L).ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
        var good = new Wrong("event");
        var wrong = what switch
        {
            "no key" => good with { Auth = null },
            "another key" => good with { Auth = $"Sentry sentry_version=7, sentry_client=a/1, sentry_key={new string('f', 32)}" },
            "another version" => good with { Auth = $"Sentry sentry_version=4, sentry_client=a/1, sentry_key={SentryStandIn.Key}" },
            "no client" => good with { Auth = $"Sentry sentry_version=7, sentry_key={SentryStandIn.Key}" },
            "another project" => good with { Path = "/api/43/envelope/" },
            "another path" => good with { Path = "/api/42/store/" },
            "another method" => good with { Method = HttpMethod.Put },
            "a torn gzip" => good with { Body = bytes => bytes, Coding = "gzip" },
            "an empty body" => good with { Body = _ => [] },
            "a header that is no JSON" => good with { Body = bytes => [(byte)'x', .. bytes] },
            "no item" => good with { Body = bytes => bytes[..(Array.IndexOf(bytes, (byte)'\n') + 1)] },
            "an item without type" => good with { ItemHeader = length => $$"""{"length":{{length}}}""" },
            "an item without length in two lines" => good with { Payload = Text("event") + "\n{}", ItemHeader = _ => """{"type":"event"}""" },
            "a length too long" => good with { ItemHeader = length => $$"""{"type":"event","length":{{length + 5}}}""" },
            "a length too short" => good with { ItemHeader = length => $$"""{"type":"event","length":{{length - 5}}}""" },
            "a length in characters" => good with { Payload = Text("event").Replace("SMTP 550", "SMTP 550 für", StringComparison.Ordinal), ItemHeader = length => $$"""{"type":"event","length":{{length - 1}}}""" },
            "two events" => good with { Body = bytes => [.. bytes, .. bytes[(Array.IndexOf(bytes, (byte)'\n') + 1)..]] },
            "no event_id in the header" => good with { Header = header => header.Remove("event_id") },
            "another event_id in the header" => good with { Header = header => header["event_id"] = "9ec79c33ec9942ab8353589fcb2e04dc" },
            "no sent_at" => good with { Header = header => header.Remove("sent_at") },
            "a trace header without key" => new Wrong("transaction") { Header = header => header["trace"]!.AsObject().Remove("public_key") },
            "a payload that is no JSON" => good with { Payload = "{" },
            "a payload of more than a MiB" => good with { Payload = $$"""{"event_id":"{{new string('x', 1 << 20)}}"}""" },
            _ => new Wrong("transaction") { Payload = spans.ToJsonString() },
        };
        Assert.Equal(expected, await SendAsync(wrong));
        Assert.Equal(0, sentry.Events.Count + sentry.Transactions.Count);
    }

    private static OutboundItem Item(string route) => route == "event" ? SentryDestinationTests.ErrorItem() : SentryDestinationTests.RunItem();

    private static string Text(string route) => Encoding.UTF8.GetString(Item(route).Payload.Span);

    // Attribute names hold dots: they are written with bars.
    private static void Set(JsonNode at, string[] path, JsonNode? value, bool remove)
    {
        foreach (var step in path[..^1]) at = at is JsonArray list ? list[int.Parse(step, System.Globalization.CultureInfo.InvariantCulture)]! : at[step.Replace('|', '.')]!;
        var name = path[^1].Replace('|', '.');
        if (remove) Assert.True(at.AsObject().Remove(name), "there is no " + name);
        else at[name] = value;
    }

    private async Task<HttpStatusCode> SendAsync(Wrong wrong)
    {
        var item = Item(wrong.Route);
        var payload = Encoding.UTF8.GetBytes(wrong.Payload ?? Text(wrong.Route));
        var dsn = SentryDsn.Parse(sentry.Dsn).Dsn!;
        var whole = Encoding.UTF8.GetString(SentryEnvelope.Of(
            item.Route, item.Id!, payload, item.Route == SentryMapping.Transaction ? item.TraceId : null, SentryMappingTests.Options with { Dsn = dsn }, new DateTimeOffset(2026, 9, 17, 12, 0, 0, TimeSpan.Zero))).Split('\n', 3);
        var header = JsonNode.Parse(whole[0])!.AsObject();
        wrong.Header?.Invoke(header);
        var bytes = Encoding.UTF8.GetBytes($"{header.ToJsonString()}\n{wrong.ItemHeader?.Invoke(payload.Length) ?? whole[1]}\n{whole[2]}");
        using var request = new HttpRequestMessage(wrong.Method, new Uri(sentry.Address, wrong.Path));
        request.Content = new ByteArrayContent(wrong.Body?.Invoke(bytes) ?? bytes);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-sentry-envelope");
        if (wrong.Coding is not null) request.Content.Headers.ContentEncoding.Add(wrong.Coding);
        if (wrong.Auth is not null) request.Headers.TryAddWithoutValidation("X-Sentry-Auth", wrong.Auth);
        using var response = await http.SendAsync(request, Cancel);
        return response.StatusCode;
    }

    private sealed record Wrong(string Route)
    {
        public HttpMethod Method { get; init; } = HttpMethod.Post;

        public string Path { get; init; } = $"/api/{SentryStandIn.Project}/envelope/";

        public string? Auth { get; init; } = $"Sentry sentry_version=7, sentry_client=callwatch.dotnet/1.0.0, sentry_key={SentryStandIn.Key}";

        public string? Payload { get; init; }

        public string? Coding { get; init; }

        public Func<int, string>? ItemHeader { get; init; }

        public Action<JsonObject>? Header { get; init; }

        public Func<byte[], byte[]>? Body { get; init; }
    }
}
