using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Callwatch.Spans;

namespace Callwatch.Testing.Scenarios;

/// <summary>The eight business traces, as the OTLP they become at the door: <c>callwatch.kind</c>, GenAI names where there are any, else <c>callwatch.*</c>.</summary>
public static class RecordScenarios
{
    private const string MessageId = "0192f0c1-a2b3-7c4d-8e5f-60718293a4b5";
    private const string OfTool = "0192f0c1-a2b3-7c4d-8e5f-60718293a4b8";
    private const string OfModeration = "0192f0c1-a2b3-7c4d-8e5f-60718293a4b9";
    private const string OfQuestions = "0192f0c1-a2b3-7c4d-8e5f-60718293a4ba";
    private const string OfRetrieval = "0192f0c1-a2b3-7c4d-8e5f-60718293a4bb";
    private const string InChat = "0192f0c1-a2b3-7c4d-8e5f-60718293a4b6";
    private const string RunId = "0192f0c1-b000-7c4d-8e5f-60718293a4b7";

    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("record-message", [Scenarios.Of(
            Message(MessageId, "What is the capital of France?", "Paris.").At(0, 1_500),
            Llm(MessageId, "message", MessageId, "What is the capital of France?", "Paris.").At(100, 1_300))]),
        new("record-workflow", [Workflow()]),
        new("record-tool", [Scenarios.Of(
            Message(OfTool, "Weather in Paris?", "18 degrees.").At(0, 1_500),
            Record("tool", OfTool, "get_weather@200", "get_weather", under: ("message", OfTool)).At(200, 300).With(
                ("gen_ai.tool.name", "get_weather"), ("gen_ai.tool.call.arguments", """{"city":"Paris"}"""), ("gen_ai.tool.call.result", """{"temp":18}"""),
                ("callwatch.tool_config", """{"provider":"weather"}"""), ("callwatch.time_cost", 0.3)),
            Record("tool", OfTool, "send_mail@600", "send_mail", under: ("message", OfTool)).At(600, 200).Status(2, "SMTP 550 mailbox unavailable").With(
                ("gen_ai.tool.name", "send_mail"), ("gen_ai.tool.call.arguments", """{"to":"a@example.com"}"""), ("error.type", "SmtpError")))]),
        new("record-moderation", [Scenarios.Of(
            Message(OfModeration, "Tell me a secret.", "I cannot.").At(0, 1_500),
            Record("moderation", OfModeration, "mod-1", "moderation", under: ("message", OfModeration)).At(10, 90).With(
                ("callwatch.flagged", true), ("callwatch.action", "direct_output"), ("callwatch.preset_response", "I cannot."),
                ("callwatch.query", "Tell me a secret."), ("callwatch.inputs", """{"topic":"secrets"}""")))]),
        new("record-suggested-question", [Scenarios.Of(
            Message(OfQuestions, "What is the capital of France?", "Paris.").At(0, 1_500),
            Record("suggested_question", OfQuestions, "sq-1", "suggested_question", under: ("message", OfQuestions)).At(1_600, 400).With(
                ("callwatch.inputs", "What is the capital of France?"), ("callwatch.suggested_question", """["How large is Paris?","What is its river?"]"""), ("callwatch.status", "normal")),
            Llm(OfQuestions, "suggested_question", "sq-1", "Suggest questions.", "How large is Paris?").At(1_600, 400))]),
        new("record-dataset-retrieval", [Scenarios.Of(
            Message(OfRetrieval, "How long is delivery?", "Two days.").At(0, 1_500),
            Record("retrieval", OfRetrieval, "ret-1", "dataset_retrieval", under: ("message", OfRetrieval)).At(50, 150).With(
                ("gen_ai.retrieval.query.text", "How long is delivery?"),
                ("gen_ai.retrieval.documents", """[{"page_content":"Two days within France.","metadata":{"dataset_id":"ds-1","document_id":"doc-1","score":0.91}}]""")))]),
        new("record-conversation-name", [Scenarios.Of(
            Record("generate_conversation_name", "conv-7/generate_conversation_name", "name-1", "generate_conversation_name").At(2_000, 500).With(
                ("callwatch.inputs", "What is the capital of France?"), ("callwatch.outputs", "French geography")),
            Llm("conv-7/generate_conversation_name", "generate_conversation_name", "name-1", "What is the capital of France?", "French geography").At(2_000, 500))]),
        new("record-conversation", [Scenarios.Of(
            Record("conversation", "conv-7/conversation", Scenarios.Session, "conversation").At(0, 600_000).With(
                ("callwatch.message_count", 4), ("callwatch.outputs", "The user asked about France."), ("callwatch.status", "normal")))]),
    ];

    /// <summary>The span of a message record.</summary>
    public static SpanBuilder Message(string messageId, string question, string answer) => Record("message", messageId, messageId, "message").With(
        ("callwatch.message_id", messageId), ("callwatch.conversation_mode", "chat"), ("callwatch.inputs", question), ("callwatch.outputs", answer),
        ("callwatch.status", "normal"), ("callwatch.from_source", "api"), ("metadata.plan", "pro"));

    /// <summary>The call that is made of a record's usage.</summary>
    public static SpanBuilder Llm(string traceKey, string type, string ownId, string question, string answer) => Record("chat", traceKey, type + "/" + ownId + "/llm", "llm", under: (type, ownId)).Kind(3).With(
        ("callwatch.call_source", "synthetic"), ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt-4o-mini"),
        ("gen_ai.usage.input_tokens", 14), ("gen_ai.usage.cache_read.input_tokens", 4), ("gen_ai.usage.output_tokens", 2), ("gen_ai.usage.cost", 0.000003),
        ("gen_ai.request.temperature", 0.2), ("gen_ai.request.stream", true), ("gen_ai.response.time_to_first_chunk", 0.35),
        ("gen_ai.input.messages", $$"""[{"role":"user","parts":[{"type":"text","content":"{{question}}"}]}]"""),
        ("gen_ai.output.messages", $$"""[{"role":"assistant","parts":[{"type":"text","content":"{{answer}}"}],"finish_reason":"stop"}]"""));

    // A UUID gives its 16 bytes, anything else the hash's (architecture, section 3.2).
    internal static TraceId TraceOf(string key)
    {
        var bytes = Guid.TryParse(key, out var uuid) ? uuid.ToByteArray(bigEndian: true) : SHA256.HashData(Encoding.UTF8.GetBytes("1\n" + key))[..16];
        return TraceId.TryRead(bytes, out var trace) ? trace : default;
    }

    private static ulong SpanOf(string key, string type, string ownId) => BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{key}\n{type}\n{ownId}")));

    private static SpanBuilder Record(string kind, string key, string ownId, string name, (string Type, string OwnId)? under = null) => A.Span(name)
        .Trace(TraceOf(key)).Id(SpanOf(key, kind, ownId), under is { } above ? SpanOf(key, above.Type, above.OwnId) : 0)
        .With(("callwatch.kind", kind), ("user.id", Scenarios.User), ("gen_ai.conversation.id", Scenarios.Session));

    // In a chat: the run beneath its message, the nodes beneath the run, those of the loop beneath the loop.
    private static byte[] Workflow() => Scenarios.Of(
        Message(InChat, "Weather and a mail, please.", "18 degrees; the mail failed.").At(0, 3_200).With(("callwatch.workflow_run_id", RunId)),
        Record("workflow", InChat, RunId, "workflow", under: ("message", InChat)).At(100, 3_000).Status(2, "node 'Send mail' failed").With(
            ("callwatch.workflow_id", "wf-1"), ("callwatch.workflow_run_id", RunId), ("callwatch.workflow_run_version", "2025-11-01"), ("callwatch.workflow_run_status", "failed"),
            ("callwatch.workflow_run_inputs", """{"query":"Weather and a mail, please.","sys.user_id":"user-42"}"""), ("callwatch.workflow_run_outputs", """{"answer":"18 degrees; the mail failed."}"""),
            ("callwatch.total_tokens", 50), ("callwatch.triggered_from", "app-run")),
        Node("llm-1", "llm", "Draft answer", "{\"prompt\":\"weather\"}", "{\"text\":\"It is sunny.\"}").At(150, 900),
        Llm(InChat, "node", "llm-1", "weather", "It is sunny.").At(150, 900),
        Node("kr-1", "knowledge-retrieval", "Find terms", "{\"query\":\"terms\"}", "{\"result\":[{\"content\":\"Two days.\"}]}").At(1_100, 200),
        Node("tool-1", "tool", "Get weather", "{\"city\":\"Paris\"}", "{\"temp\":18}").At(1_300, 300).With("callwatch.tool_name", "get_weather"),
        Node("loop-1", "loop", "Each parcel", "{\"items\":[1,2]}", "{\"done\":2}").At(1_600, 800),
        Node("code-1", "code", "Weigh parcel", "{\"parcel\":1}", "{\"grams\":400}", under: "loop-1").At(1_650, 300).With(("callwatch.loop_id", "loop-1"), ("callwatch.loop_index", 0)),
        Node("code-2", "code", "Weigh parcel", "{\"parcel\":2}", "{\"grams\":900}", under: "loop-1").At(2_000, 300).With(("callwatch.loop_id", "loop-1"), ("callwatch.loop_index", 1)),
        Node("http-1", "http-request", "Send mail", "{\"to\":\"a@example.com\"}", null).At(2_500, 500).Status(2, "SMTP 550 mailbox unavailable").With("error.type", "SmtpError"));

    private static SpanBuilder Node(string id, string type, string title, string inputs, string? outputs, string? under = null)
    {
        var node = Record("node", InChat, id, title, under: under is null ? ("workflow", RunId) : ("node", under)).With(
            ("callwatch.node_execution_id", id), ("callwatch.node_type", type), ("callwatch.title", title), ("callwatch.node_inputs", inputs), ("callwatch.workflow_run_id", RunId));
        return outputs is null ? node : node.With("callwatch.node_outputs", outputs);
    }
}
