using System.Globalization;
using Callwatch.Normalize.Reading;
using Callwatch.Spans;
using static Callwatch.Normalize.Reading.FieldRule;

namespace Callwatch.Normalize.Fields;

/// <summary>What the caller asked for (genai-attributes, section 4.2).</summary>
internal static class ParameterFields
{
    private const string Invocation = "llm.invocation_parameters";
    private const string LangfuseParameters = "langfuse.observation.model.parameters";
    private const string LangSmithInvocation = "langsmith.metadata.ls_invocation_params";

    private static readonly FieldRules Temperature = [.. Parameter("temperature", "temperature"), .. AtLangSmith("temperature")];
    private static readonly FieldRules TopP = [.. Parameter("top_p", "topP"), .. AtLangSmith("top_p")];
    private static readonly FieldRules TopK = [.. Parameter("top_k", "topK"), .. AtLangSmith("top_k")];
    private static readonly FieldRules FrequencyPenalty = [.. Parameter("frequency_penalty", "frequencyPenalty"), .. AtLangSmith("frequency_penalty")];
    private static readonly FieldRules PresencePenalty = [.. Parameter("presence_penalty", "presencePenalty"), .. AtLangSmith("presence_penalty")];
    private static readonly FieldRules Seed = [Attr("gen_ai.request.seed"), Attr("gen_ai.openai.request.seed"), .. Parameter("seed", "seed"), .. AtLangSmith("seed")];

    private static readonly FieldRules MaxTokens =
    [
        Attr("gen_ai.request.max_tokens"), Attr("gen_ai.request.max_completion_tokens"), Attr("gen_ai.request.max_token"),
        Attr("ai.settings.maxOutputTokens"), Attr("ai.settings.maxTokens"),
        Json(Invocation, "max_tokens"), Json(LangfuseParameters, "max_tokens"),
        Json(Invocation, "max_completion_tokens"), Json(LangfuseParameters, "max_completion_tokens"),
        Json(Invocation, "max_output_tokens"), Json(LangfuseParameters, "max_output_tokens"),
        Attr("langsmith.metadata.ls_max_tokens"),
    ];

    private static readonly FieldRules StopSequences = [Attr("gen_ai.request.stop_sequences"), Attr("llm.chat.stop_sequences"), Json(Invocation, "stop")];

    private static readonly FieldRules ReasoningEffort =
    [
        Attr("gen_ai.request.reasoning_effort"), Attr("llm.request.reasoning_effort"), Json(Invocation, "reasoning_effort"), Json(Invocation, "reasoning", "effort"),
    ];

    private static readonly FieldRules ResponseFormat =
    [
        Attr("gen_ai.output.type"), Attr("gen_ai.openai.request.response_format"), Attr("gen_ai.request.structured_output_schema"),
    ];

    private static readonly FieldRules ServiceTier =
    [
        Attr("openai.response.service_tier"), Attr("gen_ai.openai.response.service_tier"), Attr("gen_ai.response.service_tier"),
        Attr("anthropic.response.service_tier"), Attr("openai.request.service_tier"),
    ];

    private static readonly FieldRules Streaming =
    [
        Attr("gen_ai.request.stream"), Attr("gen_ai.request.is_stream"), Attr("gen_ai.is_streaming"), Attr("llm.is_streaming"), Attr("dify.streaming"),
        Attr("langsmith.request.streaming"),
    ];

    private static readonly FieldRules StreamInvocation = [Json(Invocation, "stream")];
    private static readonly FieldRules StreamLangfuse = [Json(LangfuseParameters, "stream")];
    private static readonly FieldRules AiOperation = [Attr("ai.operationId"), Attr("operation.name")];

    private static readonly FieldRules Any =
    [
        .. Temperature, .. TopP, .. TopK, .. FrequencyPenalty, .. PresencePenalty, .. Seed, .. MaxTokens, .. StopSequences, .. ReasoningEffort,
        .. ResponseFormat, .. ServiceTier,
    ];

    /// <summary>The call with its parameters; the same object where there are none.</summary>
    public static LlmCall Into(SpanFacts facts, LlmCall call) => !facts.Mentions(Any) ? call : call with
    {
        Temperature = Rounded(facts.Number(Temperature)),
        TopP = Rounded(facts.Number(TopP)),
        TopK = Rounded(facts.Number(TopK)),
        FrequencyPenalty = Rounded(facts.Number(FrequencyPenalty)),
        PresencePenalty = Rounded(facts.Number(PresencePenalty)),
        Seed = facts.Integer(Seed),
        MaxTokens = facts.Count(MaxTokens),
        StopSequences = facts.Texts(StopSequences),
        ReasoningEffort = facts.Text(ReasoningEffort),
        ResponseFormat = facts.Text(ResponseFormat),
        ServiceTier = facts.Text(ServiceTier),
    };

    /// <summary>
    /// Whether the answer came in pieces. <c>IsGuess</c>: LangChain's parameters say "no" even where the call streams,
    /// so that "no" gives way to a time to first token.
    /// </summary>
    public static (bool? Streaming, bool IsGuess) StreamingOf(SpanFacts facts)
    {
        if (facts.Flag(Streaming) is { } said) return (said, false);
        var asked = facts.Flag(StreamInvocation);
        if (asked == true) return (true, false);
        if (facts.Flag(StreamLangfuse) is { } langfuse) return (langfuse, false);
        foreach (var value in facts.All(AiOperation))
        {
            if (!value.IsText) continue;
            if (value.Raw.StartsWith("ai.stream"u8)) return (true, false);
            if (value.Raw.StartsWith("ai."u8) && (value.Raw.IndexOf(".doGenerate"u8) >= 0 || value.Raw.IndexOf(".doEmbed"u8) >= 0)) return (false, false);
        }

        return (asked, true);
    }

    // The same parameter under the names of each dialect.
    private static FieldRule[] Parameter(string name, string camel) =>
        [Attr("gen_ai.request." + name), Attr("ai.settings." + camel), Attr("llm." + name), Json(Invocation, name), Json(LangfuseParameters, name)];

    private static FieldRule[] AtLangSmith(string name) =>
        name == "temperature"
            ? [Attr("langsmith.metadata.ls_temperature"), Json(LangSmithInvocation, name)]
            : [Json(LangSmithInvocation, name)];

    // .NET sends floats: 0.2 arrives as 0.20000000298023224.
    private static double? Rounded(double? value) =>
        value is not { } number ? null
        : Math.Abs(number) is 0 or 1 || (number == Math.Floor(number) && Math.Abs(number) < 1e6) ? number
        : double.Parse(number.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
