using Callwatch.Normalize.Reading;
using static Callwatch.Normalize.Reading.FieldRule;

namespace Callwatch.Normalize.Messages;

/// <summary>Where conversations stand, in the order in which they count (genai-attributes, section 7).</summary>
internal static class MessageSources
{
    public static readonly FieldRules InputMessages = [Attr("gen_ai.input.messages")];
    public static readonly FieldRules OutputMessages = [Attr("gen_ai.output.messages")];
    public static readonly FieldRules SystemInstructions = [Attr("gen_ai.system_instructions")];

    // Between these and the rest stand: messages told by events, then the indexed attributes.
    // Fields of business records come first: the record route writes them and nothing else.
    public static readonly FieldRules OtherInput =
    [
        Attr("callwatch.inputs"), Attr("callwatch.workflow_run_inputs"), Attr("callwatch.node_inputs"), Attr("callwatch.query"),
        Attr("ai.prompt.messages"), Attr("ai.prompt"), Attr("ai.values"), Attr("ai.value"), Attr("langfuse.observation.input"), Attr("gen_ai.prompt"),
        .. History, Attr("input.value"), Attr("traceloop.entity.input"), Attr("mlflow.spanInputs"), Attr("gcp.vertex.agent.llm_request"), Attr("genkit:input"),
    ];

    public static readonly FieldRules AiText = [Attr("ai.response.text"), Attr("ai.result.text")];
    public static readonly FieldRules AiToolCalls = [Attr("ai.response.toolCalls"), Attr("ai.result.toolCalls")];
    public static readonly FieldRules AiObject = [Attr("ai.response.object"), Attr("ai.result.object")];
    public static readonly FieldRules AiReasoning = [Attr("ai.response.reasoning")];
    public static readonly FieldRules AiResponse = [.. AiText, .. AiToolCalls, .. AiObject, .. AiReasoning];

    public static readonly FieldRules OtherOutput =
    [
        Attr("callwatch.outputs"), Attr("callwatch.workflow_run_outputs"), Attr("callwatch.node_outputs"), Attr("callwatch.suggested_question"),
        Attr("langfuse.observation.output"), Attr("gen_ai.completion"), .. History, Attr("final_result"), Attr("output.value"),
        Attr("traceloop.entity.output"), Attr("mlflow.spanOutputs"), Attr("gcp.vertex.agent.llm_response"), Attr("genkit:output"),
    ];

    /// <summary>True for an attribute that holds question and answer together (Pydantic AI).</summary>
    public static bool IsHistory(FieldRule rule) => Histories.Slots.Has(rule.Slot);

    private static FieldRule[] History => [Attr("pydantic_ai.all_messages"), Attr("all_messages_events"), Attr("events")];

    private static readonly FieldRules Histories = [.. History];
}
