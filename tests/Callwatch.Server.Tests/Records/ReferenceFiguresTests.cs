using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Server.Tests.Dashboard.Browser;
using Callwatch.Server.Tests.Reading;
using Callwatch.Server.Tests.Receive;
using Xunit;
using Traffic = Callwatch.Server.Tests.Reading.Traffic;

namespace Callwatch.Server.Tests.Records;

/// <summary>Daily figures as docs/figures.md defines them, and users' judgements in figures, over the API, in the terminal and on the page.</summary>
public sealed class ReferenceFiguresTests(Chromium chromium) : IClassFixture<Chromium>, IAsyncLifetime
{
    private const string Days = "from=2026-09-16T00:00:00Z&to=2026-09-19T00:00:00Z";

    private RunningServer server = null!;

    public async ValueTask InitializeAsync()
    {
        server = await Traffic.ServerAsync();
        await SendAsync(
            Message("m-1", "c-1", "anna", "17T09:00:00", seconds: 2, tokens: 100), Message("m-2", "c-1", "anna", "17T10:00:00", seconds: 4, tokens: 200),
            Message("m-3", "c-2", "bo", "17T11:00:00", seconds: 6, tokens: 300), Message("m-4", "c-3", "anna", "18T23:30:00", seconds: 8, tokens: 400),
            Message("m-5", "c-4", "cleo", "18T12:00:00", seconds: 1, tokens: 500, more: ",\"invoke_from\":\"debugger\""),
            Message("m-6", "c-2", "bo", "17T12:00:00", seconds: 9, tokens: 0, more: ",\"error\":\"quota\""),
            Run("r-1", "anna", "17T09:00:00", 30), Run("r-2", "anna", "17T10:00:00", 40), Run("r-3", "dora", "17T11:00:00", 50));
        await JudgeAsync("m-1", 1);
        await JudgeAsync("m-2", 1);
        // The same person again: a message counts once, by what was said last.
        await JudgeAsync("m-2", -1);
        await JudgeAsync("m-2", -1);
        await server.StoredAsync();
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Each_figure_is_what_its_definition_says_and_days_without_a_message_are_there()
    {
        var figures = await server.GetAsync($"/api/v1/figures/reference?{Days}");
        Json.Is("""{"step":"1d","tz":"UTC"}""", figures, only: true);
        var (total, days) = (figures["chat"]!["total"]!, figures["chat"]!["points"]!.AsArray());
        Assert.Equal(["2026-09-16T00:00:00Z", "2026-09-17T00:00:00Z", "2026-09-18T00:00:00Z"], days.Select(day => (string)day!["t"]!));
        Json.Is("""{"messages":0,"conversations":0,"active_users":0,"total_tokens":0,"cost_usd":0,"interactions_per_session":null,"satisfaction_rate":null,"response_time_ms":null,"tokens_per_second":null}""", days[0]!, only: true);
        // One failed: its time is not among the response times, it is among the messages.
        Json.Is("""{"messages":4,"conversations":2,"active_users":2,"input_tokens":600,"output_tokens":60,"total_tokens":660,"interactions_per_session":2,"likes":1,"dislikes":1,"satisfaction_rate":0.25,"response_time_ms":4000,"errors":1,"success_rate":0.75}""", days[1]!, only: true);
        Json.Is("""{"messages":1,"conversations":1,"active_users":1,"total_tokens":440,"response_time_ms":8000}""", days[2]!, only: true);
        // Of the whole range, not of its days: anna is one person.
        Json.Is("""{"messages":5,"conversations":3,"active_users":2,"total_tokens":1100,"response_time_ms":5000,"likes":1,"satisfaction_rate":0.2}""", total, only: true);
        Assert.Equal(100 / 20.0, (double)total["tokens_per_second"]!, 6);
        Assert.True((decimal)total["cost_usd"]! > 0);

        Json.Is("""{"runs":3,"active_users":2,"total_tokens":120,"runs_per_user":1.5,"response_time_ms":3000}""", figures["workflow"]!["total"]!, only: true);
        Assert.True((decimal)figures["workflow"]!["total"]!["cost_usd"]! > 0);
        var refused = await server.Http.GetAsync($"/api/v1/figures/reference?{Days}&tz=Mars", TestContext.Current.CancellationToken);
        Assert.Equal(422, (int)refused.StatusCode);
    }

    [Fact]
    public async Task A_day_is_that_of_the_zone_asked_for()
    {
        var berlin = await server.GetAsync($"/api/v1/figures/reference?from=2026-09-16T22:00:00Z&to=2026-09-19T22:00:00Z&tz=Europe/Berlin");
        Assert.Equal([4, 0, 1], berlin["chat"]!["points"]!.AsArray().Select(day => (int)day!["messages"]!));
        var app = await server.GetAsync($"/api/v1/figures/reference?{Days}&app=nobody");
        Assert.Equal(0, (int)app["chat"]!["total"]!["messages"]!);
        var user = await server.GetAsync($"/api/v1/figures/reference?{Days}&q=user:bo");
        Assert.Equal(2, (int)user["chat"]!["total"]!["messages"]!);
    }

    [Fact]
    public async Task What_users_thought_counts_at_the_calls_that_answered_and_changes_when_they_do()
    {
        var path = $"/api/v1/stats?{Days}&step=1d&by=user";
        Assert.Equal([("anna", 1, 1), ("bo", 0, 0)], await FeedbackByUserAsync(path));
        await JudgeAsync("m-3", -1);
        await JudgeAsync("m-1", 0);
        await server.StoredAsync();
        Assert.Equal([("anna", 0, 1), ("bo", 0, 1)], await FeedbackByUserAsync(path));
        var day = (await server.GetAsync($"/api/v1/stats?{Days}&step=1d"))["groups"]![0]!["points"]![1]!;
        Json.Is("""{"positive":0,"negative":2}""", day["feedback"]!, only: true);
    }

    [Fact]
    public async Task The_terminal_shows_a_line_for_each_day()
    {
        var (code, output, error) = await CallwatchProcess.RunAsync(["figures", "--from", "2026-09-16T00:00:00Z", "--to", "2026-09-19T00:00:00Z", "--server", server.Url.ToString()]);
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("2026-09-17", output);
        Assert.Contains("25 %", output);
        Assert.Contains("Runs", output);
    }

    [Fact]
    public async Task The_page_shows_what_the_api_says_and_can_be_used_by_everybody()
    {
        await using var visitor = await chromium.VisitorAsync(server.Url);
        Assert.Equal(200, await visitor.GoAsync("/?from=2026-09-16T00:00:00Z&to=2026-09-19T00:00:00Z"));
        await visitor.Page.GetByText("Business figures").ClickAsync();
        await visitor.Page.WaitForURLAsync("**/figures?**");
        var text = await visitor.Page.InnerTextAsync("#main");
        foreach (var said in (string[])["Conversations", "20.00 %", "1 liked, 1 disliked", "Thu 17 Sep 2026", "Runs per user"]) Assert.Contains(said, text, StringComparison.Ordinal);
        await visitor.AssertUnharmedAsync();
        await visitor.AssertAccessibleAsync();
        foreach (var width in new[] { 2560, 360 })
        {
            await visitor.Page.SetViewportSizeAsync(width, 900);
            await visitor.AssertFitsAsync();
        }
    }

    private async Task<List<(string User, int Positive, int Negative)>> FeedbackByUserAsync(string path) =>
    [
        .. (await server.GetAsync(path))["groups"]!.AsArray().Where(group => (string?)group!["key"]!["user"] is "anna" or "bo")
            .Select(group => ((string)group!["key"]!["user"]!, (int)group["total"]!["feedback"]!["positive"]!, (int)group["total"]!["feedback"]!["negative"]!)).OrderBy(group => group.Item1, StringComparer.Ordinal),
    ];

    private static string Message(string id, string conversation, string user, string time, int seconds, int tokens, string more = "") => Timed(time, seconds,
        $$"""{"type":"message","message_id":"{{id}}","conversation_id":"{{conversation}}","user_id":"{{user}}","model":"gpt-4o","provider":"openai","usage":{"input_tokens":{{tokens}},"output_tokens":{{tokens / 10}}}{{more}}""");

    private static string Run(string id, string user, string time, int tokens) => Timed(time, 3,
        $$"""{"type":"workflow","workflow_run_id":"{{id}}","user_id":"{{user}}","nodes":[{"node_execution_id":"{{id}}-n","title":"Draft","start_time":"2026-09-{{time}}Z","end_time":"2026-09-{{time}}Z","model_name":"gpt-4o","model_provider":"openai","prompt_tokens":{{tokens - 10}},"completion_tokens":10}]""");

    private static string Timed(string time, int seconds, string record)
    {
        var start = DateTimeOffset.Parse($"2026-09-{time}Z", CultureInfo.InvariantCulture);
        return record + $$""","start_time":"{{start:yyyy-MM-ddTHH:mm:ssZ}}","end_time":"{{start.AddSeconds(seconds):yyyy-MM-ddTHH:mm:ssZ}}"}""";
    }

    private async Task SendAsync(params string[] records)
    {
        using var response = await server.SendAsync("/api/v1/traces", Encoding.UTF8.GetBytes("[" + string.Join(',', records) + "]"), "application/json");
        Assert.Empty(JsonNode.Parse(await response.TextAsync())!["rejected"]!.AsArray());
        await server.StoredAsync();
    }

    private async Task JudgeAsync(string message, int value)
    {
        using var response = await server.SendAsync("/api/v1/feedback", Encoding.UTF8.GetBytes($$"""{"message_id":"{{message}}","value":{{value}}}"""), "application/json");
        Assert.Equal(202, (int)response.StatusCode);
    }
}
