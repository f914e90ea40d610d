using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Langfuse;
using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Receive.Otlp;
using Callwatch.Testing;
using Callwatch.Testing.Scenarios;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Langfuse;

/// <summary>The stand-in refuses what Langfuse refuses, so that what it takes says something.</summary>
public sealed class LangfuseStandInTests
{
    private const string Otlp = "/api/public/otel/v1/traces";
    private const string Ingestion = "/api/public/ingestion";
    private const string ScoresPath = "/api/public/scores";
    private const string Json = "application/json";

    private static readonly string Basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{LangfuseStandIn.PublicKey}:{LangfuseStandIn.SecretKey}"));

    public static TheoryData<string, int, string> Wrong => new()
    {
        { "no sign-in", 401, "No authorization header" },
        { "a bearer token", 401, "No authorization header" },
        { "a key of another region", 401, "Confirm that you've configured the correct host" },
        { "a key with a colon", 401, "Invalid credentials" },
        { "no base64", 401, "Invalid authorization header" },
        { "another public key beside it", 401, "Invalid public key" },
        { "a key of an organisation", 403, "project-scoped" },
        { "plain text", 400, "Invalid content type" },
        { "brotli", 400, "content encoding" },
        { "broken gzip", 400, "decompress" },
        { "ingestion version 5", 400, "x-langfuse-ingestion-version" },
        { "no protobuf", 400, "Failed to parse" },
        { "no JSON", 400, "Failed to parse" },
        { "a span without ids", 400, "trace id" },
        { "a trace id of zeros", 400, "all zero" },
        { "a short span id", 400, "8 bytes" },
        { "attributes as an object", 400, "no array" },
        { "6 MB", 413, "too large" },
        { "reading the traces", 405, "not allowed" },
        { "another path", 404, "404" },
        { "events with gzip", 400, "Invalid request data" },
        { "events without a batch", 400, "batch" },
        { "a score without a name", 400, "name" },
        { "a score of nothing", 400, "traceId" },
        { "a number as text", 400, "Expected number" },
        { "a type that is null", 400, "dataType" },
        { "a long text", 400, "500" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task A_wrong_request_is_refused_with_the_platforms_status_and_words(string wrong, int status, string words)
    {
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        var (answer, text) = await SendAsync(langfuse, RequestOf(wrong));
        Assert.Equal(status, answer);
        Assert.Contains(words, text, StringComparison.Ordinal);
        Assert.Empty(langfuse.Spans);
        Assert.Empty(langfuse.Entities);
        Assert.Empty(langfuse.Scores);
    }

    [Theory]
    [InlineData("""{"type":"trace-create","timestamp":"2026-09-17T12:00:00Z","body":{"id":"t"}}""", "id")]
    [InlineData("""{"id":"e","type":"run-create","timestamp":"2026-09-17T12:00:00Z","body":{"id":"t"}}""", "type")]
    [InlineData("""{"id":"e","type":"trace-create","timestamp":"2026-09-17T12:00:00","body":{"id":"t"}}""", "timestamp")]
    [InlineData("""{"id":"e","type":"trace-create","timestamp":"2026-09-17T12:00:00Z"}""", "body")]
    [InlineData("""{"id":"e","type":"span-create","timestamp":"2026-09-17T12:00:00Z","body":{"name":"x"}}""", "body.id")]
    [InlineData("""{"id":"e","type":"span-create","timestamp":"2026-09-17T12:00:00Z","body":{"id":"s","startTime":"2026-09-17T12:00:00"}}""", "startTime")]
    [InlineData("""{"id":"e","type":"span-create","timestamp":"2026-09-17T12:00:00Z","body":{"id":"s","level":"error"}}""", "level")]
    [InlineData("""{"id":"e","type":"trace-create","timestamp":"2026-09-17T12:00:00Z","body":{"id":"t","userId":7}}""", "userId")]
    [InlineData("""{"id":"e","type":"trace-create","timestamp":"2026-09-17T12:00:00Z","body":{"id":"t","tags":"a,b"}}""", "tags")]
    [InlineData("""{"id":"e","type":"generation-create","timestamp":"2026-09-17T12:00:00Z","body":{"id":"g","promptName":"p"}}""", "promptVersion")]
    [InlineData("""{"id":"e","type":"generation-create","timestamp":"2026-09-17T12:00:00Z","body":{"id":"g","modelParameters":{"stop":{"a":1}}}}""", "modelParameters")]
    [InlineData("""{"id":"e","type":"generation-create","timestamp":"2026-09-17T12:00:00Z","body":{"id":"g","usageDetails":[1]}}""", "usageDetails")]
    [InlineData("""{"id":"e","type":"generation-create","timestamp":"2026-09-17T12:00:00Z","body":{"id":"g","costDetails":{"total":"1"}}}""", "costDetails")]
    public async Task A_wrong_event_is_refused_by_itself(string wrong, string words)
    {
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        const string good = """{"id":"good","type":"trace-create","timestamp":"2026-09-17T12:00:00Z","body":{"id":"good"}}""";
        var (status, text) = await SendAsync(langfuse, Post(Ingestion, $$"""{"batch":[{{good}},{{wrong}}]}"""));
        Assert.Equal(207, status);
        var answer = JsonNode.Parse(text)!;
        Assert.Equal("good", (string?)answer["successes"]![0]!["id"]);
        Assert.Contains(words, (string)answer["errors"]![0]!["error"]!, StringComparison.Ordinal);
        Assert.Equal("good", Assert.Single(langfuse.Entities).Key);
    }

    [Fact]
    public async Task Every_field_that_is_taken_out_of_a_good_request_is_noticed()
    {
        var good = await GoodAsync();
        var spans = (JsonArray)good["resourceSpans"]![0]!["scopeSpans"]![0]!["spans"]!;
        string[] attributes = ["langfuse.trace.name", "user.id", "session.id", "langfuse.trace.tags", "langfuse.release", "langfuse.environment", "langfuse.observation.type", "langfuse.observation.usage_details", "langfuse.observation.prompt.name", "langfuse.observation.prompt.version"];
        foreach (var field in (string[])["traceId", "spanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano"]) await IsNoticedAsync(good, spans, span => span.Remove(field), field);
        foreach (var key in attributes)
            await IsNoticedAsync(good, spans, span => ((JsonArray)span["attributes"]!).RemoveAll(attribute => (string)attribute!["key"]! == key) > 0, key);
    }

    private static async Task IsNoticedAsync(JsonNode good, JsonArray spans, Func<JsonObject, bool> take, string what)
    {
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        var taken = (JsonObject)good.DeepClone();
        var last = (JsonObject)((JsonArray)taken["resourceSpans"]![0]!["scopeSpans"]![0]!["spans"]!)[spans.Count - 1]!;
        Assert.True(take(last), what + " was not there");
        var (status, _) = await SendAsync(langfuse, Post(Otlp, taken.ToJsonString()));
        Assert.True(status == 400 || langfuse.Problems.Count > 0, what + " is not missed");
    }

    // What the product sends for a call, in the other encoding, where single fields can be taken away.
    private static async Task<JsonNode> GoodAsync()
    {
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        await using var rig = new ForwardRig(new LangfuseKind(), langfuse.Config());
        await rig.AddAsync(Scenarios.Get("llm-message"));
        await rig.DeliverAsync();
        return JsonNode.Parse(OtlpJsonOut.Of(OtlpJsonShape.Traces, langfuse.Requests.First(request => request.Path == Otlp).Body!))!;
    }

    private static HttpRequestMessage RequestOf(string wrong)
    {
        var span = A.Traces(A.Span("x"));
        return wrong switch
        {
            "no sign-in" => With(Post(Otlp, span), message => message.Headers.Authorization = null),
            "a bearer token" => SignedIn(Post(Otlp, span), "Bearer", LangfuseStandIn.SecretKey),
            "a key of another region" => SignedIn(Post(Otlp, span), "Basic", Base64("pk-lf-other:sk-lf-other")),
            "a key with a colon" => SignedIn(Post(Otlp, span), "Basic", Base64($"{LangfuseStandIn.PublicKey}:{LangfuseStandIn.SecretKey}:x")),
            "no base64" => SignedIn(Post(Otlp, span), "Basic", "***"),
            "another public key beside it" => With(Post(Otlp, span), message => message.Headers.Add("x-langfuse-public-key", "pk-lf-other")),
            "a key of an organisation" => SignedIn(Post(Otlp, span), "Basic", Base64($"{LangfuseStandIn.OrganizationKey}:{LangfuseStandIn.SecretKey}")),
            "plain text" => Post(Otlp, span, "text/plain"),
            "brotli" => With(Post(Otlp, span), message => message.Content!.Headers.ContentEncoding.Add("br")),
            "broken gzip" => With(Post(Otlp, span), message => message.Content!.Headers.ContentEncoding.Add("gzip")),
            "ingestion version 5" => With(Post(Otlp, span), message => message.Headers.Add("x-langfuse-ingestion-version", "5")),
            "no protobuf" => Post(Otlp, [0xFF, 0xFF, 0xFF]),
            "no JSON" => Post(Otlp, "{"),
            "a span without ids" => Post(Otlp, """{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"x"}}]},"scopeSpans":[{"scope":{"name":"x"},"spans":[{"name":"x"}]}]}]}"""),
            "a trace id of zeros" => Post(Otlp, A.Traces(A.Span("x").Trace(default(Callwatch.Spans.TraceId)))),
            "a short span id" => Post(Otlp, """{"resourceSpans":[{"scopeSpans":[{"scope":{"name":"x"},"spans":[{"traceId":"0192f0c1a2b37c4d8e5f60718293a4b5","spanId":"1a2b","name":"x"}]}]}]}"""),
            "attributes as an object" => Post(Otlp, """{"resourceSpans":[{"scopeSpans":[{"scope":{"name":"x"},"spans":[{"traceId":"0192f0c1a2b37c4d8e5f60718293a4b5","spanId":"1a2b3c4d5e6f7081","name":"x","attributes":{"a":"b"}}]}]}]}"""),
            "6 MB" => Post(Otlp, A.Traces(A.Span("x").With("a", new string('x', 6_000_000)))),
            "reading the traces" => With(new HttpRequestMessage(HttpMethod.Get, Otlp), SignIn),
            "another path" => Post("/api/public/otel/v1/logs", span),
            "events with gzip" => With(Post(Ingestion, """{"batch":[]}"""), message => message.Content!.Headers.ContentEncoding.Add("gzip")),
            "events without a batch" => Post(Ingestion, """{"events":[]}"""),
            "a score without a name" => Post(ScoresPath, """{"traceId":"t","value":1}"""),
            "a score of nothing" => Post(ScoresPath, """{"name":"user","value":1}"""),
            "a number as text" => Post(ScoresPath, """{"traceId":"t","name":"user","value":"1","dataType":"NUMERIC"}"""),
            "a type that is null" => Post(ScoresPath, """{"traceId":"t","name":"user","value":1,"dataType":null}"""),
            _ => Post(ScoresPath, $$"""{"traceId":"t","name":"user","value":"{{new string('x', 501)}}","dataType":"TEXT"}"""),
        };
    }

    private static HttpRequestMessage Post(string path, string json) => Post(path, Encoding.UTF8.GetBytes(json), Json);

    private static HttpRequestMessage Post(string path, byte[] body, string type = "application/x-protobuf")
    {
        var message = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        SignIn(message);
        return message;
    }

    private static HttpRequestMessage SignedIn(HttpRequestMessage message, string scheme, string value) => With(message, it => it.Headers.Authorization = new AuthenticationHeaderValue(scheme, value));

    private static HttpRequestMessage With(HttpRequestMessage message, Action<HttpRequestMessage> change)
    {
        change(message);
        return message;
    }

    private static void SignIn(HttpRequestMessage message) => message.Headers.Authorization = new AuthenticationHeaderValue("Basic", Basic);

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static async Task<(int Status, string Text)> SendAsync(LangfuseStandIn langfuse, HttpRequestMessage message)
    {
        using var client = new HttpClient { BaseAddress = langfuse.Address };
        using var response = await client.SendAsync(message, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
