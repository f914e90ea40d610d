using System.Text;
using Callwatch.Forward.Destinations.Langfuse;
using Callwatch.Forward.Destinations.Opik;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.Records;
using Callwatch.Testing;
using Callwatch.Testing.Scenarios;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations;

/// <summary>The eight business traces as people send them (<c>POST /api/v1/traces</c>), through to the platforms.</summary>
public sealed class RecordRouteTests
{
    private const string MessageId = "0192f0c1-a2b3-7c4d-8e5f-60718293aa01";
    private const string RunId = "0192f0c1-a2b3-7c4d-8e5f-60718293aa02";
    private const string Times = "\"start_time\":\"2026-09-17T12:00:00Z\",\"end_time\":\"2026-09-17T12:00:02Z\"";

    private static readonly string Records = """
        [{"type":"message","message_id":"MESSAGE","conversation_id":"conv-7",TIMES,"conversation_mode":"advanced-chat","inputs":[{"role":"user","text":"Weather in Paris?"}],"outputs":"18 degrees.",
          "model":"gpt-4o-mini","provider":"openai","usage":{"input_tokens":14,"output_tokens":2,"cache_read_tokens":4},"cost_usd":0.000003,"ttft_ms":350,"streaming":true,
          "user_id":"user-42","tags":["faq"],"metadata":{"plan":"pro"},"message_data":{"query":"Weather in Paris?"},"from_source":"api"},
         {"type":"workflow","workflow_run_id":"RUN","message_id":"MESSAGE","conversation_id":"conv-7",TIMES,"workflow_run_inputs":{"query":"Weather"},"workflow_run_outputs":{"answer":"18"},"workflow_run_version":"7","error":"node 'Send mail' failed",
          "nodes":[{"node_execution_id":"n1","node_type":"llm","title":"Draft answer",TIMES,"node_inputs":{"prompt":"weather"},"node_outputs":{"text":"sunny"},"model_name":"gpt-4o-mini","model_provider":"openai","prompt_tokens":20,"completion_tokens":30},
                   {"node_execution_id":"n2","node_type":"loop","title":"Each parcel",TIMES},
                   {"node_execution_id":"n3","parent_node_execution_id":"n2","node_type":"tool","title":"Weigh parcel","tool_name":"scale",TIMES,"node_inputs":{"parcel":1}},
                   {"node_execution_id":"n4","node_type":"http-request","title":"Send mail",TIMES,"status":"failed","error":"SMTP 550"}]},
         {"type":"tool","tool_name":"get_weather","message_id":"MESSAGE","conversation_id":"conv-7",TIMES,"tool_inputs":{"city":"Paris"},"tool_outputs":"{\"temp\":18}"},
         {"type":"moderation","message_id":"MESSAGE","conversation_id":"conv-7",TIMES,"flagged":true,"action":"overridden","preset_response":"No.","query":"Weather in Paris?","inputs":{"topic":"weather"}},
         {"type":"suggested_question","message_id":"MESSAGE","conversation_id":"conv-7",TIMES,"inputs":"Weather in Paris?","suggested_question":["And in Lyon?"],"usage":{"input_tokens":9,"output_tokens":3},"model":"gpt-4o-mini"},
         {"type":"dataset_retrieval","message_id":"MESSAGE","conversation_id":"conv-7",TIMES,"query":"Weather","documents":[{"page_content":"Sunny.","metadata":{"document_id":"d1","score":0.9}}]},
         {"type":"generate_conversation_name","conversation_id":"conv-7",TIMES,"inputs":"Weather in Paris?","outputs":"Weather","model":"gpt-4o-mini","usage":{"input_tokens":5,"output_tokens":1}},
         {"type":"conversation","conversation_id":"conv-7",TIMES,"outputs":"One question."}]
        """.Replace("MESSAGE", MessageId, StringComparison.Ordinal).Replace("RUN", RunId, StringComparison.Ordinal).Replace("TIMES", Times, StringComparison.Ordinal);

