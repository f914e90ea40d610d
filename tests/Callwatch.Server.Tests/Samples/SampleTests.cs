using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Samples;

/// <summary>The samples as processes of their own against <c>callwatch serve</c>: a chat service, a worker behind a queue, and the model both ask.</summary>
public sealed class SampleTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_chat_is_one_trace_from_the_request_to_the_worker_behind_the_queue()
    {
        await using var all = await Samples.StartAsync();
        var (answer, message) = await all.AskAsync("c-1", "Where is my parcel?", user: "anna");
        Assert.Equal("You said: Where is my parcel?", answer);
        await all.NamedAsync("c-1");

        var calls = await all.CallsAsync(2);
        var traceId = (string?)Assert.Single(calls.Select(call => (string?)call["trace_id"]).Distinct());
        Assert.Equal(["chat", "worker"], calls.Select(call => (string)call["app"]!).Order(StringComparer.Ordinal));
        var spans = await all.TraceAsync(traceId!, spans =>
            Array.TrueForAll(["POST /conversations/{id}/messages", "message", "name conversation", "generate_conversation_name"], Names(spans).Contains) && spans.Count(span => (string?)span["kind"] == "db") >= 5);
        var names = Names(spans);
        Assert.Equal("generate_conversation_name", (string?)spans.Single(span => (string?)span["name"] == "generate_conversation_name")["kind"]);
        Assert.True(spans.Count(span => (string?)span["kind"] == "db") >= 5, "history, message, order; reading, writing: " + string.Join(", ", names));
        // The queue hands on the span in which the job was ordered.
        var order = spans.Single(span => (string?)span["name"] == "POST /conversations/{id}/messages");
        Assert.Equal((string?)order["span_id"], (string?)spans.Single(span => (string?)span["name"] == "name conversation")["parent_span_id"]);
        await all.FoundAsync(message);
    }

    [Fact]
    public async Task Records_and_capture_of_the_same_chat_count_it_once_with_tokens_cost_user_and_session()
    {
        await using var all = await Samples.StartAsync();
        var (_, message) = await all.AskAsync("c-1", "Is it far?", user: "bert");
        // A judgement comes when somebody has read the answer.
        await all.FoundAsync(message);
        using var feedback = await all.Chat.PostAsJsonAsync(new Uri($"/messages/{message}/feedback", UriKind.Relative), new { value = 1.0 }, Cancel);
        Assert.Equal(HttpStatusCode.Accepted, feedback.StatusCode);
        await all.NamedAsync("c-1");
        var trace = (string)(await all.CallsAsync(2))[0]["trace_id"]!;
        var spans = await all.TraceAsync(trace, spans => spans.Any(span => span["scores"]!.AsArray().Count > 0) && Names(spans).Contains("generate_conversation_name"));
        Assert.Equal(1, (double)spans.Single(span => (string?)span["kind"] == "message")["scores"]![0]!["value"]!);

        // The record may be there before what was captured, and makes a call of its own until then.
        var call = await all.RecordedAsync("chat");
        Assert.Equal((true, "gpt-4o-mini"), ((bool?)call["streaming"], (string?)call["model"]));
        Assert.Equal((3, 5), ((int)call["usage"]!["input_tokens"]!, (int)call["usage"]!["output_tokens"]!));
        Assert.True((double)call["cost"]!["total_usd"]! > 0);
        Assert.True((double)call["ttft_ms"]! > 0);
        var figures = await all.GetAsync("/api/v1/stats?app=chat&app=worker");
        Assert.Equal(2, figures["groups"]!.AsArray().Sum(group => (int)group!["total"]!["calls"]!));
        Assert.Equal("bert", (string?)(await all.GetAsync($"/api/v1/traces/{trace}"))["trace"]!["user_id"]);
    }

    [Fact]
    public async Task A_model_that_fails_is_an_error_with_each_attempt_a_call_of_its_own()
    {
        await using var all = await Samples.StartAsync();
        using var refused = await all.Chat.PostAsJsonAsync(new Uri("/conversations/c-9/messages", UriKind.Relative), new { text = "Now please fail." }, Cancel);
        Assert.Equal(HttpStatusCode.BadGateway, refused.StatusCode);
        var calls = await all.CallsAsync(2);
        Assert.All(calls, call => Assert.Equal(("error", 500), ((string?)call["outcome"], (int?)call["http_status"])));
        // Of an attempt that is tried again OpenAI's library does not read what the model said.
        Assert.Equal(["Internal Server Error", "The model has lost its thread."], calls.Select(call => (string?)call["error"]!["message"]).Order(StringComparer.Ordinal));
        var spans = await all.TraceAsync((string)calls[0]["trace_id"]!, spans => Names(spans).Contains("message") && Names(spans).Contains("POST /conversations/{id}/messages"));
        Assert.Equal("error", (string?)spans.Single(span => (string?)span["kind"] == "message")["outcome"]);
        var request = spans.Single(span => (string?)span["name"] == "POST /conversations/{id}/messages");
        Assert.Equal("error", (string?)request["outcome"]);
        // The exception was only logged.
        var details = await all.GetAsync($"/api/v1/spans/{(string)request["trace_id"]!}/{(string)request["span_id"]!}");
        Assert.Contains("ClientResultException", details["events"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_over_PostgreSQL()
    {
        if (Postgres.Programs is null) Assert.Skip("PostgreSQL is not installed.");
        await using var postgres = await Postgres.StartAsync();
        await using var all = await Samples.StartAsync(postgres.ConnectionString);
        await all.AskAsync("c-1", "Where is my parcel?", user: "anna");
        await all.NamedAsync("c-1");
        var calls = await all.CallsAsync(2);
        var spans = await all.TraceAsync((string)calls[0]["trace_id"]!, spans => spans.Count(span => (string?)span["kind"] == "db") >= 5);
        Assert.Single(calls.Select(call => (string?)call["trace_id"]).Distinct());
        var database = await all.GetAsync($"/api/v1/spans/{(string)calls[0]["trace_id"]!}/{(string)spans.First(span => (string?)span["kind"] == "db")["span_id"]!}");
        Assert.StartsWith("postgresql", (string?)(database["attributes"]!["db.system.name"] ?? database["attributes"]!["db.system"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_Callwatch_the_service_answers_all_the_same_and_ends_when_it_is_told_to()
    {
        using var folder = new TempFolder();
        await using var model = await SampleProcess.StartAsync("Model", folder.Path);
        await using var chat = await SampleProcess.StartAsync("Chat", folder.Path, ("Callwatch__Endpoint", Ports.DeadEnd.AbsoluteUri), ("Model__Endpoint", new Uri(model.Url, "/v1").AbsoluteUri));
        using var http = new HttpClient { BaseAddress = chat.Url, Timeout = Patience.Long };
        using var answer = await http.PostAsJsonAsync(new Uri("/conversations/c-1/messages", UriKind.Relative), new { text = "Anybody there?" }, Cancel);
        Assert.Equal("You said: Anybody there?", await answer.Content.ReadAsStringAsync(Cancel));
        Assert.Equal(0, await chat.StopAsync());
    }

    private static List<string> Names(IEnumerable<JsonObject> spans) => [.. spans.Select(span => (string)span["name"]!)];
}
