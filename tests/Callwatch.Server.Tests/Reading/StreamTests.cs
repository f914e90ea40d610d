using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Client.Api;
using Callwatch.Receive.Otlp;
using Callwatch.Server.Tests.Receive;
using Xunit;

namespace Callwatch.Server.Tests.Reading;

public sealed class StreamTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tail_gives_each_call_once_as_it_is_stored_and_only_those_that_the_filter_wants()
    {
        await using var server = await Traffic.ServerAsync();
        using var response = await server.Http.GetAsync(new Uri("/api/v1/tail?q=outcome:error&app=shop", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Cancel);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(Cancel));
        Assert.Equal(": listening", await lines.ReadLineAsync(Cancel));

        await Traffic.SendAsync(server);
        string? line;
        do line = await lines.ReadLineAsync(Cancel);
        while (line?.StartsWith("event: ", StringComparison.Ordinal) == false);
        Assert.Equal("event: call", line);
        var data = await lines.ReadLineAsync(Cancel);
        Json.Is($$"""{"trace_id":"{{Traffic.TraceId(2)}}","outcome":"error","app":"shop","model":"gpt-4o"}""", JsonNode.Parse(data!["data: ".Length..])!, only: true);
    }

    [Fact]
    public async Task Tail_ends_when_the_server_stops()
    {
        var server = await Traffic.ServerAsync();
        using var response = await server.Http.GetAsync(new Uri("/api/v1/tail", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Cancel);
        await using var body = await response.Content.ReadAsStreamAsync(Cancel);
        var stopping = server.StopAsync();
        var buffer = new byte[1_000];
        while (await body.ReadAsync(buffer, Cancel) > 0)
        {
            // Until the end.
        }

        await stopping;
        await server.DisposeAsync();
    }

    [Fact]
    public async Task The_client_library_reads_pages_tail_and_refusals()
    {
        await using var server = await Traffic.ServerAsync();
        var api = new CallwatchApi(server.Http);
        var listening = Assert.IsType<ApiAnswer<IAsyncEnumerable<ApiSpan>>.Found>(await api.TailAsync(new ApiQuery { Filter = "model:gpt-4o-2024*" }, Cancel));
        await Traffic.SendAsync(server);
        await foreach (var call in listening.Value)
        {
            Assert.Equal("gpt-4o-2024-08-06", call.Model);
            break;
        }

        var range = new ApiQuery { From = "2026-09-17T11:00:00Z", To = "2026-09-17T13:00:00Z" };
        var page = Assert.IsType<ApiAnswer<ApiPage<ApiSpan>>.Found>(await api.CallsAsync(range with { Limit = 2 }, Cancel)).Value;
        Assert.Equal(2, page.Items.Count);
        var rest = Assert.IsType<ApiAnswer<ApiPage<ApiSpan>>.Found>(await api.CallsAsync(range with { Limit = 2, Cursor = page.Next }, Cancel)).Value;
        Assert.Single(rest.Items);
        Assert.Equal(0.0035m, Assert.Single(page.Items.Concat(rest.Items), call => call.Cost?.TotalUsd is not null).Cost!.TotalUsd);
        Assert.Equal(3, Assert.IsType<ApiAnswer<ApiStats>.Found>(await api.StatsAsync(range, Cancel)).Value.Groups[0].Total.Calls);
        Assert.Equal("Of course.", Assert.IsType<ApiAnswer<ApiSpanDetails>.Found>(await api.SpanAsync(Traffic.TraceId(1), Traffic.SpanId(2), Cancel)).Value.Messages.Output[0].Parts[0].Text);
        Assert.Single(Assert.IsType<ApiAnswer<ApiPage<ApiErrorGroup>>.Found>(await api.ErrorsAsync(range with { Since = "release:1.4.2" }, Cancel)).Value.Items);
        Assert.Empty(Assert.IsType<ApiAnswer<ApiPage<ApiErrorGroup>>.Found>(await api.ErrorsAsync(range with { Since = "release:1.4.3" }, Cancel)).Value.Items);
        Assert.Equal("since", Assert.IsType<ApiAnswer<ApiPage<ApiErrorGroup>>.Refused>(await api.ErrorsAsync(range with { Since = "1.4.2" }, Cancel)).Problem.Field);
        var refused = Assert.IsType<ApiAnswer<ApiPage<ApiSpan>>.Refused>(await api.CallsAsync(range with { Filter = "modle:x" }, Cancel)).Problem;
        Assert.Equal((422, "bad_filter", "q", (int?)0), (refused.Status, refused.Code, refused.Field, refused.Offset));
        Assert.Equal(404, Assert.IsType<ApiAnswer<ApiTrace>.Refused>(await api.TraceAsync("00000000000000000000000000000001", cancel: Cancel)).Problem.Status);
    }

    [Fact]
    public async Task Json_lines_hold_every_call_once_beyond_one_page()
    {
        await using var server = await Traffic.ServerAsync();
        await Traffic.SendManyAsync(server, 2_300);
        using var response = await server.AskAsync("/api/v1/export?app=bulk&from=2026-09-17&to=2026-09-18");
        Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType?.MediaType);
        var lines = (await response.TextAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2_300, lines.Select(line => (string?)JsonNode.Parse(line)!["trace_id"]).Distinct().Count());
        Assert.Equal(2_300, lines.Length);
    }

    [Fact]
    public async Task Csv_opens_as_text_even_where_a_prompt_is_a_formula()
    {
        await using var server = await Traffic.ServerAsync();
        await Traffic.SendAsync(server);
        using var response = await server.AskAsync($"/api/v1/export?{Traffic.Range}&format=csv");
        Assert.Equal("text/csv", response.Content.Headers.ContentType?.MediaType);
        Assert.Contains("calls.csv", response.Content.Headers.ContentDisposition?.FileName, StringComparison.Ordinal);
        var records = Csv(await response.TextAsync());
        var rows = records.Skip(1).Select(record => records[0].Zip(record).ToDictionary(pair => pair.First, pair => pair.Second)).ToList();
        Assert.Equal(3, rows.Count);
        var call = Assert.Single(rows, row => row["user_id"] == "anna" && row["model"] == "gpt-4o-2024-08-06");
        Assert.StartsWith("'=HYPERLINK(\"http://evil\")", call["input_preview"], StringComparison.Ordinal);
        Assert.Equal(("0.0035", "2000", "beta, eu"), (call["total_usd"], call["duration_ms"], call["tags"]));
    }

    [Fact]
    public async Task Otlp_that_was_exported_can_be_sent_again_and_says_the_same()
    {
        await using var from = await Traffic.ServerAsync();
        await Traffic.SendAsync(from);
        byte[] exported;
        using (var response = await from.AskAsync($"/api/v1/export?{Traffic.Range}&format=otlp"))
        {
            Assert.Equal("application/x-protobuf", response.Content.Headers.ContentType?.MediaType);
            exported = await response.BytesAsync();
        }

        var spans = 0;
        foreach (var span in OtlpSpan.In(exported)) spans += span.TraceId.IsNone ? 0 : 1;
        Assert.Equal(4, spans);
        await using var to = await Traffic.ServerAsync();
        using (var sent = await to.SendTracesAsync(exported)) Assert.Equal(HttpStatusCode.OK, sent.StatusCode);
        await to.StoredAsync();
        string Facts(IEnumerable<JsonObject> calls) => string.Join('\n', calls.Select(call => call.ToJsonString()).Order(StringComparer.Ordinal));
        Assert.Equal(Facts(await from.AllAsync($"/api/v1/calls?{Traffic.Range}")), Facts(await to.AllAsync($"/api/v1/calls?{Traffic.Range}")));
    }

    /// <summary>Records of RFC 4180.</summary>
    private static List<List<string>> Csv(string text)
    {
        var (records, field, quoted) = (new List<List<string>> { new() }, new StringBuilder(), false);
        for (var i = 0; i < text.Length; i++)
        {
            if (quoted && text[i] == '"' && i + 1 < text.Length && text[i + 1] == '"') field.Append(text[i++]);
            else if (text[i] == '"') quoted = !quoted;
            else if (quoted || text[i] is not (',' or '\r' or '\n')) field.Append(text[i]);
            else if (text[i] is ',' or '\n')
            {
                records[^1].Add(field.ToString());
                field.Clear();
                if (text[i] == '\n' && i + 1 < text.Length) records.Add([]);
            }
        }

        return records;
    }
}
