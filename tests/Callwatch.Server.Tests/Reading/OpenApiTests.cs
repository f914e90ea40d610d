using System.Text.Json.Nodes;
using Xunit;

namespace Callwatch.Server.Tests.Reading;

/// <summary>The generated description says what the outer contract promises: its routes, their parameters, and the names in their answers.</summary>
public sealed class OpenApiTests(OpenApiTests.World world) : IClassFixture<OpenApiTests.World>
{
    private const string List = "from to app q sort limit cursor";

    public sealed class World : IAsyncLifetime
    {
        public RunningServer Server { get; private set; } = null!;

        public JsonNode Document { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Server = await Traffic.ServerAsync();
            Document = await Server.GetAsync("/openapi/v1.json");
        }

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }

    [Theory]
    [InlineData("/api/v1/calls", List)]
    [InlineData("/api/v1/traces", List)]
    [InlineData("/api/v1/traces/{trace_id}", "trace_id limit cursor")]
    [InlineData("/api/v1/spans/{trace_id}/{span_id}", "trace_id span_id")]
    [InlineData("/api/v1/stats", "from to app q step by tz limit")]
    [InlineData("/api/v1/compare", "from to app q baseline_from baseline_to figure lang tz")]
    [InlineData("/api/v1/facets/{field}", "field prefix from to app")]
    [InlineData("/api/v1/errors", "from to app q since limit")]
    [InlineData("/api/v1/sessions", List)]
    [InlineData("/api/v1/users", List)]
    [InlineData("/api/v1/lookup/{id}", "id")]
    [InlineData("/api/v1/export", "from to app q format")]
    [InlineData("/api/v1/tail", "app q")]
    [InlineData("/api/v1/system", "")]
    [InlineData("/api/v1/destination-kinds", "")]
    [InlineData("/api/v1/destinations", "limit cursor")]
    [InlineData("/api/v1/destinations/{id}", "id")]
    [InlineData("/api/v1/destinations/{id}/status", "id")]
    [InlineData("/api/v1/destinations/{id}/replays", "id limit cursor")]
    [InlineData("/api/v1/destinations/{id}/dead-letters", "id limit cursor")]
    [InlineData("/api/v1/apps/{app}/tracing", "app")]
    [InlineData("/metrics", "")]
    [InlineData("/healthz", "")]
    [InlineData("/readyz", "")]
    public void Every_reading_route_is_described_with_its_parameters(string path, string parameters)
    {
        var operation = world.Document["paths"]![path]!["get"]!;
        var described = operation["parameters"]?.AsArray().Select(parameter => (string)parameter!["name"]!).ToList() ?? [];
        Assert.All(parameters.Split(' ', StringSplitOptions.RemoveEmptyEntries), name => Assert.Contains(name, described));
        Assert.All(operation["parameters"]?.AsArray() ?? [], parameter => Assert.True(
            parameter!["description"] is not null || (string)parameter["in"]! == "path", $"{path} {parameter["name"]} has no description"));
        Assert.NotNull(operation["summary"]);
        Assert.NotNull(operation["responses"]!["200"]);
    }

