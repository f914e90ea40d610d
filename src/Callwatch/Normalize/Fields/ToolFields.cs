using Callwatch.Normalize.Reading;
using static Callwatch.Normalize.Reading.FieldRule;

namespace Callwatch.Normalize.Fields;

/// <summary>What a tool was given and gave back, and the tools a model was offered (genai-attributes, section 7, end).</summary>
internal static class ToolFields
{
    public static readonly FieldRules Arguments =
    [
        Attr("gen_ai.tool.call.arguments"), Attr("tool.parameters"), Attr("ai.toolCall.args"), Attr("tool_arguments"), Attr("gcp.vertex.agent.tool_call_args"),
        Attr("input.value"), Attr("traceloop.entity.input"),
    ];

    public static readonly FieldRules Result =
    [
        Attr("gen_ai.tool.call.result"), Attr("ai.toolCall.result"), Attr("tool_response"), Attr("output.value"), Attr("traceloop.entity.output"),
    ];

    /// <summary>Lists of definitions; <c>llm.tools.N</c> and <c>llm.request.functions.N</c> stand between the second and the third.</summary>
    public static readonly FieldRules DefinitionsBefore = [Attr("gen_ai.tool.definitions"), Attr("ai.prompt.tools")];

    public static readonly FieldRules DefinitionsAfter =
    [
        Json("llm.invocation_parameters", "tools"), Attr("mlflow.chat.tools"), Json("input.value", "tools"), Json("langfuse.observation.input", "tools"),
        Json("gen_ai.prompt", "tools"),
    ];
}
