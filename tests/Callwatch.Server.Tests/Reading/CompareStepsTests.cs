using System.Text.Json.Nodes;
using Callwatch.Server.Tests.Dashboard.Browser;
using Callwatch.Server.Tests.Receive;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Reading;

/// <summary>
/// What happens around calls: agents of two apps with their tools, retrievals and nodes. In the second half hour one tool gets slow, and a node
/// of one app begins to fail.
/// </summary>
public sealed class CompareStepsTests(CompareStepsTests.World world, Chromium chromium) : IClassFixture<CompareStepsTests.World>, IClassFixture<Chromium>
{
    public sealed class World : IAsyncLifetime
    {
        public RunningServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Server = await Traffic.ServerAsync();
            using var response = await Server.SendTracesAsync(A.Together([
                .. new[] { "shop", "desk" }.Select((app, number) => A.Resource(app, ("deployment.environment.name", number == 0 ? "prod" : "dev"))
                    .Holding([.. Enumerable.Range(0, 2 * TracesOfWindow).SelectMany(i => Trace(app, (ulong)((number * 1_000) + i + 1), i))]))]));
            Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            await Server.StoredAsync();
        }

        public ValueTask DisposeAsync() => Server.DisposeAsync();

        private static IEnumerable<SpanBuilder> Trace(string app, ulong trace, int i)
        {
            var (later, at) = (i >= TracesOfWindow, i * 30_000d);
            yield return A.Span("invoke_agent").Trace(trace).Id(1).At(at, 8_000).With("gen_ai.operation.name", "invoke_agent");
            yield return A.Span("chat gpt-4o").Kind(3).Trace(trace).Id(2, under: 1).At(at, 1_000)
                .With(("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt-4o"), ("gen_ai.usage.input_tokens", 100), ("gen_ai.usage.output_tokens", 10));
            foreach (var (tool, id) in new[] { ("search", 3ul), ("weather", 4ul) })
            {
                var slow = later && tool == "search" ? 3_000 : 0;
                yield return A.Span("execute_tool " + tool).Trace(trace).Id(id, under: 1).At(at + 1_500, 200 + (i % 7 * 10) + slow).With(("gen_ai.operation.name", "execute_tool"), ("gen_ai.tool.name", tool));
            }

            var request = A.Span("POST").Kind(3).Trace(trace).Id(9).At(at, 500).With(("http.request.method", "POST"), ("url.full", "https://api.openai.com/v1/chat/completions"));
            if (i % 10 == 0) yield return request;
            var retrieval = A.Span("retrieval docs").Trace(trace).Id(5, under: 1).At(at + 1_200, 120 + (i % 5 * 10)).With(("gen_ai.operation.name", "retrieval"), ("gen_ai.data_source.id", app));
            yield return later && app == "desk" && i % 2 == 0 ? retrieval.Status(2, "no index") : retrieval;
        }
    }

    private const int TracesOfWindow = 60;
    private const string Window = "from=2026-09-17T12:30:00Z&to=2026-09-17T13:00:10Z&baseline_from=2026-09-17T12:00:00Z&baseline_to=2026-09-17T12:30:00Z";

    private readonly RunningServer server = world.Server;

    [Fact]
    public async Task A_tool_that_became_slow_is_named_with_its_part_of_the_change()
    {
        var answer = await CompareAsync();
        var tools = Of(answer, "tool");
        Assert.True((bool)tools["enough"]! && (long)tools["before"]! == 4 * TracesOfWindow);
        var latency = Figure(tools, "latency");
        Assert.True((bool)latency["moved"]! && !(bool)latency["broad"]!);
        var cause = latency["explanations"]![0]!;
        Assert.Equal(("tool", "search"), ((string?)cause["dimension"], (string?)cause["key"]!["tool"]));
        Assert.Equal(1, (double)cause["share"]!, 0.05);
        Assert.Equal("display_name:search", (string?)cause["filter"]);
        Assert.Contains(answer["sentences"]!.AsArray(), sentence => ((string)sentence!).StartsWith("The tool search took ", StringComparison.Ordinal));
        Assert.False((bool)Figure(tools, "errors")["moved"]!);
        Assert.Contains((await CompareAsync("&lang=zh"))["sentences"]!.AsArray(), sentence => ((string)sentence!).StartsWith("工具 search", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_fails_in_one_app_is_told_by_app()
    {
        var retrievals = Of(await CompareAsync(), "retrieval");
        var errors = Figure(retrievals, "errors");
        Assert.True((bool)errors["moved"]!);
        Assert.Equal("desk", (string?)errors["explanations"]![0]!["key"]!["app"]);
        Assert.Equal(0.25, (double)errors["delta"]!, 0.02);
    }

    [Fact]
    public async Task The_parts_of_every_dimension_add_up_to_the_change_of_all()
    {
        var answer = await CompareAsync();
        foreach (var figure in answer["steps"]!.AsArray().SelectMany(step => step!["figures"]!.AsArray()))
            foreach (var dimension in figure!["dimensions"]!.AsArray())
                Assert.Equal((double)figure["delta"]!, dimension!["contributions"]!.AsArray().Sum(effect => (double)effect!["contribution"]!) + (double)dimension["rest"]!, 1e-9 * Math.Max(1, Math.Abs((double)figure["delta"]!)));
    }

    [Theory]
    [InlineData("&app=desk", 2 * TracesOfWindow)]
    [InlineData("&q=env:prod", 2 * TracesOfWindow)]
    [InlineData("&q=kind:tool", 4 * TracesOfWindow)]
    [InlineData("&q=model:gpt-4o", null)]
    [InlineData("&q=\"refund\"", null)]
    public async Task Steps_are_narrowed_by_what_they_have_and_left_out_where_only_calls_have_it(string narrowed, int? uses)
    {
        var answer = await CompareAsync(narrowed);
        if (uses is null) Assert.Empty(answer["steps"]!.AsArray());
        else Assert.Equal(uses, (int)Of(answer, "tool")["before"]!);
    }

    [Fact]
    public async Task Figures_as_a_whole_carry_the_requests_without_a_call()
    {
        var range = "from=2026-09-17T12:00:00Z&to=2026-09-17T13:15:00Z";
        var every = 2 * TracesOfWindow / 10;
        var coverage = (await server.GetAsync($"/api/v1/stats?{range}"))["coverage"]!;
        Assert.Equal((2 * every, 2 * every, 0), ((int)coverage["model_requests"]!, (int)coverage["without_call"]!, (int)coverage["not_counted_days"]!));
        Assert.Equal(every, (int)(await server.GetAsync($"/api/v1/stats?{range}&q=env:dev"))["coverage"]!["model_requests"]!);
        Assert.Equal(every, (int)(await server.GetAsync($"/api/v1/coverage?{range}&q=env:dev"))["model_requests"]!);
        Assert.Null((await server.GetAsync($"/api/v1/stats?{range}&by=model"))["coverage"]);
        Assert.Null((await server.GetAsync($"/api/v1/stats?{range}&q=model:gpt-4o"))["coverage"]);
    }

    [Fact]
    public async Task The_page_shows_what_moved_around_the_calls_and_leads_to_its_traces()
    {
        await using var visitor = await chromium.VisitorAsync(server.Url);
        var panel = visitor.Page.Locator("#steps");
        for (var attempt = 1; attempt == 1 || (attempt < 20 && await panel.Locator("tbody tr").CountAsync() == 0); attempt++) await visitor.GoAsync("/diagnose?" + Window);
        Assert.Contains("search", await panel.Locator("tbody tr").First.InnerTextAsync(), StringComparison.Ordinal);
        await visitor.AssertAccessibleAsync();
        foreach (var width in new[] { 2560, 360 })
        {
            await visitor.Page.SetViewportSizeAsync(width, 900);
            await visitor.AssertFitsAsync();
        }

        await panel.Locator("tbody a").First.ClickAsync();
        await visitor.Page.WaitForURLAsync("**/traces?**");
        Assert.NotEqual(0, await visitor.Page.Locator("tbody tr").CountAsync());
    }

    [Fact]
    public async Task What_the_first_page_is_held_against_is_chosen_and_stays_in_the_address()
    {
        await using var visitor = await chromium.VisitorAsync(server.Url);
        var range = "from=2026-09-17T12:30:00Z&to=2026-09-17T13:00:00Z";
        await visitor.GoAsync($"/?{range}&compare=before");
        Assert.Contains("against the time before", await visitor.Page.Locator(".tile").First.InnerTextAsync(), StringComparison.Ordinal);
        await visitor.Page.Locator("summary", new() { HasText = "the time before" }).ClickAsync();
        await visitor.AssertAccessibleAsync();
        await visitor.Page.Locator("details[open] .pop a", new() { HasText = "nothing" }).ClickAsync();
        await visitor.Page.WaitForURLAsync("**compare=off**");
        Assert.Contains("not compared", await visitor.Page.Locator(".tile").First.InnerTextAsync(), StringComparison.Ordinal);
        // Nothing came a week ago: the time before has to do, and the page says so.
        await visitor.GoAsync($"/?{range}");
        Assert.Contains("against the time before", await visitor.Page.Locator(".tile").First.InnerTextAsync(), StringComparison.Ordinal);
        await visitor.Page.SetViewportSizeAsync(360, 800);
        await visitor.AssertFitsAsync();
    }

    // A machine that stands still for longer than a question may take leaves something out, and is asked once more.
    private async Task<JsonNode> CompareAsync(string more = "")
    {
        for (var attempt = 1; ; attempt++)
        {
            using var response = await server.AskAsync("/api/v1/compare?" + Window + more);
            var answer = JsonNode.Parse(await response.TextAsync())!;
            if (response.IsSuccessStatusCode && answer["left_out"]!.AsArray().Count == 0) return answer;
            Assert.True(attempt < 20, answer.ToJsonString());
        }
    }

    private static JsonNode Of(JsonNode answer, string kind) => answer["steps"]!.AsArray().FirstOrDefault(step => (string)step!["kind"]! == kind) ?? throw new Xunit.Sdk.XunitException($"No {kind}: {answer["steps"]!.ToJsonString()} {answer["left_out"]!.ToJsonString()}");

    private static JsonNode Figure(JsonNode step, string figure) => step["figures"]!.AsArray().Single(one => (string)one!["figure"]! == figure)!;
}