    [Fact]
    public async Task They_arrive_at_langfuse_as_its_own_clients_would_show_them()
    {
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        await using var rig = new ForwardRig(new LangfuseKind(), langfuse.Config());
        await rig.AddAsync(Scenario());
        await rig.DeliverAsync();
        Assert.Empty(rig.DeadLetters);
        Assert.Empty(langfuse.Problems);
        var types = langfuse.Spans.ToLookup(span => span.Name, span => span.Text("langfuse.observation.type"));
        Assert.Equal("chain", types["message"].Single());
        Assert.Equal("generation", types["llm"].Single());
        Assert.Equal("chain", types["workflow"].Single());
        Assert.Equal("generation", types["Draft answer"].Single());
        Assert.Equal("tool", types["get_weather"].Single());
        Assert.Equal("guardrail", types["moderation"].Single());
        Assert.Equal("generation", types["suggested_question"].Single());
        Assert.Equal("retriever", types["dataset_retrieval"].Single());
        Assert.Equal("generation", types["generate_conversation_name"].Single());
        var message = langfuse.Spans.Single(span => span.Name == "message");
        Assert.Equal(("user-42", "conv-7"), (message.Text("user.id"), message.Text("session.id")));
        Assert.Equal(["message", "advanced-chat", "workflow", "faq"], ((List<object>)message.Attributes.Find("langfuse.trace.tags")!).Cast<string>());
        Assert.Equal("pro", message.Text("langfuse.trace.metadata.plan"));
        Assert.False(message.Attributes.Has("langfuse.observation.metadata.message_data"));
        Assert.Equal("""[{"role":"user","content":"Weather in Paris?"}]""", message.Text("langfuse.observation.input"));
        Assert.Equal("18 degrees.", message.Text("langfuse.observation.output"));
        Assert.Equal("""{"input":10,"input_cached_tokens":4,"output":2,"total":16}""", langfuse.Spans.Single(span => span.Name == "llm").Text("langfuse.observation.usage_details"));
        Assert.Equal("SMTP 550", langfuse.Spans.Single(span => span.Name == "Send mail").Text("langfuse.observation.status_message"));
        Assert.Equal("""["And in Lyon?"]""", langfuse.Spans.Single(span => span.Name == "suggested_question").Text("langfuse.observation.output"));
        Assert.Equal(langfuse.Spans.Single(span => span.Name == "Each parcel").SpanId, langfuse.Spans.Single(span => span.Name is "Weigh parcel" or "scale").ParentSpanId);
    }

    [Fact]
    public async Task They_arrive_at_opik_as_its_own_clients_would_show_them()
    {
        var time = new ManualTime(Testing.Scenarios.Scenario.Received.Plus(TimeSpan.FromMinutes(10)).ToDateTimeOffset());
        await using var opik = await OpikStandIn.StartedAsync(time);
        await using var rig = new ForwardRig(new OpikKind(), opik.Config(), time);
        await rig.AddAsync(Scenario());
        await rig.DeliverAsync();
        Assert.Empty(rig.DeadLetters);
        Assert.Empty(opik.Problems);
        Assert.Equal(["conversation", "generate_conversation_name", "message"], opik.Traces.Values.Select(trace => (string)trace["name"]!).Order());
        var types = opik.Spans.Values.ToLookup(span => (string)span["name"]!, span => (string)span["type"]!);
        Assert.Equal(("llm", "general", "llm", "tool", "guardrail", "llm", "tool", "llm"), (
            types["llm"].Single(), types["workflow"].Single(), types["Draft answer"].Single(), types["get_weather"].Single(), types["moderation"].Single(),
            types["suggested_question"].Single(), types["dataset_retrieval"].Single(), types["generate_conversation_name"].Single()));
        Assert.All(opik.Traces.Values, trace => Assert.Equal("conv-7", (string?)trace["thread_id"]));
        var message = opik.Traces.Values.Single(trace => (string?)trace["name"] == "message");
        Assert.Equal((350, "user-42"), ((int)(double)message["ttft"]!, (string?)message["metadata"]!["user_id"]));
        Assert.Equal("18", (string?)opik.Spans.Values.Single(span => (string?)span["name"] == "workflow")["output"]!["answer"]);
        Assert.Equal("SMTP 550", (string?)opik.Spans.Values.Single(span => (string?)span["name"] == "Send mail")["error_info"]!["message"]);
    }

