using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Journal;
using Callwatch.Receive.Otlp;
using Callwatch.Server.Tests.Receive;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Reading;

/// <summary>The whole way: what real clients sent, over the protocol they sent it by, comes out of the API with every fact its meta.json states.</summary>
public sealed class FixtureFactsTests(FixtureFactsTests.Shared shared) : IClassFixture<FixtureFactsTests.Shared>
{
    /// <summary>Fact in meta.json to where it stands in a call of the API.</summary>
    private static readonly Dictionary<string, Func<JsonObject, JsonNode?>> Facts = new()
    {
        ["spanName"] = call => call["name"],
        ["spanId"] = call => call["span_id"],
        ["traceId"] = call => call["trace_id"],
        ["kind"] = call => call["kind"],
        ["provider"] = call => call["provider"],
        ["requestModel"] = call => call["request_model"],
        ["responseModel"] = call => call["response_model"],
        ["inputTokens"] = call => call["usage"]!["input_tokens"],
        ["outputTokens"] = call => call["usage"]!["output_tokens"],
        ["cacheReadTokens"] = call => call["usage"]!["cache_read_tokens"],
        ["cacheWriteTokens"] = call => call["usage"]!["cache_write_tokens"],
        ["reasoningTokens"] = call => call["usage"]!["reasoning_tokens"],
        ["costGivenUsd"] = call => (string?)call["cost"]!["source"] == "given" ? call["cost"]!["total_usd"] : null,
        ["streaming"] = call => call["streaming"],
        ["ttftMs"] = call => call["ttft_ms"],
        ["durationMs"] = call => call["duration_ms"],
        ["success"] = call => (string?)call["outcome"] == "success",
        ["errorType"] = call => call["error"]?["type"],
        ["errorHttpStatus"] = call => call["error"] is null ? null : call["http_status"],
        ["errorMessage"] = call => call["error"]?["message"],
        ["toolCalls"] = call => new JsonArray([.. call["tool_calls"]!.AsArray().Select(tool => tool!["name"]?.DeepClone())]),
        ["temperature"] = call => call["temperature"],
        ["topP"] = call => call["top_p"],
        ["maxTokens"] = call => call["max_tokens"],
    };

