namespace Callwatch.Spans;

/// <summary>Where a call's facts come from. The numbers are stored.</summary>
public enum CallSource : byte
{
    /// <summary>A span of the model call itself.</summary>
    Recorded = 0,

    /// <summary>An agent span with usage and no recorded call beneath it.</summary>
    Summary = 1,

    /// <summary>Made from a trace record's usage.</summary>
    Synthetic = 2,
}

/// <summary>The facts of one model call (genai-attributes, sections 4 to 6).</summary>
public sealed record LlmCall
{
    public required CallSource Source { get; init; }

    /// <summary>The function or feature it serves, for grouping: function id, workflow, prompt or agent name; else the span's display name.</summary>
    public string? Operation { get; init; }

    /// <summary>Folded provider id (<c>openai</c>, <c>azure</c>, ...).</summary>
    public string? Provider { get; init; }

    public string? ProviderRaw { get; init; }

    /// <summary>Host of the endpoint when it is evidence of another provider than the named one; used for pricing only.</summary>
    public string? ServerAddress { get; init; }

    public string? RequestModel { get; init; }

    public string? ResponseModel { get; init; }

    /// <summary>Response model, else request model.</summary>
    public string? Model => ResponseModel ?? RequestModel;

    public string? ResponseId { get; init; }

    public bool? Streaming { get; init; }

    public long? TtftNanoseconds { get; init; }

    /// <summary>True when the source of the time to first token is of lower trust (genai-attributes, section 6, row 5).</summary>
    public bool TtftIsWeak { get; init; }

    public TokenUsage Usage { get; init; } = TokenUsage.Unknown;

    public CallCost Cost { get; init; } = CallCost.Unknown("not_priced");

    /// <summary>The cost that stood on the wire, before pricing decided (cost rule 1).</summary>
    public GivenCost? Given { get; init; }

    /// <summary>Folded: <c>stop, length, tool_call, content_filter, error, other</c>.</summary>
    public IReadOnlyList<string> FinishReasons { get; init; } = [];

    public IReadOnlyList<string> FinishReasonsRaw { get; init; } = [];

    public IReadOnlyList<ToolCallRef> ToolCalls { get; init; } = [];

    public double? Temperature { get; init; }

    public double? TopP { get; init; }

    public double? TopK { get; init; }

    public double? FrequencyPenalty { get; init; }

    public double? PresencePenalty { get; init; }

    public long? Seed { get; init; }

    public long? MaxTokens { get; init; }

    public IReadOnlyList<string> StopSequences { get; init; } = [];

    public string? ReasoningEffort { get; init; }

    public string? ResponseFormat { get; init; }

    public string? ServiceTier { get; init; }

    public long? EmbeddingDimensions { get; init; }

    public string? PromptName { get; init; }

    public string? PromptVersion { get; init; }

    /// <summary>What a user thought of the answer; follows from the judgements of the whole trace.</summary>
    public Liking Feedback { get; init; }

    /// <summary>Output tokens per second over the generation time; null unless more than one token came out (section 6).</summary>
    public double? OutputTokensPerSecond(long? durationNanoseconds)
    {
        if (Usage.Output is not > 1 || durationNanoseconds is not { } duration) return null;
        var generating = Streaming == true && TtftNanoseconds is { } ttft ? duration - ttft : duration;
        return generating > 0 ? Usage.Output.Value * 1e9 / generating : null;
    }
}

/// <summary>A tool the model asked for.</summary>
public sealed record ToolCallRef(string? Id, string? Name);

/// <summary>Cost in US dollars as the sender stated it.</summary>
public sealed record GivenCost(decimal TotalUsd, decimal? InputUsd, decimal? OutputUsd);

/// <summary>
/// Token counts; <c>Input</c> and <c>Output</c> are inclusive totals, the others are parts of them (genai-attributes, section 5).
/// <c>null</c> is unknown.
/// </summary>
public sealed record TokenUsage
{
    // Before the instance below, which takes it up.
    private static readonly IReadOnlyDictionary<string, decimal> NoOthers = new Dictionary<string, decimal>();

    public static readonly TokenUsage Unknown = new();

    public long? Input { get; init; }

    public long? Output { get; init; }

    public long? Total { get; init; }

    public long? CacheRead { get; init; }

    public long? CacheWrite { get; init; }

    /// <summary>The part of <see cref="CacheWrite"/> kept for one hour.</summary>
    public long? CacheWrite1h { get; init; }

    public long? Reasoning { get; init; }

    public long? AudioInput { get; init; }

    public long? AudioOutput { get; init; }

    public long? ImageInput { get; init; }

    public long? VideoInput { get; init; }

    /// <summary>Every other count a price can use, by its usage key in the price data (<c>web_searches</c>, <c>input_audio_seconds</c>, ...).</summary>
    public IReadOnlyDictionary<string, decimal> Others { get; init; } = NoOthers;

    public bool IsUnknown => this is { Input: null, Output: null, Total: null } && Others.Count == 0;
}

/// <summary>
/// What a call cost in US dollars, twelve decimals at most. The parts are disjoint and add up to the total;
/// a given cost may have a total only. <c>TotalUsd</c> null is unknown, with a reason.
/// </summary>
public sealed record CallCost
{
    public decimal? InputUsd { get; init; }

    public decimal? CacheReadUsd { get; init; }

    public decimal? CacheWriteUsd { get; init; }

    public decimal? OutputUsd { get; init; }

    public decimal? ReasoningUsd { get; init; }

    public decimal? OtherUsd { get; init; }

    public decimal? TotalUsd { get; init; }

    /// <summary><c>given</c>, <c>computed</c>, or null when unknown.</summary>
    public string? Source { get; init; }

    /// <summary>Why the cost is unknown, or what to know of a computed one, from a closed list (<c>no_usage</c>, <c>no_model</c>, <c>no_price</c>, ...).</summary>
    public string? Reason { get; init; }

    /// <summary>Id of the price entry that matched.</summary>
    public string? PriceId { get; init; }

    /// <summary>Version of the price book that was asked for it, also where it knew no price; null for a given cost.</summary>
    public string? PriceBook { get; init; }

    /// <summary>The model name that found the price.</summary>
    public string? PricedModel { get; init; }

    public static CallCost Unknown(string reason) => new() { Reason = reason };
}
