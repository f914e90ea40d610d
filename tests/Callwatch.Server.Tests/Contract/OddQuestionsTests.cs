using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Server.Tests.Access;
using Callwatch.Server.Tests.Reading;
using Callwatch.Server.Tests.Receive;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Contract;

/// <summary>
/// Every route of the description, asked as nobody should ask it: other methods, odd parameters, odd bodies. Whatever comes, the server
/// answers for it, and what it refuses has the one shape of an error, with the field that is to blame.
/// </summary>
public sealed class OddQuestionsTests(OddQuestionsTests.World world) : IClassFixture<OddQuestionsTests.World>
{
    /// <summary>These take whatever is sent as a file, or answer by rules of their own.</summary>
    private static readonly string[] OwnRules = ["/v1/traces", "/v1/logs", "/v1/metrics", "/api/v1/import", "/api/v1/reconcile", "/api/public/ingestion"];

    private static readonly string[] OddTexts =
    [
        "", " ", "0", "-1", "1.5", "1e9", "99999999999999999999", "null", "[]", "{}", "\0", "a\0b", "我", "😀", new string('a', 3_000), "2026-13-01T00:00:00Z", "2026-09-17T00:00:00",
        "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2262-04-12T00:00:00Z", "-3h", "..", "%", "\\", "\"", "model:", "model:\"", "(((", "- ", "latency>99999999999999999999s", "cost>1e400",
        "metadata.:x", "app:nobody", "span:0000000000000001", "Mars/Phobos", "../../etc/passwd", "\r\n", "--end", "-ttft",
    ];

    private static readonly JsonNode?[] OddValues =
        [null, new JsonArray(), new JsonObject(), "", "\0", "我", new string('a', 5_000), -1, 1.5, 1e308, true, new JsonArray((JsonNode?)null), new JsonArray(new JsonArray()), new JsonArray(new JsonObject()), new JsonObject { ["a"] = null }];