    [Fact]
    public async Task They_arrive_at_langsmith_as_its_own_clients_would_show_them()
    {
        await using var there = await LangSmith.LangSmithRig.StartAsync();
        await there.Rig.AddAsync(Scenario());
        await there.Rig.DeliverAsync();
        Assert.Empty(there.Rig.DeadLetters);
        var types = there.StandIn.Runs.Values.ToLookup(run => (string)run["name"]!, run => (string)run["run_type"]!);
        Assert.Equal(("chain", "llm", "chain", "llm", "chain", "tool", "tool"), (
            types["message"].Single(), types["llm"].Single(), types["workflow"].Single(), types["Draft answer"].Single(), types["Each parcel"].Single(), types["Send mail"].Single(), types["get_weather"].Single()));
        Assert.Equal(("chain", "llm", "retriever", "llm"), (
            types["moderation"].Single(), types["suggested_question"].Single(), types["dataset_retrieval"].Single(), types["generate_conversation_name"].Single()));
        Assert.Empty(types["conversation"]);
        Assert.All(there.StandIn.Runs.Values, run => Assert.Equal("conv-7", (string?)run["extra"]!["metadata"]!["session_id"]));
        Assert.Equal(MessageId, (string?)there.StandIn.Named("message")["id"]);
        Assert.Equal(["faq", "message", "advanced-chat"], there.StandIn.Named("message")["tags"]!.AsArray().Select(tag => (string)tag!));
        Assert.Equal("Weather in Paris?", (string?)there.StandIn.Named("message")["inputs"]!["messages"]![0]!["content"]);
        Assert.Equal("SMTP 550", (string?)there.StandIn.Named("Send mail")["error"]);
        Assert.Equal("Sunny.", (string?)there.StandIn.Named("dataset_retrieval")["outputs"]!["documents"]![0]!["page_content"]);
        Assert.Equal(4, there.StandIn.Runs.Values.Count(run => run["outputs"]?["usage_metadata"] is not null));
    }

    [Fact]
    public async Task They_arrive_at_weave_as_its_own_clients_would_show_them()
    {
        await using var there = await Weave.WeaveRig.StartAsync();
        await there.Rig.AddAsync(Scenario());
        await there.Rig.DeliverAsync();
        Assert.Empty(there.Rig.DeadLetters);
        Assert.Equal(
            ["dataset_retrieval", "generate_conversation_name", "get_weather", "http-request", "llm", "llm", "loop", "message", "moderation", "suggested_question", "tool", "workflow"],
            there.StandIn.Calls.Values.Select(call => (string)call["op_name"]!).Order(StringComparer.Ordinal));
        Assert.All(there.StandIn.Calls.Values, call => Assert.Equal("conv-7", (string?)call["thread_id"]));
        var message = there.StandIn.Named("message");
        Assert.Equal(message["id"]!.ToString(), (string?)message["turn_id"]);
        Assert.Equal("pro", (string?)message["attributes"]!["plan"]);
        Assert.Equal(14, (int)there.StandIn.Named("llm")["summary"]!["usage"]!["gpt-4o-mini"]!["prompt_tokens"]!);
        Assert.Equal("SMTP 550", (string?)there.StandIn.Named("Send mail")["exception"]);
        Assert.Equal("And in Lyon?", (string?)there.StandIn.Named("suggested_question")["output"]![0]);
        Assert.Equal(4, there.StandIn.Calls.Values.Count(call => call["summary"]!["usage"] is not null));
    }

    private static Scenario Scenario()
    {
        using var buffer = new PayloadBuffer(budget: null, maxBytes: 1 << 20);
        var batch = new RecordBatch(Testing.Scenarios.Scenario.TenantId, new RecordHints(null, null, null), mostSpans: 100, mostNesting: 64);
        Assert.Null(batch.Write(Encoding.UTF8.GetBytes(Records), buffer));
        Assert.Empty(batch.Refused);
        return new Scenario("records-as-sent", [buffer.Written.ToArray()]);
    }
}
