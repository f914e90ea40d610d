using System.Net;
using System.Text.Json.Nodes;
using Callwatch.Control;
using Callwatch.Server.Tests.Access;
using Callwatch.Server.Tests.Receive;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Callwatch.Server.Tests.Reading;

public sealed class ReadingApiTests(ReadingApiTests.World world) : IClassFixture<ReadingApiTests.World>
{
    public sealed class World : IAsyncLifetime
    {
        public RunningServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Server = await Traffic.ServerAsync();
            await Traffic.SendAsync(Server);
            await Traffic.SendManyAsync(Server, 250);
        }

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }

    private readonly RunningServer server = world.Server;

    [Fact]
    public async Task A_call_has_every_field_of_the_contract_and_unknown_is_null()
    {
        var page = await server.GetAsync($"/api/v1/calls?{Traffic.Range}&app=shop&q=outcome:success");
        var call = Assert.Single(page["items"]!.AsArray())!;
        Json.Is("""
            {"trace_id":"0a0a0a0a0a0a0a0a0000000000000001","span_id":"0000000000000002","parent_span_id":"0000000000000001","app":"shop","name":"chat gpt-4o","kind":"chat",
            "start":"2026-09-17T12:00:00.1Z","end":"2026-09-17T12:00:02.1Z","duration_ms":2000,"outcome":"success","error":null,"http_status":null,"environment":"prod","release":"1.4.2",
            "user_id":"anna","session_id":"s-1","tags":["beta","eu"],"metadata":{},"scores":[],"provider":"openai","request_model":"gpt-4o","response_model":"gpt-4o-2024-08-06",
            "model":"gpt-4o-2024-08-06","call_source":"recorded","streaming":true,"ttft_ms":400,"output_tokens_per_s":62.5,
            "usage":{"input_tokens":1000,"output_tokens":100,"total_tokens":1100,"cache_read_tokens":null,"cache_write_tokens":null,"reasoning_tokens":null,"audio_input_tokens":null,"audio_output_tokens":null},
            "finish_reasons":["stop"],"tool_calls":[],"temperature":0.5,"top_p":null,"max_tokens":null,"prompt_name":null,"prompt_version":null,"merged_into":null}
            """, call, only: true);
        Json.Is("""{"input_usd":0.0025,"cache_read_usd":null,"cache_write_usd":null,"output_usd":0.001,"reasoning_usd":null,"other_usd":null,"total_usd":0.0035,"source":"computed","reason":null}""", call["cost"]!, only: true);
        Assert.Equal("rows", (string?)page["source"]);
        Assert.Equal(0, (long)page["newer"]!);
        Assert.True(page.AsObject().ContainsKey("next"));
        Assert.True(page.AsObject().ContainsKey("searched_until"));
    }

    [Fact]
    public async Task A_failed_call_says_why()
    {
        var call = Assert.Single(await server.AllAsync($"/api/v1/calls?{Traffic.Range}&q=status:error"));
        Json.Is("""{"outcome":"error","http_status":429,"error":{"type":"RateLimitError","message":"429 Rate limit reached","stack":null,"group":"rate_limit"}}""", call, only: true);
        Assert.Null(call["cost"]!["total_usd"]);
    }

    [Fact]
    public async Task A_trace_has_its_spans_in_order_of_start_page_by_page()
    {
        var whole = await server.GetAsync($"/api/v1/traces/{Traffic.TraceId(1)}");
        Json.Is("""
            {"trace_id":"0a0a0a0a0a0a0a0a0000000000000001","name":"POST /ask","kind":"http","app":"shop","apps":["desk","shop"],"start":"2026-09-17T12:00:00Z","end":"2026-09-17T12:00:03Z",
            "duration_ms":3000,"outcome":"success","error":null,"user_id":"anna","session_id":"s-1","tags":["beta","eu"],"span_count":3,"call_count":2,"error_count":0,
            "models":["acme-7b","gpt-4o-2024-08-06"],"cost_usd":0.0035}
            """, whole["trace"]!, only: true);
        Assert.Equal(1_005, (long)whole["trace"]!["usage"]!["input_tokens"]!);
        Assert.Equal(["0000000000000001", "0000000000000002", "0000000000000003"], whole["spans"]!.AsArray().Select(span => (string?)span!["span_id"]));
        Assert.False((bool)whole["truncated"]!);
        Assert.Null(whole["next"]);

        var first = await server.GetAsync($"/api/v1/traces/{Traffic.TraceId(1)}?limit=2");
        Assert.True((bool)first["truncated"]!);
        var second = await server.GetAsync($"/api/v1/traces/{Traffic.TraceId(1)}?limit=2&cursor={first["next"]}");
        Assert.Equal(["0000000000000003"], second["spans"]!.AsArray().Select(span => (string?)span!["span_id"]));
        Assert.Null(second["next"]);
    }

    [Fact]
    public async Task A_span_has_its_bodies()
    {
        var span = await server.GetAsync($"/api/v1/spans/{Traffic.TraceId(1)}/{Traffic.SpanId(2)}");
        Assert.Equal("present", (string?)span["content"]);
        Assert.Equal("""[{"role":"assistant","parts":[{"type":"text","text":"Of course."}],"finish_reason":"stop"}]""", span["messages"]!["output"]!.ToJsonString());
        Assert.Contains("refund", span["messages"]!["input"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("openai", (string?)span["attributes"]!["gen_ai.provider.name"]);
        Assert.Equal("shop", (string?)span["attributes"]!["resource.service.name"]);
        Assert.IsType<JsonArray>(span["events"]);
        Assert.IsType<JsonArray>(span["tools"]);
    }

    [Fact]
    public async Task Pages_follow_one_another_in_every_order()
    {
        foreach (var sort in (string[])["-end", "end", "-total_tokens", "total_tokens", "duration", "-cost", "-ttft"])
        {
            var items = await server.AllAsync($"/api/v1/calls?{Traffic.Range}&app=bulk&limit=60&sort={sort}");
            Assert.Equal(250, items.Count);
            Assert.Equal(250, items.Select(item => (string?)item["trace_id"]).Distinct().Count());
            if (sort.EndsWith("total_tokens", StringComparison.Ordinal) || sort.EndsWith("end", StringComparison.Ordinal))
            {
                var tokens = items.Select(item => (long)item["usage"]!["total_tokens"]!).ToList();
                Assert.Equal(sort[0] == '-' ? tokens.OrderDescending() : tokens.Order(), tokens);
            }
        }

        Assert.Equal(250, (await server.AllAsync($"/api/v1/traces?{Traffic.Range}&app=bulk&limit=99")).Count);
    }

    [Fact]
    public async Task Figures_are_grouped_and_every_bucket_is_there()
    {
        var stats = await server.GetAsync($"/api/v1/stats?{Traffic.Range}&by=app&by=outcome&step=1h");
        Assert.Equal(("1h", "rollups", false), ((string?)stats["step"], (string?)stats["source"], (bool)stats["truncated"]!));
        var groups = stats["groups"]!.AsArray();
        Assert.Equal(["""{"app":"bulk","outcome":"success"}""", """{"app":"desk","outcome":"success"}""", """{"app":"shop","outcome":"error"}""", """{"app":"shop","outcome":"success"}"""],
            groups.Select(group => group!["key"]!.ToJsonString()));
        Assert.Equal(["2026-09-17T11:00:00Z", "2026-09-17T12:00:00Z"], groups[0]!["points"]!.AsArray().Select(point => (string?)point!["t"]));
        var shop = groups[3]!["total"]!;
        Json.Is("""
            {"calls":1,"success":1,"errors":0,"cancelled":0,"success_rate":1,"latency_ms":{"avg":2000,"p50":2000,"p90":2000,"p95":2000,"p99":2000,"max":2000},
            "ttft_ms":{"avg":400,"p50":400,"p90":400,"p95":400,"p99":400,"max":400},"output_tokens_per_s":62.5,"input_tokens":1000,"output_tokens":100,"cache_read_tokens":0,
            "cache_write_tokens":0,"reasoning_tokens":0,"total_tokens":1100,"cost_usd":0.0035,
            "cost":{"input_usd":0.0025,"cache_read_usd":0,"cache_write_usd":0,"output_usd":0.001,"reasoning_usd":0,"other_usd":0},
            "unpriced_calls":0,"users":1,"sessions":1,"users_approximate":false,"sessions_approximate":false,"calls_per_session":1,"feedback":{"positive":0,"negative":0}}
            """, shop, tolerance: 0.011);
        Assert.Equal(1, (long)(await server.GetAsync($"/api/v1/stats?{Traffic.Range}&app=desk"))["groups"]![0]!["total"]!["unpriced_calls"]!);
        Assert.Equal("rows", (string?)(await server.GetAsync($"/api/v1/stats?{Traffic.Range}&by=user&tz=Asia/Kathmandu"))["source"]);
    }

    [Fact]
    public async Task Facets_errors_sessions_users_and_lookup_answer()
    {
        var models = await server.GetAsync($"/api/v1/facets/model?{Traffic.Range}&prefix=GPT");
        Assert.Equal("""[{"value":"gpt-4o","count":251},{"value":"gpt-4o-2024-08-06","count":1}]""", models["items"]!.ToJsonString());
        Assert.Equal("""[{"value":"eu","count":2}]""", (await server.GetAsync($"/api/v1/facets/tag?{Traffic.Range}&prefix=e"))["items"]!.ToJsonString());

        var error = Assert.Single((await server.GetAsync($"/api/v1/errors?{Traffic.Range}"))["items"]!.AsArray())!;
        Json.Is($$"""{"type":"RateLimitError","message":"429 Rate limit reached","provider":"openai","model":"gpt-4o","count":1,"share":1,"first_seen":"2026-09-17T12:01:00.5Z","first_release":"1.4.2","last_seen":"2026-09-17T12:01:00.5Z","sample_traces":["{{Traffic.TraceId(2)}}"]}""", error, only: true);

        Assert.Single((await server.GetAsync($"/api/v1/errors?{Traffic.Range}&since=release:1.4.2"))["items"]!.AsArray());
        Assert.Empty((await server.GetAsync($"/api/v1/errors?{Traffic.Range}&since=release:1.4.3"))["items"]!.AsArray());

        var session = Assert.Single((await server.GetAsync($"/api/v1/sessions?{Traffic.Range}"))["items"]!.AsArray())!;
        Json.Is("""{"session_id":"s-1","apps":["desk","shop"],"user_id":"anna","calls":2,"errors":0,"total_tokens":1112,"cost_usd":0.0035}""", session, only: true);
        var user = Assert.Single((await server.GetAsync($"/api/v1/users?{Traffic.Range}"))["items"]!.AsArray())!;
        Json.Is("""{"user_id":"anna","sessions":1,"calls":2}""", user, only: true);

        foreach (var (id, kind) in ((string, string)[])[(Traffic.TraceId(1), "trace"), (Traffic.TraceId(1).ToUpperInvariant(), "trace"), ("s-1", "session"), ("anna", "user"), ("chatcmpl-1", "response")])
        {
            var match = Assert.Single((await server.GetAsync($"/api/v1/lookup/{id}"))["matches"]!.AsArray())!;
            Assert.Equal((kind, Traffic.TraceId(1)), ((string?)match["kind"], (string?)match["trace_id"]));
            Assert.Equal(["received", "stored", "settled"], match["steps"]!.AsArray().Select(step => (string?)step!["step"]));
        }

        Assert.Empty((await server.GetAsync("/api/v1/lookup/nobody-knows"))["matches"]!.AsArray());
    }

    [Theory]
    [InlineData("calls?q=modle:x", "q", 0)]
    [InlineData("calls?q=model:a%20latency%3E2", "q", 16)]
    [InlineData("calls?from=yesterday", "from", null)]
    [InlineData("calls?to=2026-09-17T00:00:00", "to", null)]
    [InlineData("calls?from=2026-09-18&to=2026-09-17", "to", null)]
    [InlineData("calls?limit=0", "limit", null)]
    [InlineData("calls?limit=1001", "limit", null)]
    [InlineData("calls?limit=ten", "limit", null)]
    [InlineData("calls?sort=price", "sort", null)]
    [InlineData("calls?cursor=nonsense", "cursor", null)]
    [InlineData("traces?sort=ttft", "sort", null)]
    [InlineData("traces/0a0a0a0a0a0a0a0a0000000000000001?limit=10001", "limit", null)]
    [InlineData("traces/0a0a0a0a0a0a0a0a0000000000000001?cursor=x", "cursor", null)]
    [InlineData("stats?step=5m", "step", null)]
    [InlineData("stats?by=colour", "by", null)]
    [InlineData("stats?tz=Mars/Phobos", "tz", null)]
    [InlineData("stats?step=1m&from=2026-01-01&to=2026-03-01", "step", null)]
    [InlineData("facets/colour", "field", null)]
    [InlineData("errors?limit=-1", "limit", null)]
    [InlineData("errors?since=1.4.2", "since", null)]
    [InlineData("sessions?sort=cost", "sort", null)]
    [InlineData("export?format=xml", "format", null)]
    [InlineData("tail?q=(", "q", 0)]
    public async Task A_wrong_parameter_is_named(string path, string field, int? offset)
    {
        var problem = await server.ProblemAsync("/api/v1/" + path, HttpStatusCode.UnprocessableEntity);
        Assert.Equal((field, offset), ((string?)problem["field"], (int?)problem["offset"]));
    }

    [Theory]
    [InlineData("traces/00000000000000000000000000000001")]
    [InlineData("traces/what")]
    [InlineData("spans/0a0a0a0a0a0a0a0a0000000000000001/00000000000000ff")]
    [InlineData("spans/0a0a0a0a0a0a0a0a0000000000000001/x")]
    public async Task What_is_not_there_is_404(string path) => Assert.Equal("not_found", (string?)(await server.ProblemAsync("/api/v1/" + path, HttpStatusCode.NotFound))["code"]);

    [Fact]
    public async Task Times_may_have_a_zone_and_a_plus_that_was_not_escaped()
    {
        Assert.Equal(250, (await server.AllAsync("/api/v1/calls?app=bulk&from=2026-09-17T13:00:00%2B02:00&to=2026-09-17T15:00:00+02:00")).Count);
        Assert.Equal(250, (await server.AllAsync("/api/v1/calls?app=bulk&from=2026-09-17&to=2026-09-18")).Count);
    }

    [Fact]
    public async Task A_key_for_one_app_sees_its_own_spans_of_a_trace_and_figures_of_them_alone()
    {
        var desk = Key.Make(server, KeyScopes.Read, "desk");
        var trace = await server.GetAsync($"/api/v1/traces/{Traffic.TraceId(1)}", desk);
        Assert.Equal([Traffic.SpanId(3)], trace["spans"]!.AsArray().Select(span => (string?)span!["span_id"]));
        Json.Is("""{"name":"chat acme","app":"desk","apps":["desk"],"span_count":1,"call_count":1,"models":["acme-7b"],"cost_usd":null,"start":"2026-09-17T12:00:02.2Z","end":"2026-09-17T12:00:02.9Z"}""", trace["trace"]!, only: true);
        Assert.Equal(5, (long)trace["trace"]!["usage"]!["input_tokens"]!);

        var listed = Assert.Single(await server.AllAsync($"/api/v1/traces?{Traffic.Range}", desk));
        Assert.Equal("chat acme", (string?)listed["name"]);
        Assert.Empty(await server.AllAsync($"/api/v1/traces?{Traffic.Range}&q=model:gpt-4o*", desk));
        Assert.Empty(await server.AllAsync($"/api/v1/traces?{Traffic.Range}&q=cost%3E0.001", desk));
        Assert.Single(await server.AllAsync($"/api/v1/traces?{Traffic.Range}&q=model:acme-7b", desk));
        Assert.Single(await server.AllAsync($"/api/v1/calls?{Traffic.Range}", desk));
        Assert.Empty(await server.AllAsync($"/api/v1/calls?{Traffic.Range}&app=shop", desk));
        await server.ProblemAsync($"/api/v1/spans/{Traffic.TraceId(1)}/{Traffic.SpanId(2)}", HttpStatusCode.NotFound, desk);
        await server.ProblemAsync($"/api/v1/traces/{Traffic.TraceId(2)}", HttpStatusCode.NotFound, desk);
        Assert.Equal(1, (long)(await server.GetAsync($"/api/v1/stats?{Traffic.Range}", desk))["groups"]![0]!["total"]!["calls"]!);
        Assert.Empty((await server.GetAsync($"/api/v1/facets/model?{Traffic.Range}&prefix=gpt", desk))["items"]!.AsArray());
        Assert.Empty((await server.GetAsync($"/api/v1/errors?{Traffic.Range}", desk))["items"]!.AsArray());
        Assert.Empty((await server.GetAsync("/api/v1/lookup/chatcmpl-1", desk))["matches"]!.AsArray());
        Assert.Empty((await server.GetAsync($"/api/v1/lookup/{Traffic.TraceId(2)}", desk))["matches"]!.AsArray());
        Assert.DoesNotContain("gpt-4o", await (await server.AskAsync("/metrics", desk)).TextAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("gpt-4o", await (await server.AskAsync($"/api/v1/export?{Traffic.Range}&format=otlp", desk)).TextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_tenant_sees_nothing()
    {
        var tenant = server.Services.GetRequiredService<Tenants>().Create("elsewhere")!.Id;
        var other = Key.Make(server, KeyScopes.Admin, tenant: tenant);
        Assert.Empty(await server.AllAsync($"/api/v1/calls?{Traffic.Range}", other));
        Assert.Empty(await server.AllAsync($"/api/v1/traces?{Traffic.Range}", other));
        await server.ProblemAsync($"/api/v1/traces/{Traffic.TraceId(1)}", HttpStatusCode.NotFound, other);
        Assert.Empty((await server.GetAsync($"/api/v1/lookup/{Traffic.TraceId(1)}", other))["matches"]!.AsArray());
        Assert.DoesNotContain("bulk", await (await server.AskAsync("/metrics", other)).TextAsync(), StringComparison.Ordinal);
        var system = await server.GetAsync("/api/v1/system", other);
        Assert.Null(system["disk"]);
        Assert.Null(system["journal"]);
    }

    [Fact]
    public async Task System_metrics_and_health_tell_how_the_instance_is()
    {
        var system = await server.GetAsync("/api/v1/system", Key.AdminOf(server));
        Assert.Equal((long)system["head"]!, (long)system["readers"]![0]!["position"]!);
        Json.Is("""{"name":"store","lag":0,"state":"running","reason":null}""", system["readers"]![0]!, only: true);
        Assert.Equal((string?)system["epoch"], (string?)system["readers"]![0]!["epoch"]);
        Assert.True((long)system["disk"]!["free_bytes"]! > 0);
        Assert.True((long)system["store"]!["stored_calls"]! >= 253);
        Assert.IsType<JsonObject>(system["counters"]);
        Assert.IsType<JsonArray>(system["lanes"]);

        using var metrics = await server.AskAsync("/metrics");
        Assert.Equal("text/plain", metrics.Content.Headers.ContentType?.MediaType);
        var text = await metrics.TextAsync();
        Assert.Contains("callwatch_llm_calls_total{app=\"bulk\",model=\"gpt-4o\",outcome=\"success\"} 250\n", text, StringComparison.Ordinal);
        Assert.Contains("callwatch_llm_tokens_total{app=\"shop\",model=\"gpt-4o-2024-08-06\",type=\"input\"} 1000\n", text, StringComparison.Ordinal);
        Assert.Contains("callwatch_reader_lag_records{reader=\"store\"} 0\n", text, StringComparison.Ordinal);

        Assert.Equal("ok", (string?)(await server.GetAsync("/healthz"))["status"]);
        Assert.Equal("ok", (string?)(await server.GetAsync("/readyz"))["status"]);
    }
}