    [Theory]
    [InlineData("ApiPageOfApiSpan", "items next newer searched_until source")]
    [InlineData("ApiSpan", """
        trace_id span_id parent_span_id app name display_name kind start end duration_ms outcome error http_status environment release user_id session_id tags metadata scores
        input_preview output_preview operation provider request_model response_model model call_source streaming ttft_ms output_tokens_per_s usage cost finish_reasons tool_calls
        temperature top_p max_tokens prompt_name prompt_version merged_into
        """)]
    [InlineData("ApiSpanDetails", "trace_id cost content input output messages tools attributes events")]
    [InlineData("ApiError", "type message stack group")]
    [InlineData("ApiScore", "name value comment source")]
    [InlineData("ApiUsage", "input_tokens output_tokens total_tokens cache_read_tokens cache_write_tokens reasoning_tokens audio_input_tokens audio_output_tokens")]
    [InlineData("ApiCost", "input_usd cache_read_usd cache_write_usd output_usd reasoning_usd other_usd total_usd source reason price_id price_book")]
    [InlineData("ApiMessages", "input output")]
    [InlineData("ApiTrace", "trace spans truncated next")]
    [InlineData("ApiTraceSummary", """
        trace_id name kind app apps start end duration_ms outcome error user_id session_id tags span_count call_count error_count usage cost_usd models settled
        """)]
    [InlineData("ApiStats", "step source truncated groups coverage")]
    [InlineData("ApiStatsGroup", "key total points")]
    [InlineData("ApiFigures", """
        calls success errors cancelled success_rate latency_ms ttft_ms output_tokens_per_s input_tokens output_tokens cache_read_tokens cache_write_tokens reasoning_tokens
        total_tokens cost_usd cost unpriced_calls users sessions calls_per_session feedback
        """)]
    [InlineData("ApiComparison", "from to baseline_from baseline_to baseline enough figure since sentences before after figures critical_path errors traces source truncated left_out steps")]
    [InlineData("ApiMovement", "figure before after delta moved broad explanations dimensions classes")]
    [InlineData("ApiExplanation", "dimension key filter contribution rate mix volume share explained new echo also facts_before facts_after")]
    [InlineData("ApiImported", "accepted rejected reason bad_lines lines")]
    [InlineData("ApiPoint", "t calls latency_ms cost_usd")]
    [InlineData("ApiDistribution", "avg p50 p90 p95 p99 max")]
    [InlineData("ApiFeedback", "positive negative")]
    [InlineData("ApiErrorGroup", "fingerprint type message provider model count share first_seen first_release first_prompt_name first_prompt_version last_seen sample_traces")]
    [InlineData("ApiLookup", "matches")]
    [InlineData("ApiLookupMatch", "kind trace_id steps")]
    [InlineData("ApiLookupStep", "step time state reason destination")]
    [InlineData("ApiSystem", "epoch head readers lanes counters disk version")]
    [InlineData("ApiDestinationKind", "name title fields")]
    [InlineData("ApiDestinationField", "name type secret required default help")]
    [InlineData("ApiDestination", "id name kind config config_set apps filter sample_rate keep_errors mask signals enabled start")]
    [InlineData("ApiDestinationWish", "name kind config apps filter sample_rate keep_errors mask signals enabled start")]
    [InlineData("ApiDestinationCheck", "ok detail project_url latency_ms")]
    [InlineData("ApiDestinationStatus", "state position backlog oldest_age_s sent refused retried expired last_delivery last_error")]
    [InlineData("ApiDestinationError", "time status message advice")]
    [InlineData("ApiReplayWish", "from to confirm_duplicates")]
    [InlineData("ApiDeadLetter", "id trace_id span_ids time status message attempts")]
    [InlineData("ApiLetterChoice", "ids all")]
    [InlineData("ApiTracing", "enabled destinations")]
    [InlineData("ProblemDetails", "type title status detail code field offset")]
    public void Every_answer_is_described_with_the_names_of_the_contract(string schema, string names)
    {
        var properties = world.Document["components"]!["schemas"]![schema]!["properties"]!.AsObject();
        Assert.All(names.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries), name => Assert.True(properties.ContainsKey(name), $"{schema}.{name} is not described"));
    }

    [Theory]
    [InlineData("/api/v1/destinations", "post", "201")]
    [InlineData("/api/v1/destinations/{id}", "put", "200")]
    [InlineData("/api/v1/destinations/{id}", "delete", "204")]
    [InlineData("/api/v1/destinations/check", "post", "200")]
    [InlineData("/api/v1/destinations/{id}/check", "post", "200")]
    [InlineData("/api/v1/destinations/{id}/pause", "post", "200")]
    [InlineData("/api/v1/destinations/{id}/resume", "post", "200")]
    [InlineData("/api/v1/destinations/{id}/replay", "post", "202")]
    [InlineData("/api/v1/destinations/{id}/replays/{replay}", "delete", "204")]
    [InlineData("/api/v1/destinations/{id}/dead-letters/retry", "post", "200")]
    [InlineData("/api/v1/destinations/{id}/dead-letters/discard", "post", "200")]
    [InlineData("/api/v1/apps/{app}/tracing", "put", "200")]
    public void Every_change_of_a_destination_is_described_with_its_answer(string path, string method, string status)
    {
        var operation = world.Document["paths"]![path]![method]!;
        Assert.NotNull(operation["summary"]);
        Assert.NotNull(operation["responses"]![status]);
        Assert.NotNull(operation["responses"]!["403"]);
    }

    [Fact]
    public void Numbers_are_numbers_and_everything_answered_is_always_there()
    {
        var schemas = world.Document["components"]!["schemas"]!.AsObject();
        Assert.Equal("""["null","number"]""", schemas["ApiCost"]!["properties"]!["total_usd"]!["type"]!.ToJsonString());
        foreach (var name in (string[])["ApiSpan", "ApiTraceSummary", "ApiFigures", "ApiLookupMatch"])
            Assert.Equal(schemas[name]!["properties"]!.AsObject().Select(property => property.Key).Order(StringComparer.Ordinal), schemas[name]!["required"]!.AsArray().Select(item => (string?)item).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_is_answered_has_exactly_the_fields_that_are_described()
    {
        await Traffic.SendAsync(world.Server);
        var schemas = world.Document["components"]!["schemas"]!.AsObject();
        Compare("ApiSpan", (await world.Server.GetAsync($"/api/v1/calls?{Traffic.Range}&limit=1"))["items"]![0]!);
        Compare("ApiTraceSummary", (await world.Server.GetAsync($"/api/v1/traces?{Traffic.Range}&limit=1"))["items"]![0]!);
        Compare("ApiSpanDetails", await world.Server.GetAsync($"/api/v1/spans/{Traffic.TraceId(1)}/{Traffic.SpanId(2)}"));
        Compare("ApiPoint", (await world.Server.GetAsync($"/api/v1/stats?{Traffic.Range}"))["groups"]![0]!["points"]![0]!);
        Compare("ApiSystem", await world.Server.GetAsync("/api/v1/system"));

        void Compare(string schema, JsonNode answer) => Assert.Equal(
            schemas[schema]!["properties"]!.AsObject().Select(property => property.Key).Order(StringComparer.Ordinal), answer.AsObject().Select(field => field.Key).Order(StringComparer.Ordinal));
    }
}
