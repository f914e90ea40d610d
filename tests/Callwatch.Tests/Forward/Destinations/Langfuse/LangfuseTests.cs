using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Langfuse;
using Callwatch.Testing;
using Callwatch.Testing.Scenarios;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Langfuse;

/// <summary>Every scenario through a real lane into Langfuse's stand-in, and what must be true of it there.</summary>
public sealed class LangfuseTests
{
    public static TheoryData<string> Names => [.. Scenarios.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_scenario_arrives_as_the_golden_requests_say(string name)
    {
        await using var langfuse = await SentAsync(name);
        Golden.Matches($"Callwatch.Tests/Forward/Destinations/Langfuse/golden/{name}.json", Sent.Text(langfuse.Requests));
    }

    [Theory]
    [InlineData("llm-message")]
    [InlineData("workflow")]
    [InlineData("chat-tools-cache")]
    [InlineData("record-workflow")]
    [InlineData("late-span")]
    [InlineData("feedback")]
    public async Task The_old_ingestion_takes_the_same_as_events(string name)
    {
        await using var langfuse = await SentAsync(name, ("ingestion", "legacy"));
        Golden.Matches($"Callwatch.Tests/Forward/Destinations/Langfuse/golden/legacy-{name}.json", Sent.Text(langfuse.Requests));
    }

    [Fact]
    public async Task A_call_has_model_parameters_tokens_cost_and_first_token()
    {
        await using var langfuse = await SentAsync("llm-message");
        var call = langfuse.Spans.Single(span => span.Text("langfuse.observation.type") == "generation");
        Assert.Equal("gpt-4o-mini-2024-07-18", call.Text("langfuse.observation.model.name"));
        Assert.Equal(0.2, (double)JsonNode.Parse(call.Text("langfuse.observation.model.parameters")!)!["temperature"]!);
        Assert.Equal("""{"input":57,"output":23,"total":80}""", call.Text("langfuse.observation.usage_details"));
        Assert.True((decimal)JsonNode.Parse(call.Text("langfuse.observation.cost_details")!)!["total"]! > 0);
        Assert.Equal("2026-09-17T12:00:00.450Z", call.Text("langfuse.observation.completion_start_time"));
        Assert.Equal("one-word", call.Text("langfuse.observation.prompt.name"));
        Assert.Equal(3L, call.Attributes.Find("langfuse.observation.prompt.version"));
    }

    [Fact]
    public async Task Cached_and_reasoning_tokens_stand_in_one_key_each_and_add_up()
    {
        await using var langfuse = await SentAsync("chat-tools-cache");
        var usage = JsonNode.Parse(langfuse.Spans.Single(span => span.SpanId.Value == 0x33).Text("langfuse.observation.usage_details")!)!.AsObject();
        Assert.Equal("""{"input":108,"input_cached_tokens":1152,"output":26,"output_reasoning_tokens":64,"total":1350}""", usage.ToJsonString());
    }

    [Fact]
    public async Task A_node_and_the_call_made_of_its_usage_are_one_generation()
    {
        await using var langfuse = await SentAsync("record-workflow");
        var node = langfuse.Spans.Single(span => span.Name == "Draft answer");
        Assert.Equal("generation", node.Text("langfuse.observation.type"));
        Assert.Equal("gpt-4o-mini", node.Text("langfuse.observation.model.name"));
        Assert.Equal("llm", node.Text("langfuse.observation.metadata.node_type"));
        Assert.DoesNotContain(langfuse.Spans, span => span.Name == "llm");
        var loop = langfuse.Spans.Single(span => span.Name == "Each parcel");
        Assert.All(langfuse.Spans.Where(span => span.Name == "Weigh parcel"), span => Assert.Equal(loop.SpanId, span.ParentSpanId));
        Assert.Equal("SMTP 550 mailbox unavailable", langfuse.Spans.Single(span => span.Name == "Send mail").Text("langfuse.observation.status_message"));
    }

    [Fact]
    public async Task Flagged_moderation_is_a_warning_of_a_guardrail()
    {
        await using var langfuse = await SentAsync("record-moderation");
        var guardrail = langfuse.Spans.Single(span => span.Text("langfuse.observation.type") == "guardrail");
        Assert.Equal("WARNING", guardrail.Text("langfuse.observation.level"));
        Assert.Equal("""{"flagged":true,"action":"direct_output","preset_response":"I cannot."}""", guardrail.Text("langfuse.observation.output"));
    }

    [Fact]
    public async Task Feedback_on_a_message_is_a_score_of_its_trace_and_the_same_one_when_sent_again()
    {
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        await using var rig = new ForwardRig(new LangfuseKind(), langfuse.Config());
        await rig.AddAsync(Scenarios.Get("feedback"));
        await rig.DeliverAsync();
        rig.CrashBack();
        await rig.DeliverAsync();
        var score = Assert.Single(langfuse.Scores.Values);
        Assert.Equal("user", (string?)score["name"]);
        Assert.Equal(1, (double)score["value"]!);
        Assert.Equal("That helped.", (string?)score["comment"]);
        Assert.Null(score["observationId"]);
    }

    [Fact]
    public async Task A_root_that_comes_last_names_the_trace()
    {
        await using var langfuse = await SentAsync("root-last");
        var root = langfuse.Spans.Single(span => span.ParentSpanId.IsNone);
        Assert.Equal(("write-story", "write-story"), (root.Name, root.Text("langfuse.trace.name")));
        Assert.Equal(root.SpanId, langfuse.Spans.Single(span => !span.ParentSpanId.IsNone).ParentSpanId);
    }

    [Fact]
    public async Task A_crash_between_answer_and_cursor_leaves_one_row_of_each_span()
    {
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        langfuse.MayBeNamedLate = true;
        await using var rig = new ForwardRig(new LangfuseKind(), langfuse.Config());
        await rig.AddAsync(Scenarios.All);
        await rig.DeliverAsync();
        var before = langfuse.Spans.Count;
        rig.CrashBack();
        await rig.DeliverAsync();
        Assert.Equal(before, langfuse.Spans.Count);
        Assert.Empty(langfuse.Problems);
    }

    private static async Task<LangfuseStandIn> SentAsync(string name, params (string, JsonNode?)[] config)
    {
        var langfuse = await LangfuseStandIn.StartedAsync();
        langfuse.MayBeNamedLate = name == "root-last";
        await using var rig = new ForwardRig(new LangfuseKind(), langfuse.Config(config));
        await rig.AddAsync(Scenarios.Get(name));
        await rig.DeliverAsync();
        Assert.Empty(rig.DeadLetters);
        Assert.Empty(langfuse.Problems);
        return langfuse;
    }
}