    private static readonly string[] OddBodies =
    [
        "", " ", "null", "[]", "{}", "5", "{", "{\"a\":1}x", "{\"name\":\"\\ud800\",\"what\":\"\\ud800\",\"from\":\"\\udc00\"}", "{\"\\ud800\":1}", "{\"name\":\"a\",\"name\":\"b\"}", "NaN", "{\"value\":1e999}", "[null]",
        "\ufeff{}", new string('[', 5_000) + new string(']', 5_000),
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Another_method_is_answered_405_with_those_that_are_allowed()
    {
        foreach (var route in world.Operations.GroupBy(operation => operation.Path))
        {
            var allowed = route.Select(operation => operation.Method).ToHashSet();
            foreach (var method in (string[])["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
            {
                if (allowed.Contains(method)) continue;
                using var answer = await world.AskAsync(method, route.Key);
                Assert.True(answer.StatusCode == HttpStatusCode.MethodNotAllowed, $"{method} {route.Key}: {(int)answer.StatusCode}");
                await AssertProblemAsync($"{method} {route.Key}", answer);
                if (allowed.Contains("GET")) allowed.Add("HEAD");
                Assert.Equal(allowed.Order(StringComparer.Ordinal), answer.Content.Headers.Allow.Order(StringComparer.Ordinal));
            }
        }
    }

    [Fact]
    public async Task Wherever_there_is_GET_there_is_HEAD_with_the_same_head_and_no_body()
    {
        foreach (var path in world.Operations.Where(operation => operation.Method == "GET").Select(operation => operation.Path).Append("/").Append("/sign-in"))
        {
            using var head = await world.AskAsync("HEAD", path);
            Assert.Empty(await head.BytesAsync());
            // It never ends.
            if (path == "/api/v1/tail") continue;
            using var whole = await world.AskAsync("GET", path);
            Assert.True(whole.StatusCode == head.StatusCode && whole.Content.Headers.ContentType?.ToString() == head.Content.Headers.ContentType?.ToString(), $"HEAD {path}: {(int)head.StatusCode} {head.Content.Headers.ContentType}");
        }
    }

    [Fact]
    public async Task No_value_of_a_parameter_makes_the_server_fail_and_a_wrong_one_is_named()
    {
        foreach (var operation in world.Operations.Where(operation => operation is { Method: "GET", Path: not "/api/v1/tail" }))
        {
            foreach (var name in operation.QueryParameters)
            {
                foreach (var odd in OddTexts) await AskAsync(operation, name, Uri.EscapeDataString(odd));
                if (name is "app" or "by") continue;
                using var twice = await world.AskAsync("GET", $"{operation.Path}?{name}=1&{name}=2");
                await AssertProblemAsync($"{operation}?{name} twice", twice);
            }
        }

        async Task AskAsync(Operation operation, string name, string odd)
        {
            var what = $"{operation}?{name}={(odd.Length > 50 ? odd[..50] : odd)}";
            // Without it, the other model is what is missing.
            var also = name != "model" && operation.QueryParameters.Contains("model") ? "&model=anthropic/claude-haiku-4-5" : "";
            using var answer = await world.AskAsync("GET", $"{operation.Path}?{name}={odd}{also}");
            if (answer.IsSuccessStatusCode) return;
            var problem = await AssertProblemAsync(what, answer);
            if (answer.StatusCode != HttpStatusCode.UnprocessableEntity) return;
            // A time that was read may still make a range, or too many buckets, of which another is to blame.
            string[] toBlame = name is "from" or "to" ? ["from", "to", "step"] : [name];
            Assert.True(toBlame.Contains((string?)problem["field"]), $"{what} blames {problem["field"]}");
        }
    }

    [Fact]
    public async Task No_body_makes_the_server_fail()
    {
        // One of its own: what is taken here (rules of retention among it) changes what others ask for.
        await using var own = new World();
        await own.InitializeAsync();
        foreach (var operation in own.Operations.Where(operation => operation.Method is "POST" or "PUT" && !OwnRules.Contains(operation.Template)))
        {
            foreach (var odd in OddBodies) await SendAsync(operation, odd);
            if (own.Described.Example(operation.BodySchema) is not JsonObject example || operation.Template.EndsWith("/check", StringComparison.Ordinal)) continue;
            foreach (var field in example.Select(field => field.Key).ToList())
            {
                foreach (var odd in OddValues)
                {
                    var body = (JsonObject)example.DeepClone();
                    body[field] = odd?.DeepClone();
                    // Nothing is to be backed up anywhere.
                    if (operation.Template == "/api/v1/backup" && field != "directory") body["directory"] = "nowhere";
                    await SendAsync(operation, body.ToJsonString());
                }
            }
        }

        async Task SendAsync(Operation operation, string body)
        {
            using var answer = await own.SendAsync(operation, body);
            if (!answer.IsSuccessStatusCode) await AssertProblemAsync($"{operation} with {(body.Length > 80 ? body[..80] : body)}", answer);
        }
    }

    [Fact]
    public async Task A_body_of_another_type_or_packed_is_answered_415()
    {
        foreach (var operation in world.Operations.Where(operation => operation.BodySchema is not null && operation.Description["requestBody"]!["required"] is not null && !OwnRules.Contains(operation.Template)))
        {
            foreach (var (type, coding) in ((string, string?)[])[("text/plain", null), ("application/x-www-form-urlencoded", null), ("application/json", "gzip")])
            {
                // Records are taken packed.
                if (coding is not null && operation.Template == "/api/v1/traces") continue;
                using var answer = await world.SendAsync(operation, "{}", type, coding);
                Assert.True(answer.StatusCode is HttpStatusCode.UnsupportedMediaType or HttpStatusCode.NotFound, $"{operation} as {type} {coding}: {(int)answer.StatusCode}");
                await AssertProblemAsync($"{operation} as {type} {coding}", answer);
            }
        }
    }

    [Theory]
    [InlineData("/api/v1/calls")]
    [InlineData("/api/v1/traces")]
    [InlineData("/api/v1/sessions")]
    [InlineData("/api/v1/users")]
    public async Task A_cursor_of_any_bytes_is_answered_or_refused_by_name(string list)
    {
        var question = $"{list}?{Traffic.Range}&limit=1";
        var next = (string?)(await world.Server.GetAsync(question))["next"];
        Assert.NotNull(next);
        var bytes = System.Buffers.Text.Base64Url.DecodeFromChars(next);
        Assert.NotEmpty(bytes);
        for (var at = 0; at < bytes.Length; at++)
        {
            foreach (var fill in (byte[])[0, 0x7F, 0x80, 0xFF])
            {
                // One byte, and a whole number.
                foreach (var length in (int[])[1, 8])
                {
                    var forged = (byte[])bytes.Clone();
                    forged.AsSpan(at, Math.Min(length, bytes.Length - at)).Fill(fill);
                    using var answer = await world.AskAsync("GET", question + "&cursor=" + System.Buffers.Text.Base64Url.EncodeToString(forged));
                    if (answer.IsSuccessStatusCode) continue;
                    var problem = await AssertProblemAsync($"{list}, {fill:x2} at {at}", answer);
                    Assert.Contains((string?)problem["field"], (string?[])["cursor", "from"]);
                }
            }
        }
    }

    [Fact]
    public async Task Every_answer_is_as_its_description_says()
    {
        string[] more =
        [
            $"/api/v1/calls?{Traffic.Range}", $"/api/v1/traces?{Traffic.Range}", $"/api/v1/stats?{Traffic.Range}&by=model&by=app", $"/api/v1/facets/model?{Traffic.Range}", $"/api/v1/errors?{Traffic.Range}",
            $"/api/v1/sessions?{Traffic.Range}", $"/api/v1/users?{Traffic.Range}", $"/api/v1/compare?{Traffic.Range}", $"/api/v1/figures/reference?{Traffic.Range}", $"/api/v1/costs/what-if?model=anthropic/claude-haiku-4-5&{Traffic.Range}",
            "/api/v1/traces/none", "/api/v1/stats?step=7m", "/api/v1/doctor?deep", "/api/v1/doctor?deep=perhaps",
        ];
        foreach (var path in world.Operations.Where(operation => operation is { Method: "GET", Path: not "/api/v1/tail" }).Select(operation => operation.Path).Concat(more))
        {
            using var answer = await world.AskAsync("GET", path);
            var operation = world.Operations.First(operation => operation.Method == "GET" && Matches(operation.Template, path.Split('?')[0]));
            var described = operation.Description["responses"]![((int)answer.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture)];
            Assert.True(described is not null, $"{path}: {(int)answer.StatusCode} is not described");
            if (described["content"] is not JsonObject content) continue;
            var type = answer.Content.Headers.ContentType!.MediaType!;
            Assert.True(content.ContainsKey(type), $"{path}: {type} is not described");
            if (!type.EndsWith("json", StringComparison.Ordinal) || content[type]!["schema"] is not { } schema) continue;
            var objections = world.Described.Objections(JsonNode.Parse(await answer.TextAsync()), schema);
            Assert.True(objections.Count == 0, $"{path}: {string.Join("; ", objections)}");
        }

        static bool Matches(string template, string path) =>
            template.Split('/') is var a && path.Split('/') is var b && a.Length == b.Length && a.Zip(b).All(pair => pair.First.StartsWith('{') || pair.First == pair.Second);
    }

    private static async Task<JsonNode> AssertProblemAsync(string what, HttpResponseMessage answer)
    {
        var text = await answer.TextAsync();
        Assert.True((int)answer.StatusCode < 500, $"{what}: {(int)answer.StatusCode} {text}");
        Assert.True(answer.Content.Headers.ContentType?.MediaType == "application/problem+json", $"{what}: {(int)answer.StatusCode} {answer.Content.Headers.ContentType}");
        var problem = JsonNode.Parse(text)!;
        Assert.Equal((int)answer.StatusCode, (int)problem["status"]!);
        Assert.Matches("^[a-z_]+$", (string?)problem["code"]);
        Assert.False(string.IsNullOrWhiteSpace((string?)problem["detail"]), what);
        if (answer.StatusCode == HttpStatusCode.UnprocessableEntity) Assert.False(string.IsNullOrEmpty((string?)problem["field"]), $"{what} names no field: {text}");
        return problem;
    }

    /// <summary>A server with a few traces, asked with the admin key.</summary>
    public sealed class World : IAsyncLifetime
    {
        public RunningServer Server { get; private set; } = null!;

        internal Described Described { get; private set; } = null!;

        internal IReadOnlyList<Operation> Operations { get; private set; } = [];

        public async ValueTask InitializeAsync()
        {
            Server = await Traffic.ServerAsync();
            await Traffic.SendAsync(Server);

            // Of each list there is a next page.
            using var second = await Server.SendTracesAsync(A.Resource("shop").Holding(A.Span("chat gpt-4o").Kind(3).Trace(9).Id(1).At(90_000, 100)
                .With(("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt-4o"), ("user.id", "bert"), ("session.id", "s-2"))).Traces());
            Assert.True(second.IsSuccessStatusCode);
            await Server.StoredAsync();
            Described = new Described(await Server.GetAsync("/openapi/v1.json"));
            var values = new Dictionary<string, string>
            {
                ["trace_id"] = Traffic.TraceId(1),
                ["span_id"] = Traffic.SpanId(2),
                ["field"] = "model",
                ["hash"] = new string('0', 64),
                ["app"] = "shop",
                ["name"] = "store",

                // So that the key which asks is none of those it may revoke.
                ["id"] = "999",
            };
            Operations = [.. Described.Operations(values)];
        }

        public ValueTask DisposeAsync() => Server.DisposeAsync();

        internal Task<HttpResponseMessage> AskAsync(string method, string path) => SendAsync(Key.With(Key.AdminOf(Server), new HttpMethod(method), path));

        internal Task<HttpResponseMessage> SendAsync(Operation operation, string body, string type = "application/json", string? coding = null)
        {
            var request = Key.With(Key.AdminOf(Server), new HttpMethod(operation.Method), operation.Path);
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } };
            if (coding is not null) request.Content.Headers.ContentEncoding.Add(coding);
            return SendAsync(request);
        }

        private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
        {
            using (request) return await Server.Http.SendAsync(request, request.Method == HttpMethod.Head ? HttpCompletionOption.ResponseContentRead : HttpCompletionOption.ResponseHeadersRead, Cancel);
        }
    }
}
