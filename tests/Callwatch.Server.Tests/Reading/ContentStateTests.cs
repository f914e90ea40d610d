using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Callwatch.Journal;
using Callwatch.Server.Tests.Access;
using Callwatch.Server.Tests.Receive;
using Callwatch.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Xunit;

namespace Callwatch.Server.Tests.Reading;

/// <summary>Whether the text of a call can be seen says the same everywhere, and what went stays gone when the journal does.</summary>
public sealed class ContentStateTests
{
    private const string Range = "from=2026-09-17T00:00:00Z&to=2026-09-18T00:00:00Z";

    private static readonly string[] Present = ["present", "masked", "not_captured"];
    private static readonly string[] Expired = ["expired", "expired", "not_captured"];

    [Fact]
    public async Task Lists_spans_exports_filters_and_the_terminal_agree_before_and_after_the_journal_has_let_go()
    {
        using var data = new TempFolder();
        await using (var server = await StartAsync(data, daysLater: 0))
        {
            using var sent = await server.SendTracesAsync(A.Traces(
                Call(1).With("input.value", "What is it?").With("output.value", "A test."),
                Call(2).With("input.value", "__REDACTED__").With("output.value", "A test."),
                Call(3)));
            Assert.Equal(HttpStatusCode.OK, sent.StatusCode);
            await server.StoredAsync();
            await AssertAsync(server, Present);
        }

        // A segment is ended when it has become old, and taken when it has been old for long enough.
        await using (var server = await StartAsync(data, daysLater: 2)) await Eventually.HoldsAsync(() => Journal(server).Status().Segments > 1, "the old segment is ended");
        await using (var server = await StartAsync(data, daysLater: 20))
        {
            await Eventually.HoldsAsync(() => Journal(server).FirstNumber > 1, "and taken");
            await AssertAsync(server, Expired);
        }
    }

    private static SpanBuilder Call(ulong id) => A.Span("call").Trace(id).Id(id).With("openinference.span.kind", "LLM").With("llm.model_name", "m" + id);

    private static async Task AssertAsync(RunningServer server, string[] states)
    {
        var calls = await server.AllAsync("/api/v1/calls?" + Range);
        Assert.Equal(states, calls.OrderBy(call => (string?)call["model"], StringComparer.Ordinal).Select(call => (string?)call["content"]));
        for (var id = 1; id <= 3; id++)
        {
            var (trace, span) = (A.TraceId((ulong)id).ToString(), $"{id:x16}");
            var details = await server.GetAsync($"/api/v1/spans/{trace}/{span}");
            Assert.Equal(states[id - 1], (string?)details["content"]);
            Assert.Equal(states[id - 1] is "present" or "masked", details["output"] is not null);
            Assert.Equal(states[id - 1], (string?)(await server.GetAsync("/api/v1/traces/" + trace))["spans"]![0]!["content"]);
            using var page = await server.AskAsync($"/traces/{trace}?span={span}");
            var words = states[id - 1] switch
            {
                "present" => "A test.",
                "masked" => "Parts of the text were masked before they were kept.",
                "expired" => "The text is past its retention",
                _ => "No text was sent",
            };
            Assert.Contains(words, await page.TextAsync(), StringComparison.Ordinal);
        }

        foreach (var state in new[] { "present", "expired", "not_captured", "masked" })
        {
            var found = await server.AllAsync($"/api/v1/calls?{Range}&q=content:{state}");
            Assert.Equal(states.Count(other => other == state), found.Count);
            Assert.All(found, call => Assert.Equal(state, (string?)call["content"]));
        }

        using var lines = await server.AskAsync("/api/v1/export?format=jsonl&" + Range);
        Assert.Equal(states.Order(StringComparer.Ordinal), (await lines.TextAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => (string)JsonNode.Parse(line)!["content"]!).Order(StringComparer.Ordinal));
        using var csv = await server.AskAsync("/api/v1/export?format=csv&" + Range);
        var rows = (await csv.TextAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var column = Array.IndexOf(rows[0].Split(','), "content");
        Assert.Equal(states.Order(StringComparer.Ordinal), rows.Skip(1).Select(row => row.Split(',')[column]).Order(StringComparer.Ordinal));
        var terminal = await CallwatchProcess.RunAsync(["trace", A.TraceId(2).ToString(), "--server", server.Url.ToString(), "--key", Key.AdminOf(server)]);
        Assert.Contains("Text of the calls: 1 " + states[1], terminal.Output, StringComparison.Ordinal);
    }

    private static Task<RunningServer> StartAsync(TempFolder data, int daysLater)
    {
        var now = new ManualTime().GetUtcNow().AddDays(daysLater);
        // As a server has left it that ran until now: days that passed in a moment would be doubted.
        File.WriteAllText(data.At("clock"), string.Create(CultureInfo.InvariantCulture, $"{now.UtcDateTime:O} 0\n"));
        return RunningServer.StartAsync(data.Path, services: services => services.Replace(ServiceDescriptor.Singleton<TimeProvider>(new OtherDay(now))));
    }

    private static IJournal Journal(RunningServer server) => server.Services.GetRequiredService<IJournal>();

    /// <summary>The clock of another day; it runs as all clocks do.</summary>
    private sealed class OtherDay(DateTimeOffset start) : TimeProvider
    {
        private readonly TimeSpan shift = start - System.GetUtcNow();

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + shift;
    }
}
