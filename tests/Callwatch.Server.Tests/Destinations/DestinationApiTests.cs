using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Server.Tests.Access;
using Xunit;

namespace Callwatch.Server.Tests.Destinations;

/// <summary>Destinations over HTTP, by the names of the contract.</summary>
public sealed class DestinationApiTests(DestinationWorld world) : IClassFixture<DestinationWorld>
{
    private readonly RunningServer server = world.Server;

    [Fact]
    public async Task Every_kind_of_platform_is_listed_with_its_fields()
    {
        var kinds = (await Get("/api/v1/destination-kinds"))["items"]!.AsArray();
        Assert.Superset(
            new HashSet<string>(["langfuse", "langsmith", "arize", "phoenix", "opik", "weave", "aliyun", "sentry", "otlp"], StringComparer.Ordinal),
            kinds.Select(kind => (string)kind!["name"]!).ToHashSet(StringComparer.Ordinal));
        var field = kinds.Single(kind => (string)kind!["name"]! == "langfuse")!["fields"]!.AsArray().Single(one => (string)one!["name"]! == "host")!;
        Assert.Equal("https://cloud.langfuse.com", (string?)field["default"]);
        Assert.False((bool)field["secret"]!);
        Assert.False((bool)field["required"]!);
        Assert.All(kinds.SelectMany(kind => kind!["fields"]!.AsArray()), one => Assert.False(string.IsNullOrWhiteSpace((string?)one!["help"])));
    }

