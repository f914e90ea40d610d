using Callwatch.Normalize.Reading;
using static Callwatch.Normalize.Reading.FieldRule;

namespace Callwatch.Normalize.Fields;

/// <summary>The managed prompt a call was made with (genai-attributes, section 4.3).</summary>
internal static class PromptFields
{
    private static readonly FieldRules PromptName =
    [
        Attr("langfuse.observation.prompt.name"), Attr("gen_ai.prompt.name"), Attr("prompt.id"), Json("mlflow.linkedPrompts", "[0]", "name"),
        Json("ai.telemetry.metadata.langfusePrompt", "name"), Attr("traceloop.prompt.key"),
    ];

    private static readonly FieldRules PromptVersion =
    [
        Attr("langfuse.observation.prompt.version"), Attr("gen_ai.prompt.version"), Json("mlflow.linkedPrompts", "[0]", "version"),
        Json("ai.telemetry.metadata.langfusePrompt", "version"), Attr("llm.prompt_template.version"), Attr("traceloop.prompt.version"),
    ];

    public static string? Name(SpanFacts facts) => facts.Text(PromptName);

    public static string? Version(SpanFacts facts) => facts.Text(PromptVersion);
}
