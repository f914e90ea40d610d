using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Callwatch.Server.Tests.Access;
using Callwatch.Server.Tests.Reading;
using Callwatch.Server.Tests.Receive;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Durability.Damage;

public sealed class MissingSegmentTests : IDisposable
{
    private const int Traces = 24;

    // Of the real clock: rows past their retention are not rebuilt for another reason.
    private readonly DateOnly day = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime).AddDays(-1);

    private readonly TempFolder data = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => data.Dispose();

    [Fact]
    public async Task A_file_gone_from_the_middle_of_the_journal_is_shown_counted_and_keeps_its_day_from_being_rebuilt_by_less()
    {
        await using (var server = await StartAsync())
        {
            for (var trace = 1UL; trace <= Traces; trace++) await SendAsync(server, trace);
            await server.StoredAsync();
            await Eventually.HoldsAsync(() => File.Exists(data.At("journal", "taken")), "the journal has been looked at");
        }

        var segments = Directory.EnumerateFiles(data.At("journal"), "*.seg").Order(StringComparer.Ordinal).ToList();
        Assert.True(segments.Count > 4);
        File.Delete(segments[2]);

        await using var again = await StartAsync();
        var system = await Eventually.AnswersAsync(
            async () => await again.GetAsync("/api/v1/system") is { } found && found["journal"]!["gaps"]!.AsArray().Count > 0 ? found : null, () => "the gap is found");
        var gap = Assert.Single(system["journal"]!["gaps"]!.AsArray())!;
        Assert.Equal(long.Parse(Path.GetFileNameWithoutExtension(segments[2]), CultureInfo.InvariantCulture), (long)gap["first"]!);
        Assert.Equal((long)gap["last"]! - (long)gap["first"]! + 1, (long)system["counters"]!["missing_record"]!);
        using (var metrics = await again.AskAsync("/metrics", Key.AdminOf(again))) Assert.Contains("reason=\"missing_record\"", await metrics.TextAsync(), StringComparison.Ordinal);
        var doctor = await again.GetAsync("/api/v1/doctor", Key.AdminOf(again));
        Assert.Contains(doctor["findings"]!.AsArray(), finding => (string)finding!["check"]! == "journal" && (string)finding["level"]! == "problem" && finding["cure"] is not null);

        // All that was stored stays, and what comes is stored.
        await SendAsync(again, 99);
        await again.StoredAsync();
        Assert.Equal(Traces + 1, (await again.AllAsync(Calls)).Count);
        var left = await ReindexAsync(again);
        Assert.Equal("untouched", (string)left["state"]!);
        Assert.Contains("no longer whole", (string)left["reason"]!, StringComparison.Ordinal);
        Assert.Equal(Traces + 1, (await again.AllAsync(Calls)).Count);
    }

    private async Task<JsonNode> ReindexAsync(RunningServer server)
    {
        using var asked = new HttpRequestMessage(HttpMethod.Post, "/api/v1/reindex");
        asked.Headers.Authorization = new("Bearer", Key.AdminOf(server));
        asked.Content = new StringContent($$"""{"from": "{{day:yyyy-MM-dd}}", "to": "{{day.AddDays(1):yyyy-MM-dd}}", "apply": true}""", System.Text.Encoding.UTF8, "application/json");
        using (var answer = await server.Http.SendAsync(asked, Cancel)) Assert.True(answer.IsSuccessStatusCode, await answer.TextAsync());
        return await Eventually.AnswersAsync(
            async () => (await server.GetAsync("/api/v1/reindex", Key.AdminOf(server)))["job"] is { } job && (string?)job["state"] != "running" ? job["days"]!.AsArray().Single() : null, () => "the job ends");
    }

    private Task<RunningServer> StartAsync() => RunningServer.StartAsync(data.Path,
    [
        ("Callwatch:Store:BatchDelay", "00:00:00"), ("Callwatch:Journal:SegmentBytes", "16384"), ("Callwatch:Journal:BallastBytes", "0"), ("Callwatch:Journal:SealShare", "0"),
        ("Callwatch:Journal:MinFreeBytes", "0"), ("Callwatch:Journal:MinFreePercent", "0"),
    ]);

    private string Calls => string.Create(CultureInfo.InvariantCulture, $"/api/v1/calls?from={day:yyyy-MM-dd}T00:00:00Z&to={day.AddDays(1):yyyy-MM-dd}T00:00:00Z");

    private async Task SendAsync(RunningServer server, ulong trace)
    {
        var noon = (day.ToDateTime(new TimeOnly(12, 0), DateTimeKind.Utc) - A.Noon.ToDateTimeOffset().UtcDateTime).TotalMilliseconds;
        using var sent = await server.SendTracesAsync(A.Resource("shop").Holding(
            A.Span("chat gpt-4o").Trace(trace).Id(1).Kind(3).At(noon + (trace * 1_000), 500).With(
                ("gen_ai.operation.name", "chat"), ("gen_ai.request.model", "gpt-4o"), ("gen_ai.input.messages", $$"""[{"role":"user","parts":[{"type":"text","content":"{{new string('x', 5_000)}}"}]}]"""))).Traces());
        Assert.Equal(HttpStatusCode.OK, sent.StatusCode);
    }
}