    [Fact]
    public async Task A_destination_is_made_with_defaults_and_its_secrets_are_never_shown()
    {
        var made = await server.AddAsync(DestinationWorld.Langfuse("made"));
        Assert.Equal("made", (string?)made["name"]);
        Assert.Equal("langfuse", (string?)made["kind"]);
        Assert.Equal("https://cloud.langfuse.com", (string?)made["config"]!["host"]);
        Assert.True(made["config"]!.AsObject().ContainsKey("secret_key"));
        Assert.Null(made["config"]!["secret_key"]);
        Assert.Contains("secret_key", made["config_set"]!.AsArray().Select(name => (string?)name));
        Assert.Equal("""["*"]""", made["apps"]!.ToJsonString());
        Assert.Equal("""["traces"]""", made["signals"]!.ToJsonString());
        Assert.Equal((1d, true, true, "now"), ((double)made["sample_rate"]!, (bool)made["keep_errors"]!, (bool)made["enabled"]!, (string?)made["start"]));
        Assert.Null(made["filter"]);
        var id = made["id"]!.ToString();
        foreach (var path in new[] { "/api/v1/destinations", "/api/v1/destinations/" + id, $"/api/v1/destinations/{id}/status" })
            Assert.DoesNotContain(DestinationWorld.Secret, (await Get(path)).ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_names_of_headers_are_shown_and_their_values_are_not()
    {
        var made = await server.AddAsync(Forwarding.ToOtlp(new Uri("https://collector.example"), "with headers", "header-secret-4711"));
        Assert.True(made["config"]!["headers"]!.AsObject().ContainsKey("Authorization"));
        Assert.Null(made["config"]!["headers"]!["Authorization"]);
        Assert.Contains("headers", made["config_set"]!.AsArray().Select(name => (string?)name));
        Assert.DoesNotContain("header-secret-4711", (await Get("/api/v1/destinations/" + made["id"])).ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_change_leaves_out_keeps_its_value_and_what_was_answered_can_be_sent_back()
    {
        var made = await server.AddAsync(DestinationWorld.Langfuse("to change", ("filter", "outcome:error"), ("sample_rate", 0.25), ("mask", new JsonArray("email"))));
        var path = "/api/v1/destinations/" + made["id"];
        var changed = await PutAsync(path, """{"config":{"host":"https://us.cloud.langfuse.com"}}""");
        Assert.Equal("https://us.cloud.langfuse.com", (string?)changed["config"]!["host"]);
        Assert.Equal("pk-lf-1", (string?)changed["config"]!["public_key"]);
        Assert.Equal(("to change", "outcome:error", 0.25), ((string?)changed["name"], (string?)changed["filter"], (double)changed["sample_rate"]!));
        Assert.Equal("""["email"]""", changed["mask"]!.ToJsonString());
        Assert.Contains("secret_key", changed["config_set"]!.AsArray().Select(name => (string?)name));

        var same = await PutAsync(path, changed.ToJsonString());
        Assert.Equal(changed["config"]!.ToJsonString(), same["config"]!.ToJsonString());
        Assert.Contains("secret_key", same["config_set"]!.AsArray().Select(name => (string?)name));

        var cleared = await PutAsync(path, """{"filter":null,"mask":[],"enabled":false}""");
        Assert.Null(cleared["filter"]);
        Assert.Equal("[]", cleared["mask"]!.ToJsonString());
        Assert.Equal("paused", (string?)cleared["status"]!["state"]);
    }

    [Fact]
    public async Task A_change_made_from_an_older_state_is_refused_when_it_says_from_which()
    {
        var made = await server.AddAsync(DestinationWorld.Langfuse("guarded"));
        var path = "/api/v1/destinations/" + made["id"];
        using var first = await server.Http.SendAsync(Key.With(Key.AdminOf(server), HttpMethod.Get, path), TestContext.Current.CancellationToken);
        var tag = first.Headers.ETag!.Tag;
        await PutAsync(path, """{"name":"guarded once"}""");
        using var late = Key.With(Key.AdminOf(server), HttpMethod.Put, path, ("If-Match", tag));
        late.Content = new StringContent("""{"name":"guarded twice"}""", Encoding.UTF8, "application/json");
        using var refused = await server.Http.SendAsync(late, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.PreconditionFailed, refused.StatusCode);
        Assert.Equal("outdated", (string?)JsonNode.Parse(await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["code"]);
        Assert.Equal("guarded once", (string?)(await Get(path))["name"]);
    }

    [Theory]
    [InlineData("""{"kind":"langfuse","config":{}}""", "name")]
    [InlineData("""{"name":"x","config":{}}""", "kind")]
    [InlineData("""{"name":"x","kind":"fax","config":{}}""", "kind")]
    [InlineData("""{"name":7,"kind":"langfuse","config":{}}""", "name")]
    [InlineData("""{"name":"x","kind":"langfuse","config":{"public_key":"pk-lf-1"}}""", "config.secret_key")]
    [InlineData("""{"name":"x","kind":"langfuse","config":{"public_key":"pk-lf-1","secret_key":"s","hots":"https://a.example"}}""", "config.hots")]
    [InlineData("""{"name":"x","kind":"langfuse","config":[]}""", "config")]
    [InlineData("""{"name":"x","kind":"otlp","config":{"endpoint":"ftp://a.example"}}""", "config.endpoint")]
    [InlineData("""{"name":"x","kind":"otlp","config":{"endpoint":"http://10.1.2.3:4318"}}""", "config.endpoint")]
    [InlineData("""{"name":"x","kind":"otlp","config":{"endpoint":"http://169.254.169.254"}}""", "config.endpoint")]
    [InlineData("""{"name":"x","kind":"otlp","config":{"endpoint":"https://a.example"},"apps":"*"}""", "apps")]
    [InlineData("""{"name":"x","kind":"otlp","config":{"endpoint":"https://a.example"},"apps":["a",1]}""", "apps")]
    [InlineData("""{"name":"x","kind":"otlp","config":{"endpoint":"https://a.example"},"filter":"modle:gpt"}""", "filter")]
    [InlineData("""{"name":"x","kind":"otlp","config":{"endpoint":"https://a.example"},"sample_rate":1.5}""", "sample_rate")]
    [InlineData("""{"name":"x","kind":"otlp","config":{"endpoint":"https://a.example"},"sample_rate":"half"}""", "sample_rate")]
    [InlineData("""{"name":"x","kind":"otlp","config":{"endpoint":"https://a.example"},"keep_errors":"yes"}""", "keep_errors")]
    [InlineData("""{"name":"x","kind":"otlp","config":{"endpoint":"https://a.example"},"mask":["("]}""", "mask")]
    [InlineData("""{"name":"x","kind":"otlp","config":{"endpoint":"https://a.example"},"signals":["smoke"]}""", "signals")]
    [InlineData("""{"name":"x","kind":"langsmith","config":{"api_key":"lsv2_x"},"signals":["logs"]}""", "signals")]
    [InlineData("""{"name":"x","kind":"otlp","config":{"endpoint":"https://a.example"},"enabled":1}""", "enabled")]
    [InlineData("""{"name":"x","kind":"otlp","config":{"endpoint":"https://a.example"},"start":"tomorrow"}""", "start")]
    [InlineData("""{"name":"x","kind":"otlp","config":{"endpoint":"https://a.example"},"sample_ratte":1}""", "sample_ratte")]
    public async Task A_destination_that_cannot_be_is_refused_with_its_field(string body, string field)
    {
        foreach (var path in new[] { "/api/v1/destinations", "/api/v1/destinations/check" })
        {
            // What is to be checked needs no name yet.
            if (field == "name" && path.EndsWith("/check", StringComparison.Ordinal) && !body.Contains("name", StringComparison.Ordinal)) continue;
            var problem = await server.CallAsync(HttpMethod.Post, path, body, HttpStatusCode.UnprocessableEntity);
            Assert.StartsWith(field, (string?)problem!["field"], StringComparison.Ordinal);
            Assert.Equal("invalid", (string?)problem["code"]);
            Assert.False(string.IsNullOrWhiteSpace((string?)problem["detail"]));
        }
    }

    [Theory]
    [InlineData("""{"kind":"opik"}""", "kind")]
    [InlineData("""{"start":"beginning"}""", "start")]
    [InlineData("""{"config":{"secret_key":""}}""", "config.secret_key")]
    [InlineData("""{"name":""}""", "name")]
    public async Task A_change_that_cannot_be_is_refused_with_its_field(string body, string field)
    {
        var made = await server.AddAsync(DestinationWorld.Langfuse("refuses " + body.Length.ToString(CultureInfo.InvariantCulture) + field));
        var problem = await server.CallAsync(HttpMethod.Put, "/api/v1/destinations/" + made["id"], body, HttpStatusCode.UnprocessableEntity);
        Assert.StartsWith(field, (string?)problem!["field"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", HttpStatusCode.BadRequest)]
    [InlineData("[]", HttpStatusCode.BadRequest)]
    [InlineData("""{"name":"a","name":"b"}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"name":"\ud800"}""", HttpStatusCode.BadRequest)]
    public async Task A_body_that_is_no_json_object_is_refused(string body, HttpStatusCode status)
    {
        foreach (var path in new[] { "/api/v1/destinations", "/api/v1/destinations/check" })
            Assert.Equal("malformed_json", (string?)(await server.CallAsync(HttpMethod.Post, path, body, status))!["code"]);
    }

    [Fact]
    public async Task A_body_of_another_type_is_415_and_one_beyond_the_limit_413()
    {
        using var form = Key.With(Key.AdminOf(server), HttpMethod.Post, "/api/v1/destinations");
        form.Content = new StringContent("name=x");
        using var answer = await server.Http.SendAsync(form, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
        using var large = Key.With(Key.AdminOf(server), HttpMethod.Post, "/api/v1/destinations");
        large.Headers.ExpectContinue = true;
        large.Content = new StringContent($$"""{"name":"{{new string('x', 5 * 1024 * 1024)}}"}""", Encoding.UTF8, "application/json");
        using var refused = await server.Http.SendAsync(large, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);
    }

    [Fact]
    public async Task Lists_come_in_pages()
    {
        for (var i = 0; i < 5; i++) await server.AddAsync(DestinationWorld.Langfuse("page " + i.ToString(CultureInfo.InvariantCulture)));
        var all = (await Get("/api/v1/destinations?limit=1000"))["items"]!.AsArray().Select(one => (int)one!["id"]!).ToList();
        var paged = new List<int>();
        string? cursor = null;
        do
        {
            var page = await Get("/api/v1/destinations?limit=2" + (cursor is null ? "" : "&cursor=" + cursor));
            paged.AddRange(page["items"]!.AsArray().Select(one => (int)one!["id"]!));
            cursor = (string?)page["next"];
        }
        while (cursor is not null);
        Assert.Equal(all, paged);
        Assert.Equal("limit", (string?)(await server.CallAsync(HttpMethod.Get, "/api/v1/destinations?limit=0", null, HttpStatusCode.UnprocessableEntity))!["field"]);
        Assert.Equal("cursor", (string?)(await server.CallAsync(HttpMethod.Get, "/api/v1/destinations?cursor=x", null, HttpStatusCode.UnprocessableEntity))!["field"]);
    }

    [Fact]
    public async Task A_destination_that_is_removed_is_gone_with_all_that_belongs_to_it()
    {
        var made = await server.AddAsync(DestinationWorld.Langfuse("short-lived"));
        var path = "/api/v1/destinations/" + made["id"];
        await server.CallAsync(HttpMethod.Delete, path, null, HttpStatusCode.NoContent);
        foreach (var below in new[] { "", "/status", "/replays", "/dead-letters" }) await server.CallAsync(HttpMethod.Get, path + below, null, HttpStatusCode.NotFound);
        foreach (var below in new[] { "/check", "/pause", "/resume" }) await server.CallAsync(HttpMethod.Post, path + below, null, HttpStatusCode.NotFound);
        await server.CallAsync(HttpMethod.Delete, path, null, HttpStatusCode.NotFound);
        await server.CallAsync(HttpMethod.Put, path, "{}", HttpStatusCode.NotFound);
        await server.AddAsync(DestinationWorld.Langfuse("short-lived"));
    }

    [Fact]
    public async Task Pausing_and_resuming_show_at_once_and_twice_is_fine()
    {
        var made = await server.AddAsync(DestinationWorld.Langfuse("paused"));
        var path = "/api/v1/destinations/" + made["id"];
        for (var i = 0; i < 2; i++) Assert.Equal("paused", (string?)(await server.CallAsync(HttpMethod.Post, path + "/pause"))!["state"]);
        Assert.Equal("paused", (string?)(await Get(path + "/status"))["state"]);
        for (var i = 0; i < 2; i++) Assert.Equal("idle", (string?)(await server.CallAsync(HttpMethod.Post, path + "/resume"))!["state"]);
        Assert.Equal("idle", (string?)(await Get(path + "/status"))["state"]);
    }

    private async Task<JsonNode> Get(string path) => (await server.CallAsync(HttpMethod.Get, path))!;

    private async Task<JsonNode> PutAsync(string path, string body) => (await server.CallAsync(HttpMethod.Put, path, body))!;
}
