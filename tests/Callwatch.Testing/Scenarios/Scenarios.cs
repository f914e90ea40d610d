namespace Callwatch.Testing.Scenarios;

/// <summary>
/// What every platform must show well. Times are those of <see cref="A.Noon"/>, which is also when <see cref="ManualTime"/> begins;
/// the ids are the same on every run.
/// </summary>
public static class Scenarios
{
    public const string User = "user-42";
    public const string Session = "conv-7";

    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("llm-message", [LlmMessage()]),
        new("workflow", [Workflow()]),
        new("chat-tools-cache", [ChatToolsCache()]),
        new("error", [Error()]),
        new("embedding", [Embedding()]),
        .. RecordScenarios.All,
        new("late-span", [LateSpan(first: true), LateSpan(first: false)]),
        new("root-last", [RootLast(first: true), RootLast(first: false)]),
        new("feedback", [Feedback()]),
    ];

    public static IEnumerable<string> Names => All.Select(scenario => scenario.Name);

    public static Scenario Get(string name) => All.FirstOrDefault(scenario => scenario.Name == name) ?? throw new ArgumentException("There is no scenario " + name, nameof(name));

    /// <summary>A request of the app whose traces these are.</summary>
    internal static byte[] Of(params SpanBuilder[] spans) => A.Resource(
            Scenario.App, ("service.version", "2.4.0"), ("deployment.environment.name", "production")).Scope("shop.llm", "1.2.0").Holding(spans).Traces();

    internal static SpanBuilder Chat(string model, string question, string answer, long input, long output) => A.Span("chat " + model).Kind(3).With(
        ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", model), ("gen_ai.response.model", model + "-2024-07-18"),
        ("gen_ai.response.id", "chatcmpl-" + answer.Length), ("gen_ai.response.finish_reasons", new[] { "stop" }),
        ("gen_ai.usage.input_tokens", input), ("gen_ai.usage.output_tokens", output),
        ("gen_ai.input.messages", $$"""[{"role":"user","parts":[{"type":"text","content":"{{question}}"}]}]"""),
        ("gen_ai.output.messages", $$"""[{"role":"assistant","parts":[{"type":"text","content":"{{answer}}"}],"finish_reason":"stop"}]"""));

    // A call with everything a call can have, beneath the function that made it.
    private static byte[] LlmMessage() => Of(
        A.Span("answer-question").Trace(101).Id(0x10).At(0, 1_500).With(
            ("gen_ai.operation.name", "invoke_workflow"), ("input.value", "What is the capital of France?"), ("output.value", "Paris."),
            ("user.id", User), ("session.id", Session), ("tag.tags", new[] { "faq", "eu" }), ("metadata.plan", "pro"), ("metadata.seats", 12)),
        Chat("gpt-4o-mini", "What is the capital of France?", "Paris.", 57, 23).Trace(101).Id(0x11, under: 0x10).At(100, 1_300).With(
            ("gen_ai.system_instructions", """[{"type":"text","content":"Answer in one word."}]"""),
            ("gen_ai.request.temperature", 0.2), ("gen_ai.request.top_p", 0.9), ("gen_ai.request.max_tokens", 100), ("gen_ai.request.seed", 7),
            ("gen_ai.request.stop_sequences", new[] { "END" }), ("gen_ai.request.stream", true), ("gen_ai.response.time_to_first_chunk", 0.35),
            ("gen_ai.prompt.name", "one-word"), ("gen_ai.prompt.version", "3"), ("server.address", "api.openai.com")));

    // A model, a tool, a retrieval, a node that fails, and a loop with two rounds.
    private static byte[] Workflow() => Of(
        A.Span("order-workflow").Trace(102).Id(0x20).At(0, 3_000).Status(2, "node 'Send mail' failed").With(
            ("gen_ai.operation.name", "invoke_workflow"), ("gen_ai.workflow.name", "order-workflow"), ("user.id", User), ("session.id", Session),
            ("input.value", """{"order":"A-17","language":"en"}"""), ("error.type", "NodeFailed"), ("tag.tags", new[] { "workflow" })),
        Chat("gpt-4o-mini", "Where is order A-17?", "I will look it up.", 20, 30).Trace(102).Id(0x21, under: 0x20).At(100, 900),
        A.Span("execute_tool lookup_order").Trace(102).Id(0x22, under: 0x20).At(1_000, 200).With(
            ("gen_ai.operation.name", "execute_tool"), ("gen_ai.tool.name", "lookup_order"), ("gen_ai.tool.call.id", "call_1"),
            ("gen_ai.tool.call.arguments", """{"order":"A-17"}"""), ("gen_ai.tool.call.result", """{"state":"shipped","city":"Lyon"}""")),
        A.Span("search terms").Trace(102).Id(0x23, under: 0x20).At(1_200, 150).With(
            ("gen_ai.operation.name", "retrieval"), ("gen_ai.retrieval.query.text", "delivery times"),
            ("gen_ai.retrieval.documents", """[{"id":"doc-1","content":"Two days within France.","score":0.91,"metadata":{"source":"terms.md"}},{"id":"doc-2","content":"Five days abroad.","score":0.55}]""")),
        A.Span("Each parcel").Trace(102).Id(0x24, under: 0x20).At(1_400, 1_000).With(("traceloop.span.kind", "task"), ("traceloop.entity.name", "Each parcel")),
        A.Span("Round 1").Trace(102).Id(0x25, under: 0x24).At(1_400, 500).With(("traceloop.span.kind", "task"), ("traceloop.entity.name", "Round 1")),
        Chat("gpt-4o-mini", "Describe parcel 1.", "A book.", 11, 4).Trace(102).Id(0x26, under: 0x25).At(1_450, 400),
        A.Span("Round 2").Trace(102).Id(0x27, under: 0x24).At(1_900, 500).With(("traceloop.span.kind", "task"), ("traceloop.entity.name", "Round 2")),
        Chat("gpt-4o-mini", "Describe parcel 2.", "A lamp.", 11, 4).Trace(102).Id(0x28, under: 0x27).At(1_950, 400),
        A.Span("Send mail").Trace(102).Id(0x29, under: 0x20).At(2_500, 500).Status(2, "SMTP 550 mailbox unavailable").With(
                ("traceloop.span.kind", "task"), ("traceloop.entity.name", "Send mail"), ("input.value", """{"to":"a@example.com"}"""))
            .EventAt(3_000, "exception", ("exception.type", "SmtpError"), ("exception.message", "SMTP 550 mailbox unavailable"), ("exception.stacktrace", "SmtpError: SMTP 550\n  at Mailer.Send()")));

    // An agent: a call that asks for a tool, the tool, a call that answers from the cache for most of its input.
    private static byte[] ChatToolsCache() => Of(
        A.Span("invoke_agent concierge").Trace(103).Id(0x30).At(0, 4_000).With(
            ("gen_ai.operation.name", "invoke_agent"), ("gen_ai.agent.name", "concierge"), ("user.id", User), ("gen_ai.conversation.id", Session)),
        A.Span("chat gpt-4o").Kind(3).Trace(103).Id(0x31, under: 0x30).At(10, 1_000).With(
            ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt-4o"), ("gen_ai.response.model", "gpt-4o-2024-11-20"),
            ("gen_ai.response.finish_reasons", new[] { "tool_calls" }), ("gen_ai.usage.input_tokens", 1_200), ("gen_ai.usage.output_tokens", 25),
            ("gen_ai.tool.definitions", """[{"type":"function","function":{"name":"get_weather","description":"Weather of a city","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}]"""),
            ("gen_ai.input.messages", """[{"role":"system","parts":[{"type":"text","content":"You help guests."}]},{"role":"user","parts":[{"type":"text","content":"Weather in Paris?"}]}]"""),
            ("gen_ai.output.messages", """[{"role":"assistant","parts":[{"type":"tool_call","id":"call_w","name":"get_weather","arguments":{"city":"Paris"}}],"finish_reason":"tool_call"}]""")),
        A.Span("execute_tool get_weather").Trace(103).Id(0x32, under: 0x30).At(1_100, 300).With(
            ("gen_ai.operation.name", "execute_tool"), ("gen_ai.tool.name", "get_weather"), ("gen_ai.tool.call.id", "call_w"),
            ("gen_ai.tool.call.arguments", """{"city":"Paris"}"""), ("gen_ai.tool.call.result", "18 °C, sunny")),
        A.Span("chat gpt-4o").Kind(3).Trace(103).Id(0x33, under: 0x30).At(1_500, 2_000).With(
            ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt-4o"), ("gen_ai.response.model", "gpt-4o-2024-11-20"),
            ("gen_ai.response.finish_reasons", new[] { "stop" }), ("gen_ai.usage.input_tokens", 1_260), ("gen_ai.usage.cache_read.input_tokens", 1_152),
            ("gen_ai.usage.output_tokens", 90), ("gen_ai.usage.reasoning.output_tokens", 64), ("gen_ai.request.stream", true), ("gen_ai.response.time_to_first_chunk", 0.5),
            ("gen_ai.input.messages", """[{"role":"system","parts":[{"type":"text","content":"You help guests."}]},{"role":"user","parts":[{"type":"text","content":"Weather in Paris?"}]},{"role":"assistant","parts":[{"type":"tool_call","id":"call_w","name":"get_weather","arguments":{"city":"Paris"}}]},{"role":"tool","parts":[{"type":"tool_call_response","id":"call_w","response":"18 °C, sunny"}]}]"""),
            ("gen_ai.output.messages", """[{"role":"assistant","parts":[{"type":"text","content":"It is sunny: 18 °C."}],"finish_reason":"stop"}]""")));

    private static byte[] Error() => Of(
        A.Span("chat gpt-4o-mini").Kind(3).Trace(104).Id(0x40).At(0, 250).Status(2, "Rate limit reached for gpt-4o-mini").With(
                ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt-4o-mini"), ("user.id", User),
                ("error.type", "RateLimitError"), ("http.response.status_code", 429),
                ("gen_ai.input.messages", """[{"role":"user","parts":[{"type":"text","content":"Too much?"}]}]"""))
            .EventAt(250, "exception", ("exception.type", "RateLimitError"), ("exception.message", "Rate limit reached for gpt-4o-mini"), ("exception.stacktrace", "RateLimitError: 429\n  at Client.Post()")));

    private static byte[] Embedding() => Of(
        A.Span("embeddings text-embedding-3-small").Kind(3).Trace(105).Id(0x50).At(0, 120).With(
            ("gen_ai.operation.name", "embeddings"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "text-embedding-3-small"),
            ("gen_ai.response.model", "text-embedding-3-small"), ("gen_ai.usage.input_tokens", 9), ("gen_ai.embeddings.dimension.count", 1_536),
            ("embedding.embeddings.0.embedding.text", "Does this arrive?"), ("embedding.embeddings.1.embedding.text", "And this?")));

    // The second part comes minutes after the first was settled and sent.
    private static byte[] LateSpan(bool first) => first
        ? Of(
            A.Span("answer-question").Trace(106).Id(0x60).At(0, 900).With(
                ("gen_ai.operation.name", "invoke_workflow"), ("input.value", "Hello"), ("output.value", "Hi."), ("user.id", User), ("session.id", Session), ("tag.tags", new[] { "faq" })),
            Chat("gpt-4o-mini", "Hello", "Hi.", 5, 2).Trace(106).Id(0x61, under: 0x60).At(50, 800))
        : Of(A.Span("execute_tool write_log").Trace(106).Id(0x62, under: 0x60).At(800, 50).With(
            ("gen_ai.operation.name", "execute_tool"), ("gen_ai.tool.name", "write_log"), ("gen_ai.tool.call.arguments", """{"line":"Hi."}"""), ("gen_ai.tool.call.result", "written")));

    private static byte[] RootLast(bool first) => first
        ? Of(Chat("gpt-4o-mini", "Write a long story.", "Once upon a time.", 6, 5).Trace(107).Id(0x71, under: 0x70).At(1_000, 60_000))
        : Of(A.Span("write-story").Trace(107).Id(0x70).At(0, 300_000).With(
            ("gen_ai.operation.name", "invoke_workflow"), ("input.value", "Write a long story."), ("output.value", "Once upon a time."), ("user.id", User), ("session.id", Session)));

    private static byte[] Feedback() => Of(
        RecordScenarios.Message("0192f0c1-a2b3-7c4d-8e5f-60718293a4c1", "How do I return a parcel?", "Use the label in the box.").At(0, 1_200)
            .EventAt(60_000, "gen_ai.evaluation.result", ("gen_ai.evaluation.name", "user"), ("gen_ai.evaluation.score.value", 1.0), ("gen_ai.evaluation.explanation", "That helped.")),
        RecordScenarios.Llm("0192f0c1-a2b3-7c4d-8e5f-60718293a4c1", "message", "0192f0c1-a2b3-7c4d-8e5f-60718293a4c1", "How do I return a parcel?", "Use the label in the box.").At(100, 1_000));
}
