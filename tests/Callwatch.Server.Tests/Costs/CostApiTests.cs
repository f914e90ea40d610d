using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Control;
using Callwatch.Server.Tests.Access;
using Callwatch.Server.Tests.Reading;
using Callwatch.Server.Tests.Receive;
using Xunit;

namespace Callwatch.Server.Tests.Costs;

/// <summary>Costs over HTTP, by the names of the contract.</summary>
public sealed class CostApiTests(CostApiTests.World world) : IClassFixture<CostApiTests.World>
{
    public sealed class World : IAsyncLifetime
    {
        public RunningServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Server = await Traffic.ServerAsync();
            await CostTraffic.SendAsync(Server);
        }

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }

    private const string AnthropicHead = "usage_date_utc,model_version,usage_input_tokens_no_cache,usage_input_tokens_cache_read,usage_output_tokens\n";

    private readonly RunningServer server = world.Server;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_page_of_costs_is_there_also_where_no_call_has_a_cost()
    {
        using var response = await server.AskAsync($"/cost?{CostTraffic.Range}&q=model:qwen3-32b");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("No call of this range has a cost.", await response.TextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_ledger_adds_up_to_the_calls_it_is_made_of()
    {
        var calls = await server.AllAsync($"/api/v1/calls?{CostTraffic.Range}");
        foreach (var zone in new[] { "", "&tz=Asia/Shanghai", "&tz=America/New_York" })
        {
            using var response = await server.AskAsync($"/api/v1/costs/ledger?{CostTraffic.Range}{zone}");
            Assert.Equal("text/csv", response.Content.Headers.ContentType?.MediaType);
            var lines = (await response.TextAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(',')).ToList();
            Assert.Equal(["day", "app", "provider", "model", "class", "tokens", "usd", "calls"], lines[0]);
            decimal Sum(int column, Func<string[], bool>? of = null) => lines.Skip(1).Where(line => line[column].Length > 0 && of?.Invoke(line) != false).Sum(line => decimal.Parse(line[column], CultureInfo.InvariantCulture));
            Assert.Equal(calls.Sum(call => (decimal?)call["cost"]!["total_usd"] ?? 0), Sum(6));
            Assert.Equal(calls.Count, Sum(7));
            Assert.Equal(calls.Sum(call => (decimal?)call["usage"]!["cache_read_tokens"] ?? 0), Sum(5, line => line[4] == "cache_read"));
            Assert.Contains(lines, line => line[3] == "qwen3-32b" && line[4] == "unpriced" && line[6].Length == 0 && line[7] == "1");
        }

        Assert.Equal("tz", (string?)(await server.ProblemAsync($"/api/v1/costs/ledger?{CostTraffic.Range}&tz=Mars", HttpStatusCode.UnprocessableEntity))["field"]);
        Assert.Equal("q", (string?)(await server.ProblemAsync($"/api/v1/costs/ledger?{CostTraffic.Range}&q=%28", HttpStatusCode.UnprocessableEntity))["field"]);
        Assert.Equal("to", (string?)(await server.ProblemAsync("/api/v1/costs/ledger?from=2026-09-18&to=2026-09-17", HttpStatusCode.UnprocessableEntity))["field"]);
    }

    [Fact]
    public async Task The_month_names_its_zone_and_says_that_it_cannot_forecast_from_nothing()
    {
        var month = await server.GetAsync("/api/v1/costs/month?tz=Asia/Shanghai");
        Assert.Equal("Asia/Shanghai", (string?)month["tz"]);
        Assert.Null(month["forecast"]);
        Assert.Equal("tz", (string?)(await server.ProblemAsync("/api/v1/costs/month?tz=nowhere", HttpStatusCode.UnprocessableEntity))["field"]);
    }

    [Fact]
    public async Task What_another_model_would_have_cost_is_told_with_what_cannot_be_known()
    {
        var answer = await server.GetAsync($"/api/v1/costs/what-if?{CostTraffic.Range}&model=openai/gpt-4o-mini&q=provider:openai");
        Assert.Equal((decimal)answer["now_usd"]! * 0.06m, (decimal)answer["then_usd"]!);
        Assert.Contains("other_tokens", answer["caveats"]!.AsArray().Select(caveat => (string?)caveat));
        Assert.Equal("model", (string?)(await server.ProblemAsync($"/api/v1/costs/what-if?{CostTraffic.Range}", HttpStatusCode.UnprocessableEntity))["field"]);
        Assert.Equal("model", (string?)(await server.ProblemAsync($"/api/v1/costs/what-if?{CostTraffic.Range}&model=acme/x", HttpStatusCode.UnprocessableEntity))["field"]);
    }

    [Fact]
    public async Task Lost_caching_names_the_first_message_that_differs_and_what_it_costs()
    {
        var answer = await server.GetAsync($"/api/v1/costs/lost-caching?{CostTraffic.Range}");
        Assert.Equal((24, 9), ((int)answer["turns"]!, (int)answer["turns_lost"]!));
        var stream = Assert.Single(answer["items"]!.AsArray())!;
        Json.Is("""{"app":"support","provider":"openai","model":"gpt-4o","turns":24,"turns_lost":9,"cause_count":3}""", stream, only: true);
        Json.Is("""{"kind":"message_changed","message":1,"role":"system","part":"text"}""", stream["cause"]!, only: true);
        Assert.Contains("It is 12:", (string?)stream["cause"]!["after"], StringComparison.Ordinal);
        // Cached input costs half of what input costs, 2.50 dollars for a million.
        Assert.Equal((long)stream["lost_tokens"]! * 1.25m / 1_000_000, (decimal)stream["lost_usd"]!);
        Assert.Equal(3, stream["examples"]!.AsArray().Count);
        var shop = await server.GetAsync($"/api/v1/costs/lost-caching?{CostTraffic.Range}&app=nightly");
        Assert.Empty(shop["items"]!.AsArray());
    }

    [Fact]
    public async Task Requests_without_a_call_are_counted_by_app_and_provider()
    {
        var answer = await server.GetAsync($"/api/v1/coverage?{CostTraffic.Range}");
        Json.Is("""{"model_requests":2,"without_call":1,"items":[{"app":"nightly","provider":"openai","model_requests":2,"without_call":1}]}""", answer, only: true);
        Assert.Equal(0, (int)(await server.GetAsync($"/api/v1/coverage?{CostTraffic.Range}&app=support"))["model_requests"]!);
        Assert.Equal("q", (string?)(await server.ProblemAsync($"/api/v1/coverage?{CostTraffic.Range}&q=model:x", HttpStatusCode.UnprocessableEntity))["field"]);
    }

    [Fact]
    public async Task An_export_is_imported_compared_and_deleted()
    {
        var admin = Key.AdminOf(server);
        var csv = "start_time_iso,model,num_model_requests,input_tokens,output_tokens,input_cached_tokens\n2026-09-17T00:00:00+00:00,gpt-4o,34,130000,1700,0\n2026-09-17T00:00:00+00:00,o3,5,100,100,0\n";
        var made = await SendAsync(HttpMethod.Post, "/api/v1/reconcile?name=september.csv", admin, csv, HttpStatusCode.Created);
        Json.Is("""{"name":"september.csv","provider":"openai","kind":"usage","first_day":"2026-09-17","last_day":"2026-09-17","lines":2}""", made!, only: true);
        var id = (long)made!["id"]!;
        var compared = await server.GetAsync("/api/v1/reconcile/" + id);
        var lines = compared["items"]!.AsArray().ToDictionary(line => (string)line!["model"]!, line => line!);
        Json.Is("""{"calls":34,"input_tokens":130000,"usd":null}""", lines["gpt-4o"]["theirs"]!, only: true);
        Json.Is("""{"calls":33,"input_tokens":120010,"calls_without_usage":0}""", lines["gpt-4o"]["ours"]!, only: true);
        Assert.Equal("without_call", (string?)lines["gpt-4o"]["reasons"]![0]!["code"]);
        Assert.Null(lines["o3"]["ours"]);
        Json.Is("""{"code":"other_keys","calls":5,"share":null}""", lines["o3"]["reasons"]![0]!);
        Assert.Contains((await server.GetAsync("/api/v1/reconcile"))["items"]!.AsArray(), import => (long)import!["id"]! == id);

        await SendAsync(HttpMethod.Delete, "/api/v1/reconcile/" + id, admin, null, HttpStatusCode.NoContent);
        Assert.Equal("import_not_found", (string?)(await server.ProblemAsync("/api/v1/reconcile/" + id, HttpStatusCode.NotFound))["code"]);
        await SendAsync(HttpMethod.Delete, "/api/v1/reconcile/" + id, admin, null, HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_wrong_file_is_refused_by_line_and_column_and_a_key_may_only_do_what_is_its()
    {
        var problem = await SendAsync(HttpMethod.Post, "/api/v1/reconcile", Key.AdminOf(server), AnthropicHead + "2026-09-17,claude-opus-4-5,1,1,1\n2026-09-18,claude-opus-4-5,1,one,1\n", HttpStatusCode.UnprocessableEntity);
        Assert.Equal(("file", "bad_export"), ((string?)problem!["field"], (string?)problem["code"]));
        Assert.StartsWith("Line 3, column usage_input_tokens_cache_read:", (string?)problem["detail"], StringComparison.Ordinal);
        await SendAsync(HttpMethod.Post, "/api/v1/reconcile", Key.Make(server, KeyScopes.Read), AnthropicHead, HttpStatusCode.Forbidden);
        await SendAsync(HttpMethod.Post, "/api/v1/reconcile", null, AnthropicHead, HttpStatusCode.Unauthorized);
        Assert.Equal("wrong_scope", (string?)(await server.ProblemAsync("/api/v1/reconcile", HttpStatusCode.Forbidden, Key.Make(server, KeyScopes.Read, "support")))["code"]);
    }

    private async Task<JsonNode?> SendAsync(HttpMethod method, string path, string? key, string? csv, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(method, path);
        if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (csv is not null) request.Content = new StringContent(csv, Encoding.UTF8, "text/csv");
        using var response = await server.Http.SendAsync(request, Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.StatusCode == expected, $"{path}: {(int)response.StatusCode} {text}");
        return text.Length == 0 ? null : JsonNode.Parse(text);
    }
}
