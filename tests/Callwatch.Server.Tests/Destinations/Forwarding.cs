using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Server.Tests.Access;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Destinations;

/// <summary>Servers that may send to this machine, and what is asked of them as a stranger would ask it.</summary>
internal static class Forwarding
{
    /// <summary>Lets a server send to addresses of this machine, and wait no longer than a test has patience.</summary>
    public static readonly (string Key, string? Value)[] Settings =
    [
        ("Callwatch:Forward:AllowPrivateAddresses", "127.0.0.0/8"), ("Callwatch:Forward:BatchDelay", "00:00:00"), ("Callwatch:Forward:BaseDelay", "00:00:00.05"),
        ("Callwatch:Forward:MaxDelay", "00:00:00.2"), ("Callwatch:Settle:QuietAfterRoot", "00:00:00.1"), ("Callwatch:Settle:Quiet", "00:00:01"), ("Callwatch:Store:BatchDelay", "00:00:00"),
        // Given up, a request would be sent twice.
        ("Callwatch:Forward:Timeout", "00:10:00"),
    ];

    /// <summary>The same for a process.</summary>
    public static (string Name, string Value)[] Environment => [.. Settings.Select(setting => (setting.Key.Replace(":", "__", StringComparison.Ordinal), setting.Value!))];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static Task<RunningServer> ServerAsync(params (string Key, string? Value)[] settings) => RunningServer.StartAsync(settings: [.. Settings, .. settings]);

    /// <summary>An OTLP destination.</summary>
    public static JsonObject ToOtlp(Uri url, string name = "collector", string? key = null)
    {
        var config = new JsonObject { ["endpoint"] = url.GetLeftPart(UriPartial.Authority) };
        if (key is not null) config["headers"] = new JsonObject { ["Authorization"] = "Bearer " + key };
        return new JsonObject { ["name"] = name, ["kind"] = "otlp", ["config"] = config };
    }

    public static async Task<JsonNode> AddAsync(this RunningServer server, JsonObject destination) => (await server.CallAsync(HttpMethod.Post, "/api/v1/destinations", destination.ToJsonString(), HttpStatusCode.Created))!;

    /// <summary>With the admin key, unless another is given; the answer's JSON, which is a problem document where a refusal is expected.</summary>
    public static Task<JsonNode?> CallAsync(this RunningServer server, HttpMethod method, string path, string? body = null, HttpStatusCode expected = HttpStatusCode.OK, string? key = "admin") =>
        CallAsync(server.Http, method, path, key == "admin" ? Key.AdminOf(server) : key, body, expected);

    public static async Task<JsonNode?> CallAsync(HttpClient http, HttpMethod method, string path, string? key, string? body = null, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var request = Key.With(key, method, path);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await http.SendAsync(request, Cancel);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.StatusCode == expected, $"{method} {path}: {(int)answer.StatusCode} {text}");
        if ((int)expected >= 400) Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        return text.Length == 0 ? null : JsonNode.Parse(text);
    }

    /// <summary>Sends an OTLP request and waits until it is acknowledged.</summary>
    public static async Task SendAsync(HttpClient http, byte[] traces, string? key = null)
    {
        using var request = Key.With(key, HttpMethod.Post, "/v1/traces");
        request.Content = new ByteArrayContent(traces) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-protobuf") } };
        using var answer = await http.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    /// <summary>A trace of now: a root, a call beneath it.</summary>
    public static byte[] Trace(ulong number, string app = "shop", string question = "Where is my parcel?")
    {
        var now = Spans.Timestamp.From(TimeProvider.System.GetUtcNow());
        return A.Resource(app, ("service.version", "1.4.2")).Holding(
            A.Span("POST /ask").Trace(number).Id(1).Kind(2).Between(now.Plus(TimeSpan.FromSeconds(-2)), now).With(("user.id", "anna"), ("session.id", "s-" + number.ToString(CultureInfo.InvariantCulture))),
            A.Span("chat gpt-4o").Trace(number).Id(2, under: 1).Kind(3).Between(now.Plus(TimeSpan.FromSeconds(-1)), now).With(
                ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt-4o"), ("gen_ai.usage.input_tokens", 57), ("gen_ai.usage.output_tokens", 23),
                ("gen_ai.input.messages", $$"""[{"role":"user","parts":[{"type":"text","content":"{{question}}"}]}]"""))).Traces();
    }

    /// <summary>Until an answer is as it should be; the answer.</summary>
    public static async Task<JsonNode> UntilAsync(Func<Task<JsonNode?>> ask, Func<JsonNode, bool> holds, string what)
    {
        JsonNode? last = null;
        return await Eventually.AnswersAsync(async () => await ask() is { } answer && holds(last = answer) ? answer : null, () => $"{what}. Last: {last?.ToJsonString()}");
    }

    public static Task<JsonNode> StatusAsync(this RunningServer server, JsonNode destination, Func<JsonNode, bool> holds, string what) =>
        UntilAsync(() => server.CallAsync(HttpMethod.Get, $"/api/v1/destinations/{destination["id"]}/status"), holds, what);

    /// <summary>The ids of all spans that a server has stored of the last hour, by trace.</summary>
    public static async Task<IReadOnlySet<string>> SpansAsync(HttpClient http, string? key = null)
    {
        var spans = new HashSet<string>(StringComparer.Ordinal);
        string? cursor = null;
        do
        {
            var page = await CallAsync(http, HttpMethod.Get, "/api/v1/traces?limit=1000&from=2020-01-01T00:00:00Z&to=2030-01-01T00:00:00Z" + (cursor is null ? "" : "&cursor=" + cursor), key);
            foreach (var trace in page!["items"]!.AsArray())
            {
                var whole = await CallAsync(http, HttpMethod.Get, $"/api/v1/traces/{trace!["trace_id"]}", key);
                foreach (var span in whole!["spans"]!.AsArray()) spans.Add($"{span!["trace_id"]}/{span["span_id"]}");
            }

            cursor = (string?)page["next"];
        }
        while (cursor is not null);
        return spans;
    }

    /// <summary>Until the one has so many spans, and the other the same.</summary>
    public static async Task ArrivedAsync(HttpClient from, HttpClient to, int count)
    {
        IReadOnlySet<string> sent = new HashSet<string>(), there = sent;
        await Eventually.AnswersAsync(
            async () => (sent = await SpansAsync(from)).Count >= count && (there = await SpansAsync(to)).Count >= count ? there : null,
            () => $"{there.Count} of {sent.Count} spans arrived: {string.Join(", ", sent.Except(there).Take(5))} did not.");
        Assert.Equal(count, sent.Count);
        Assert.Equal(sent.Order(StringComparer.Ordinal), there.Order(StringComparer.Ordinal));
    }
}
