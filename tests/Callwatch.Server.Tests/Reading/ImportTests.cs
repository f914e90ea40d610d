using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Server.Tests.Receive;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Reading;

/// <summary>What <c>export</c> has written goes into another instance and says the same there.</summary>
public sealed class ImportTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("jsonl")]
    [InlineData("otlp")]
    public async Task What_was_exported_gives_the_same_figures_in_an_empty_instance(string format)
    {
        await using var from = await Traffic.ServerAsync();
        await SendAsync(from);
        byte[] file;
        using (var response = await from.AskAsync($"/api/v1/export?{Traffic.Range}&format={format}")) file = await response.BytesAsync();

        await using var to = await Traffic.ServerAsync();
        var imported = await ImportAsync(to, file);
        Assert.True((long)imported["accepted"]! > 40, imported.ToJsonString());
        Assert.Equal((0, 0), ((long)imported["rejected"]!, (long)imported["bad_lines"]!));
        foreach (var by in new[] { "app", "asked_model", "provider", "operation", "outcome", "env", "release", "user", "tag", "prompt", "error_group", "kind" })
            Assert.Equal(await FiguresAsync(from, by), await FiguresAsync(to, by));

        // Again: the same ids are stored once.
        await ImportAsync(to, file);
        Assert.Equal(await FiguresAsync(from, "app"), await FiguresAsync(to, "app"));
    }

    [Fact]
    public async Task A_packed_file_of_requests_by_the_line_is_taken_and_bad_lines_are_named()
    {
        await using var server = await Traffic.ServerAsync();
        var lines = $$"""
            {{Request("shop", 1)}}
            {"resourceSpans": [

            {"hello": 1}
            {{Request("shop", 2)}}
            {"trace_id": "nonsense", "span_id": "0000000000000001", "start": "2026-09-17T12:00:00Z", "end": "2026-09-17T12:00:01Z"}
            {{Request("shop", 3)}}
            """;
        var imported = await ImportAsync(server, Otlp.Gzip(Encoding.UTF8.GetBytes(lines)), type: "application/gzip");
        Assert.Equal((3, 3), ((long)imported["accepted"]!, (long)imported["bad_lines"]!));
        Assert.Equal(
            [(2L, "bad_json"), (4L, "unknown_shape"), (6L, "bad_field")],
            imported["lines"]!.AsArray().Select(line => ((long)line!["line"]!, (string)line["code"]!)));
        Assert.Equal("trace_id", (string?)imported["lines"]![2]!["field"]);
        Assert.DoesNotContain("nonsense", imported.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(3, (long)(await server.GetAsync($"/api/v1/stats?{Traffic.Range}"))["groups"]![0]!["total"]!["calls"]!);
    }

    [Fact]
    public async Task A_request_written_over_many_lines_is_one()
    {
        await using var server = await Traffic.ServerAsync();
        var pretty = JsonNode.Parse(Request("shop", 1))!.ToJsonString(new System.Text.Json.JsonSerializerOptions { WriteIndented = true });
        Assert.Equal(1, (long)(await ImportAsync(server, Encoding.UTF8.GetBytes(pretty)))["accepted"]!);
    }

    [Fact]
    public async Task All_times_can_be_moved()
    {
        await using var server = await Traffic.ServerAsync();
        await ImportAsync(server, Encoding.UTF8.GetBytes(Request("shop", 1)), shift: "-86400.5");
        var call = Assert.Single(await server.AllAsync("/api/v1/calls?from=2026-09-16&to=2026-09-17"));
        Assert.Equal(("2026-09-16T11:59:59.5Z", "2026-09-16T12:00:00.5Z"), ((string?)call["start"], (string?)call["end"]));
    }

    [Theory]
    [InlineData("", 202, null)]
    [InlineData("[1, 2]", 400, null)]
    [InlineData("what is this", 400, null)]
    [InlineData("{}", 202, 1)]
    public async Task What_is_no_file_of_traces_is_refused_and_says_so(string body, int status, int? badLines)
    {
        await using var server = await Traffic.ServerAsync();
        using var response = await server.SendAsync("/api/v1/import", Encoding.UTF8.GetBytes(body), type: null);
        Assert.Equal(status, (int)response.StatusCode);
        var answer = JsonNode.Parse(await response.TextAsync())!;
        if (badLines is not null) Assert.Equal(badLines, (int)answer["bad_lines"]!);
    }

    [Fact]
    public async Task A_wrong_shift_is_named_and_who_may_only_read_may_not_import()
    {
        await using var server = await Traffic.ServerAsync(("Callwatch:Access:TrustLoopback", "false"));
        var admin = (await File.ReadAllTextAsync(Path.Combine(server.DataFolder, "admin.key"), Cancel)).Trim();
        var reader = await KeyAsync(server, admin, "shop", "read");
        using (var refused = await server.SendAsync("/api/v1/import", [], type: null, key: reader)) Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        using (var wrong = await server.SendAsync("/api/v1/import?shift=tomorrow", [], type: null, key: admin))
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
            Assert.Contains("shift", await wrong.TextAsync(), StringComparison.Ordinal);
        }

        // A key of one app makes all of it that app's.
        var sender = await KeyAsync(server, admin, "desk", "ingest");
        using (var sent = await server.SendAsync("/api/v1/import", Encoding.UTF8.GetBytes(Request("shop", 1)), type: null, key: sender)) Assert.Equal(HttpStatusCode.Accepted, sent.StatusCode);
        await server.StoredAsync();
        Assert.Equal("desk", (string?)Assert.Single(await server.AllAsync($"/api/v1/calls?{Traffic.Range}", admin))["app"]);
    }

    [Fact]
    public async Task The_command_cuts_files_into_pieces_and_moves_them_to_now()
    {
        using var folder = new TempFolder();
        var file = folder.At("calls.jsonl");
        var lines = Enumerable.Range(1, 3_000).Select(i => i == 2_500 ? "no json" : Request("shop", (ulong)i)).ToList();
        await File.WriteAllLinesAsync(file, lines, Cancel);
        await using var server = await CallwatchProcess.ServeAsync(folder.At("data"));
        var (code, output, error) = await CallwatchProcess.RunAsync(["import", file, "--shift", "now", "--server", server.Url.ToString()]);
        Assert.Contains("line 2500:", error, StringComparison.Ordinal);
        Assert.Equal(1, code);
        Assert.Contains("2,999 spans taken, 1 lines refused", output, StringComparison.Ordinal);
        using var http = server.NewHttp();
        await Eventually.AnswersAsync(
            async () => JsonNode.Parse(await http.GetStringAsync(new Uri("api/v1/stats?step=1d", UriKind.Relative), Cancel))!["groups"]!.AsArray() is [{ } all] && (long)all["total"]!["calls"]! == 2_999 ? all : null,
            () => "all of them are stored");
    }

    private static string Request(string app, ulong trace) => new JsonObject
    {
        ["resourceSpans"] = new JsonArray(new JsonObject
        {
            ["resource"] = new JsonObject { ["attributes"] = new JsonArray(Attribute("service.name", app)) },
            ["scopeSpans"] = new JsonArray(new JsonObject
            {
                ["spans"] = new JsonArray(new JsonObject
                {
                    ["traceId"] = trace.ToString("x32", CultureInfo.InvariantCulture),
                    ["spanId"] = "0000000000000001",
                    ["name"] = "chat gpt-4o",
                    ["startTimeUnixNano"] = A.Noon.UnixNanoseconds.ToString(CultureInfo.InvariantCulture),
                    ["endTimeUnixNano"] = (A.Noon.UnixNanoseconds + 1_000_000_000).ToString(CultureInfo.InvariantCulture),
                    ["attributes"] = new JsonArray(Attribute("gen_ai.operation.name", "chat"), Attribute("gen_ai.request.model", "gpt-4o"), Attribute("padding", new string('x', 2_000))),
                }),
            }),
        }),
    }.ToJsonString();

    private static JsonObject Attribute(string key, string value) => new() { ["key"] = key, ["value"] = new JsonObject { ["stringValue"] = value } };

    // Every dialect and fact that a call can have, in two apps, of which one is only the key's.
    private static async Task SendAsync(RunningServer server)
    {
        await Traffic.SendAsync(server);
        var random = new Random(7);
        var spans = Enumerable.Range(0, 40).Select(i =>
        {
            var (anthropic, failed, streaming) = (i % 3 == 0, i % 7 == 0, i % 2 == 0);
            var span = A.Span(anthropic ? "chat claude" : "chat gpt").Trace((ulong)(100 + i)).Id(1).Kind(3).At(i * 1_000, 400 + random.Next(3_000))
                .With(("gen_ai.operation.name", i % 5 == 4 ? "embeddings" : "chat"), ("gen_ai.provider.name", anthropic ? "anthropic" : "openai"), ("gen_ai.request.model", anthropic ? "claude-sonnet-4-5" : "gpt-4.1"))
                .With(("gen_ai.response.model", anthropic ? "claude-sonnet-4-5-20250929" : "gpt-4.1-2025-04-14"), ("gen_ai.usage.input_tokens", 4_000 + i), ("gen_ai.usage.output_tokens", failed ? 0 : 120 + i))
                .With(("gen_ai.usage.cache_read.input_tokens", i * 50), ("gen_ai.usage.reasoning.output_tokens", i), ("gen_ai.request.temperature", 0.3), ("gen_ai.request.max_tokens", 512))
                .With(("user.id", "user" + (i % 4)), ("session.id", "s" + (i % 6)), ("callwatch.tags", new[] { "a" + (i % 2), "b" }), ("gen_ai.prompt.name", "greeting"), ("gen_ai.prompt.version", "v" + (i % 2)), ("metadata", """{"plan":"pro"}"""));
            if (streaming) span.With(("gen_ai.request.stream", true), ("gen_ai.response.time_to_first_chunk", 0.1 + (i / 1000.0)));
            if (i % 11 == 0) span.With("gen_ai.usage.cost", "0.0123");
            if (failed) span.Status(2, "Rate limit 4" + i).With(("error.type", "RateLimitError"), ("http.response.status_code", 429));
            else if (i % 13 == 1) span.With("gen_ai.response.finish_reasons", new[] { "cancelled" });
            else span.With("gen_ai.response.finish_reasons", new[] { "stop" });
            return span;
        }).ToArray();
        using (var sent = await server.SendTracesAsync(A.Resource("desk", ("deployment.environment.name", "prod"), ("service.version", "2.1")).Holding(spans).Traces())) Assert.True(sent.IsSuccessStatusCode);

        var admin = (await File.ReadAllTextAsync(Path.Combine(server.DataFolder, "admin.key"), Cancel)).Trim();
        var key = await KeyAsync(server, admin, "by its key", "ingest");
        using (var sent = await server.SendTracesAsync(A.Resource("another name").Holding(A.Span("chat gpt-4o").Trace(900).Id(1).At(5_000, 700).With(("gen_ai.operation.name", "chat"), ("gen_ai.request.model", "gpt-4o"))).Traces(), key: key)) Assert.True(sent.IsSuccessStatusCode);
        await server.StoredAsync();
    }

    private static async Task<string> KeyAsync(RunningServer server, string admin, string app, string scope)
    {
        using var http = new HttpClient { BaseAddress = server.Url };
        http.DefaultRequestHeaders.Authorization = new("Bearer", admin);
        using var made = await http.PostAsync(new Uri("api/v1/apps", UriKind.Relative), new StringContent($$"""{"name":"{{app}}"}""", Encoding.UTF8, "application/json"), Cancel);
        using var key = await http.PostAsync(new Uri("api/v1/keys", UriKind.Relative), new StringContent($$"""{"app":"{{app}}","scopes":["{{scope}}"]}""", Encoding.UTF8, "application/json"), Cancel);
        var text = await key.Content.ReadAsStringAsync(Cancel);
        Assert.True(key.IsSuccessStatusCode, text);
        return (string)JsonNode.Parse(text)!["secret"]!;
    }

    private static async Task<JsonNode> ImportAsync(RunningServer server, byte[] file, string? type = null, string? shift = null)
    {
        using var response = await server.SendAsync("/api/v1/import" + (shift is null ? "" : "?shift=" + shift), file, type);
        var text = await response.TextAsync();
        Assert.True(response.StatusCode == HttpStatusCode.Accepted, text);
        await server.StoredAsync();
        return JsonNode.Parse(text)!;
    }

    private static async Task<string> FiguresAsync(RunningServer server, string by)
    {
        var groups = (await server.GetAsync($"/api/v1/stats?{Traffic.Range}&by={by}&step=1h"))["groups"]!.AsArray().Select(group => group!.ToJsonString());
        return string.Join('\n', groups.Order(StringComparer.Ordinal));
    }
}
