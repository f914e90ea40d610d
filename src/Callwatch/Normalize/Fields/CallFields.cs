using Callwatch.Normalize.Messages;
using Callwatch.Normalize.Pricing;
using Callwatch.Normalize.Reading;
using Callwatch.Spans;
using static Callwatch.Normalize.Reading.FieldRule;

namespace Callwatch.Normalize.Fields;

/// <summary>The facts of a model call, put together from the fields.</summary>
internal static class CallFields
{
    // Written by the product's own record route.
    private static readonly FieldRules Source = [Attr("callwatch.call_source")];

    public static LlmCall Of(SpanFacts facts, SpanKind kind, string displayName, SpanTimes times, ThinContent thin)
    {
        var host = ModelFields.Host(facts);
        var (providerRaw, provider) = ModelFields.Provider(facts, host);
        var (streaming, isGuess) = ParameterFields.StreamingOf(facts);
        var (ttft, isWeak) = streaming == false && !isGuess ? default : FirstTokenFields.Of(facts, times.Start, times.Duration);
        var promptName = PromptFields.Name(facts);
        var finish = OutputFields.FinishReasonsRaw(facts);
        if (finish is [] && thin.FinishReasons is not null) finish = thin.FinishReasons;
        return ParameterFields.Into(facts, new LlmCall
        {
            Source = kind == SpanKind.Agent ? CallSource.Summary : SourceOf(facts),
            Operation = NameFields.Operation(facts, promptName, displayName),
            Provider = provider,
            ProviderRaw = providerRaw,
            ServerAddress = host,
            RequestModel = ModelFields.RequestModel(facts),
            ResponseModel = ModelFields.ResponseModel(facts),
            ResponseId = ModelFields.ResponseId(facts),
            Streaming = ttft is not null && isGuess ? true : streaming,
            TtftNanoseconds = ttft,
            TtftIsWeak = isWeak,
            Usage = TokenFields.Usage(facts, kind),
            FinishReasonsRaw = finish,
            FinishReasons = OutputFields.Fold(finish),
            ToolCalls = thin.ToolCalls ?? (IReadOnlyList<ToolCallRef>)[],
            EmbeddingDimensions = kind == SpanKind.Embedding ? OutputFields.EmbeddingDimensions(facts) : null,
            PromptName = promptName,
            PromptVersion = PromptFields.Version(facts),
        });
    }

    /// <summary>A sign that the model answered.</summary>
    public static bool HasAnswer(LlmCall call) => call.Usage.Output > 0 || call.FinishReasonsRaw.Count > 0 || call.ResponseId is not null;

    public static LlmCall Priced(LlmCall call, SpanFacts facts, SpanKind kind, Outcome outcome, Timestamp start, PriceBooks prices)
    {
        if (CostFields.Given(facts, call.Usage, failed: outcome == Outcome.Error) is { } given) call = call with { Given = given };
        return call with { Cost = prices.Price(call, kind, outcome, start) };
    }

    private static CallSource SourceOf(SpanFacts facts) =>
        facts.Mentions(Source) && facts.Text(Source) == "synthetic" ? CallSource.Synthetic : CallSource.Recorded;
}
