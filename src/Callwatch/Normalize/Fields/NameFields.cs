using Callwatch.Normalize.Reading;
using Callwatch.Spans;
using static Callwatch.Normalize.Reading.FieldRule;

namespace Callwatch.Normalize.Fields;

/// <summary>What people see a span called (genai-attributes, section 3, end), and the feature a call serves (section 4.3).</summary>
internal static class NameFields
{
    private static readonly FieldRules Agent = [Attr("gen_ai.agent.name"), Attr("agent.name")];
    private static readonly FieldRules Tool = [Attr("gen_ai.tool.name"), Attr("callwatch.tool_name"), Attr("tool.name"), Attr("ai.toolCall.name"), Attr("traceloop.entity.name")];
    private static readonly FieldRules Entity = [Attr("traceloop.entity.name")];
    private static readonly FieldRules FunctionId = [Attr("ai.telemetry.functionId")];

    private static readonly FieldRules Feature =
    [
        Attr("ai.telemetry.functionId"), Attr("gen_ai.workflow.name"), Attr("traceloop.workflow.name"), Attr("langfuse.trace.name"),
        Attr("gen_ai.agent.name"), Attr("agent.name"),
    ];

    public static string Display(SpanFacts facts, SpanKind kind, string name) => kind switch
    {
        SpanKind.Agent => facts.Text(Agent) ?? facts.Text(Entity) ?? name,
        SpanKind.Tool => facts.Text(Tool) ?? name,
        SpanKind.Chain => facts.Text(Entity) ?? WithoutFunction(facts, name),
        _ => WithoutFunction(facts, name),
    };

    /// <summary>What the call is for: a function, a workflow, an agent, a prompt; else its own name.</summary>
    public static string Operation(SpanFacts facts, string? promptName, string displayName) => facts.Text(Feature) ?? promptName ?? displayName;

    // The AI SDK may name spans "<operation id> <function id>".
    private static string WithoutFunction(SpanFacts facts, string name) =>
        facts.Mentions(FunctionId) && facts.Text(FunctionId) is { } function && name.Length > function.Length + 1
        && name.EndsWith(function, StringComparison.Ordinal) && name[^(function.Length + 1)] == ' '
            ? name[..^(function.Length + 1)]
            : name;
}