    public static TheoryData<string> Names => [.. Fixtures.Otlp.Where(fixture => fixture.Expected is not null).Select(fixture => fixture.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_fact_of_a_recorded_export_is_visible_through_the_api(string name)
    {
        var fixture = Fixtures.Named(name);
        var traces = await SendAsync(fixture);
        var expected = fixture.Expected!;
        var views = new List<JsonNode>();
        foreach (var trace in traces) views.Add(await shared.Server.GetAsync($"/api/v1/traces/{trace}"));
        var spans = views.SelectMany(view => view["spans"]!.AsArray()).Select(span => span!.AsObject()).ToList();
        var range = Range(spans);
        var listed = await shared.Server.AllAsync("/api/v1/calls?" + range);
        var calls = listed.Where(call => traces.Contains((string)call["trace_id"]!)).ToList();
        var problems = new List<string>();

        Check("spans", (int)expected["spans"]!, spans.Count);
        Check("span_count", (int)expected["spans"]!, views.Sum(view => (int)view["trace"]!["span_count"]!));
        Check("calls", (int)expected["llmCalls"]!, calls.Count);
        Check("call_count", (int)expected["llmCalls"]!, views.Sum(view => (int)view["trace"]!["call_count"]!));
        Check("failed calls", (int)expected["errors"]!, calls.Count(call => (string?)call["outcome"] == "error"));
        Check("merged", (int?)expected["duplicateLlmSpansMerged"] ?? 0, spans.Count(span => span["merged_into"] is not null));
        foreach (var (total, value) in expected["totals"]!.AsObject())
            Check(total, (long)value!, views.Sum(view => (long?)view["trace"]!["usage"]![Snake(total)] ?? 0));

        foreach (var fact in expected["calls"]!.AsArray())
        {
            var call = calls.SingleOrDefault(item => (string)item["span_id"]! == (string)fact!["spanId"]! && (string)item["trace_id"]! == (string)fact["traceId"]!);
            if (call is null) problems.Add($"{fact!["spanName"]} is not among the calls");
            else await CompareAsync(fact!.AsObject(), call, spans, problems);
        }

        var others = spans.Where(span => span["merged_into"] is null && !calls.Exists(call => (string)call["span_id"]! == (string)span["span_id"]!))
            .Select(span => $"{span["name"]}|{span["kind"]}|{(string?)span["outcome"] == "error"}").Order(StringComparer.Ordinal);
        Check("other spans", string.Join(", ", expected["otherSpans"]!.AsArray().Select(other => $"{other!["name"]}|{other["kind"]}|{(bool?)other["error"] ?? false}").Order(StringComparer.Ordinal)), string.Join(", ", others));
        Assert.True(problems.Count == 0, name + "\n" + string.Join('\n', problems));

        void Check(string what, object wanted, object got)
        {
            if (!wanted.Equals(got)) problems.Add($"{what}: expected {wanted}, got {got}");
        }
    }

    private async Task CompareAsync(JsonObject fact, JsonObject call, List<JsonObject> spans, List<string> problems)
    {
        void Note(string what, JsonNode? wanted, JsonNode? got)
        {
            if (!Same(wanted, got)) problems.Add($"{fact["spanName"]}.{what}: expected {wanted?.ToJsonString() ?? "null"}, got {got?.ToJsonString() ?? "null"}");
        }

        foreach (var (name, read) in Facts)
        {
            if (name == "kind" && fact["kindAnyOf"] is JsonArray kinds) Assert.Contains((string?)call["kind"], kinds.Select(kind => (string?)kind));
            else Note(name, fact[name], read(call));
        }

        Note("finishReasons", fact["finishReasons"] ?? new JsonArray(), call["finish_reasons"]);
        // What a span lacks it inherits, so only what it has itself is certain.
        if (fact["user"] is { } user) Note("user", user, call["user_id"]);
        if (fact["session"] is { } session) Note("session", session, call["session_id"]);
        if (fact["tags"] is JsonArray { Count: > 0 } tags) Note("tags", tags, call["tags"]);
        Note("environment", fact["environment"] ?? "default", call["environment"]);
        if (fact["mergedSpanIds"] is JsonArray merged)
            Note("mergedSpanIds", merged, new JsonArray([.. spans.Where(span => (string?)span["merged_into"] == (string?)call["span_id"]).Select(span => span["span_id"]!.DeepClone())]));
        if ((bool)fact["success"]! == false) Assert.NotNull(call["error"]!["group"]);

        var details = await shared.Server.GetAsync($"/api/v1/spans/{call["trace_id"]}/{call["span_id"]}");
        Note("inputContentCaptured", fact["inputContentCaptured"], details["input"] is not null || details["messages"]!["input"]!.AsArray().Count > 0);
        Note("outputContentCaptured", fact["outputContentCaptured"], details["output"] is not null || details["messages"]!["output"]!.AsArray().Count > 0);
        Note("attributes", true, details["attributes"]!.AsObject().Count > 0);
        foreach (var (name, value) in call)
            if (name is not ("content" or "error")) Note("details." + name, value, details[name]);
    }

    /// <summary>Sends every request of a fixture and answers the ids of its traces, once they can be queried.</summary>
    private async Task<HashSet<string>> SendAsync(Fixture fixture)
    {
        var before = shared.Server.Journaled().Count;
        foreach (var request in fixture.Requests)
        {
            if (request.Protocol == "grpc") Assert.Equal("0", (await shared.Server.CallAsync(request.Path, request.Body, request.Body[0] == 1 ? [("grpc-encoding", "gzip")] : [])).Status);
            else using (var response = await shared.Server.SendAsync(request.Path, request.Body, request.ContentType, request.ContentEncoding)) Assert.True(response.IsSuccessStatusCode);
        }

        await shared.Server.StoredAsync();
        var traces = new HashSet<string>();
        foreach (var record in shared.Server.Journaled().Skip(before).Where(record => record.Signal == Signal.Traces))
            foreach (var span in OtlpSpan.In(record.Payload.Span)) traces.Add(span.TraceId.ToString());
        return traces;
    }

    private static string Range(List<JsonObject> spans)
    {
        var ends = spans.Select(span => DateTimeOffset.Parse((string)span["end"]!)).ToList();
        return $"from={ends.Min().AddSeconds(-1):yyyy-MM-dd'T'HH:mm:ss}Z&to={ends.Max().AddSeconds(2):yyyy-MM-dd'T'HH:mm:ss}Z";
    }

    private static string Snake(string camel) => JsonNamingPolicy.SnakeCaseLower.ConvertName(camel);

    private static bool Same(JsonNode? wanted, JsonNode? got)
    {
        if (wanted is null || got is null) return wanted is null && got is null;
        if (wanted.GetValueKind() != JsonValueKind.Number || got.GetValueKind() != JsonValueKind.Number) return JsonNode.DeepEquals(wanted, got);
        var (a, b) = (wanted.Number(), got.Number());
        return Math.Abs(a - b) <= (a > 1 && a != Math.Floor(a) ? 1 : 1e-6);
    }

    public sealed class Shared : IAsyncLifetime
    {
        public RunningServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Server = await RunningServer.StartAsync(settings: [("Callwatch:Store:BatchDelay", "00:00:00")]);

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }
}
