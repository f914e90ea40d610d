using Callwatch.Forward.Destinations.Opik;
using Callwatch.Testing;
using Callwatch.Testing.Scenarios;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Opik;

/// <summary>Every scenario through a real lane into Opik's stand-in, and what must be true of it there.</summary>
public sealed class OpikTests
{
    public static TheoryData<string> Names => [.. Scenarios.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_scenario_arrives_as_the_golden_requests_say(string name)
    {
        await using var opik = await SentAsync(name);
        Golden.Matches($"Callwatch.Tests/Forward/Destinations/Opik/golden/{name}.json", Sent.Text(opik.Requests));
    }

    [Fact]
    public async Task A_call_has_model_provider_tokens_cost_and_first_token()
    {
        await using var opik = await SentAsync("llm-message");
        var call = opik.Spans.Values.Single(span => (string?)span["type"] == "llm");
        Assert.Equal(("gpt-4o-mini-2024-07-18", "openai"), ((string?)call["model"], (string?)call["provider"]));
        Assert.Equal("""{"prompt_tokens":57,"completion_tokens":23,"total_tokens":80}""", call["usage"]!.ToJsonString());
        Assert.True((decimal)call["total_estimated_cost"]! > 0);
        Assert.Equal(350, (double)call["ttft"]!);
        Assert.Equal(450, (double)Assert.Single(opik.Traces.Values)["ttft"]!);
        Assert.Equal(0.2, (double)call["metadata"]!["model_parameters"]!["temperature"]!);
    }

    [Fact]
    public async Task Cached_and_reasoning_tokens_are_details_of_the_whole()
    {
        await using var opik = await SentAsync("chat-tools-cache");
        var usage = opik.Spans.Values.Select(span => span["usage"]).Last(usage => usage is not null)!;
        Assert.Equal(
            """{"prompt_tokens":1260,"completion_tokens":90,"total_tokens":1350,"original_usage.prompt_tokens_details.cached_tokens":1152,"original_usage.completion_tokens_details.reasoning_tokens":64}""",
            usage.ToJsonString());
    }

    [Fact]
    public async Task Ids_hold_the_start_of_trace_and_span()
    {
        await using var opik = await SentAsync("llm-message");
        Assert.All(opik.Traces.Values.Concat(opik.Spans.Values), row => Assert.Equal(Milliseconds((string)row["start_time"]!), TimeIn((string)row["id"]!)));
    }

    [Fact]
    public async Task The_root_of_a_message_is_the_trace_itself_and_its_parts_hang_beneath_it()
    {
        await using var opik = await SentAsync("record-message");
        var trace = Assert.Single(opik.Traces.Values);
        Assert.Equal(("message", Scenarios.Session, Scenarios.User), ((string?)trace["name"], (string?)trace["thread_id"], (string?)trace["metadata"]!["user_id"]));
        Assert.Equal("""{"input":"What is the capital of France?"}""", trace["input"]!.ToJsonString());
        Assert.Equal(["message", "chat"], trace["tags"]!.AsArray().Select(tag => (string)tag!));
        var call = Assert.Single(opik.Spans.Values);
        Assert.Equal("llm", (string?)call["name"]);
        Assert.Null(call["parent_span_id"]);
    }

    [Fact]
    public async Task Nodes_of_a_loop_hang_beneath_the_loop_and_a_failed_one_has_its_own_error()
    {
        await using var opik = await SentAsync("record-workflow");
        var spans = opik.Spans.Values.ToLookup(span => (string)span["name"]!);
        var workflow = spans["workflow"].Single();
        Assert.Null(workflow["parent_span_id"]);
        Assert.Equal((string?)workflow["id"], (string?)spans["Each parcel"].Single()["parent_span_id"]);
        Assert.All(spans["Weigh parcel"], span => Assert.Equal((string?)spans["Each parcel"].Single()["id"], (string?)span["parent_span_id"]));
        Assert.Equal("SMTP 550 mailbox unavailable", (string?)spans["Send mail"].Single()["error_info"]!["message"]);
        Assert.Equal(("llm", "gpt-4o-mini"), ((string?)spans["Draft answer"].Single()["type"], (string?)spans["Draft answer"].Single()["model"]));
        Assert.All(spans["Get weather"].Single()["tags"]!.AsArray(), tag => Assert.Equal("node_execution", (string?)tag));
    }

    [Fact]
    public async Task A_root_that_comes_last_becomes_the_row_of_the_trace()
    {
        await using var opik = await SentAsync("root-last");
        var trace = Assert.Single(opik.Traces.Values);
        Assert.Equal(("write-story", Scenarios.Session), ((string?)trace["name"], (string?)trace["thread_id"]));
        Assert.Null(Assert.Single(opik.Spans.Values)["parent_span_id"]);
    }

    [Fact]
    public async Task A_late_span_hangs_beneath_the_parent_that_went_before_it()
    {
        await using var opik = await SentAsync("late-span");
        Assert.Single(opik.Traces);
        var spans = opik.Spans.Values.ToDictionary(span => (string)span["name"]!);
        Assert.Equal((string?)spans["answer-question"]["id"], (string?)spans["write_log"]["parent_span_id"]);
    }

    [Fact]
    public async Task Feedback_on_a_message_is_a_score_of_its_trace()
    {
        await using var opik = await SentAsync("feedback");
        var score = Assert.Single(opik.Scores);
        Assert.Equal((Assert.Single(opik.Traces).Key, "user", 1d, "That helped."), ((string)score["id"]!, (string?)score["name"], (double)score["value"]!, (string?)score["reason"]));
    }

    [Fact]
    public async Task A_crash_between_answer_and_cursor_leaves_one_row_of_each()
    {
        var time = new ManualTime(Scenario.Received.Plus(TimeSpan.FromMinutes(10)).ToDateTimeOffset());
        await using var opik = await OpikStandIn.StartedAsync(time);
        await using var rig = new ForwardRig(new OpikKind(), opik.Config(), time);
        await rig.AddAsync(Scenarios.All);
        await rig.DeliverAsync();
        var before = (opik.Traces.Count, opik.Spans.Count, opik.Scores.Count);
        rig.CrashBack();
        await rig.DeliverAsync();
        Assert.Equal(before, (opik.Traces.Count, opik.Spans.Count, opik.Scores.Count));
        Assert.Empty(opik.Problems);
        Assert.Empty(rig.DeadLetters);
    }

    internal static long TimeIn(string id) => Convert.ToInt64(id.Replace("-", "", StringComparison.Ordinal)[..12], 16);

    internal static long Milliseconds(string time) => DateTimeOffset.Parse(time).ToUnixTimeMilliseconds();

    private static async Task<OpikStandIn> SentAsync(string name)
    {
        var time = new ManualTime(Scenario.Received.Plus(TimeSpan.FromMinutes(10)).ToDateTimeOffset());
        var opik = await OpikStandIn.StartedAsync(time);
        await using var rig = new ForwardRig(new OpikKind(), opik.Config(), time);
        await rig.AddAsync(Scenarios.Get(name));
        await rig.DeliverAsync();
        Assert.Empty(rig.DeadLetters);
        Assert.Empty(opik.Problems);
        return opik;
    }
}
