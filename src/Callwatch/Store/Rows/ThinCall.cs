using Callwatch.Spans;

namespace Callwatch.Store.Rows;

/// <summary>
/// Call facts as JSON. Beside a row in <c>calls</c> it holds only what no column has; where there is no such row (a merged
/// span, an agent that does not count) it holds everything.
/// </summary>
internal sealed record ThinCall
{
    // Only without a row in calls.
    public CallSource? Source { get; init; }
    public string? Operation { get; init; }
    public string? Provider { get; init; }
    public string? RequestModel { get; init; }
    public string? ResponseModel { get; init; }
    public string? ResponseId { get; init; }
    public bool? Streaming { get; init; }
    public long? Ttft { get; init; }
    public long? InputTokens { get; init; }
    public long? OutputTokens { get; init; }
    public long? TotalTokens { get; init; }
    public long? CacheRead { get; init; }
    public long? CacheWrite { get; init; }
    public long? Reasoning { get; init; }
    public long? AudioInput { get; init; }
    public long? AudioOutput { get; init; }
    public decimal? CostInput { get; init; }
    public decimal? CostCacheRead { get; init; }
    public decimal? CostCacheWrite { get; init; }
    public decimal? CostOutput { get; init; }
    public decimal? CostReasoning { get; init; }
    public decimal? CostOther { get; init; }
    public decimal? Cost { get; init; }
    public string? CostSource { get; init; }
    public string? PromptName { get; init; }
    public string? PromptVersion { get; init; }

    // Always.
    public bool? NoResponseModel { get; init; }
    public string? ProviderRaw { get; init; }
    public string? ServerAddress { get; init; }
    public bool? TtftIsWeak { get; init; }

    [System.Text.Json.Serialization.JsonPropertyName("cache_write_1h")]
    public long? CacheWrite1h { get; init; }
    public long? ImageInput { get; init; }
    public long? VideoInput { get; init; }
    public IReadOnlyDictionary<string, decimal>? OtherUsage { get; init; }
    public decimal? GivenTotal { get; init; }
    public decimal? GivenInput { get; init; }
    public decimal? GivenOutput { get; init; }
    public string? CostReason { get; init; }
    public string? PriceId { get; init; }
    public string? PriceBook { get; init; }
    public string? PricedModel { get; init; }
    public IReadOnlyList<string>? FinishReasons { get; init; }
    public IReadOnlyList<string>? FinishReasonsRaw { get; init; }
    public IReadOnlyList<ThinToolCall>? ToolCalls { get; init; }
    public double? Temperature { get; init; }
    public double? TopP { get; init; }
    public double? TopK { get; init; }
    public double? FrequencyPenalty { get; init; }
    public double? PresencePenalty { get; init; }
    public long? Seed { get; init; }
    public long? MaxTokens { get; init; }
    public IReadOnlyList<string>? StopSequences { get; init; }
    public string? ReasoningEffort { get; init; }
    public string? ResponseFormat { get; init; }
    public string? ServiceTier { get; init; }
    public long? EmbeddingDimensions { get; init; }

    /// <summary>What no column has.</summary>
    public static ThinCall Rest(LlmCall call) => new()
    {
        NoResponseModel = call is { ResponseModel: null, RequestModel: not null } ? true : null,
        ProviderRaw = call.ProviderRaw == call.Provider ? null : call.ProviderRaw,
        ServerAddress = call.ServerAddress,
        TtftIsWeak = call.TtftIsWeak ? true : null,
        CacheWrite1h = call.Usage.CacheWrite1h,
        ImageInput = call.Usage.ImageInput,
        VideoInput = call.Usage.VideoInput,
        OtherUsage = call.Usage.Others.Count == 0 ? null : call.Usage.Others,
        GivenTotal = call.Given?.TotalUsd,
        GivenInput = call.Given?.InputUsd,
        GivenOutput = call.Given?.OutputUsd,
        CostReason = call.Cost.Reason,
        PriceId = call.Cost.PriceId,
        PriceBook = call.Cost.PriceBook,
        PricedModel = call.Cost.PricedModel,
        FinishReasons = call.FinishReasons.Count == 0 ? null : call.FinishReasons,
        FinishReasonsRaw = call.FinishReasonsRaw.SequenceEqual(call.FinishReasons) ? null : call.FinishReasonsRaw,
        ToolCalls = call.ToolCalls.Count == 0 ? null : [.. call.ToolCalls.Select(tool => new ThinToolCall(tool.Id, tool.Name))],
        Temperature = call.Temperature,
        TopP = call.TopP,
        TopK = call.TopK,
        FrequencyPenalty = call.FrequencyPenalty,
        PresencePenalty = call.PresencePenalty,
        Seed = call.Seed,
        MaxTokens = call.MaxTokens,
        StopSequences = call.StopSequences.Count == 0 ? null : call.StopSequences,
        ReasoningEffort = call.ReasoningEffort,
        ResponseFormat = call.ResponseFormat,
        ServiceTier = call.ServiceTier,
        EmbeddingDimensions = call.EmbeddingDimensions,
    };

    /// <summary>Everything.</summary>
    public static ThinCall Whole(LlmCall call) => Rest(call) with
    {
        Source = call.Source,
        Operation = call.Operation,
        Provider = call.Provider,
        ProviderRaw = call.ProviderRaw,
        NoResponseModel = null,
        RequestModel = call.RequestModel,
        ResponseModel = call.ResponseModel,
        ResponseId = call.ResponseId,
        Streaming = call.Streaming,
        Ttft = call.TtftNanoseconds,
        InputTokens = call.Usage.Input,
        OutputTokens = call.Usage.Output,
        TotalTokens = call.Usage.Total,
        CacheRead = call.Usage.CacheRead,
        CacheWrite = call.Usage.CacheWrite,
        Reasoning = call.Usage.Reasoning,
        AudioInput = call.Usage.AudioInput,
        AudioOutput = call.Usage.AudioOutput,
        CostInput = call.Cost.InputUsd,
        CostCacheRead = call.Cost.CacheReadUsd,
        CostCacheWrite = call.Cost.CacheWriteUsd,
        CostOutput = call.Cost.OutputUsd,
        CostReasoning = call.Cost.ReasoningUsd,
        CostOther = call.Cost.OtherUsd,
        Cost = call.Cost.TotalUsd,
        CostSource = call.Cost.Source,
        PromptName = call.PromptName,
        PromptVersion = call.PromptVersion,
    };

    public LlmCall ToCall() => new()
    {
        Source = Source ?? CallSource.Recorded,
        Operation = Operation,
        Provider = Provider,
        ProviderRaw = ProviderRaw,
        ServerAddress = ServerAddress,
        RequestModel = RequestModel,
        ResponseModel = ResponseModel,
        ResponseId = ResponseId,
        Streaming = Streaming,
        TtftNanoseconds = Ttft,
        TtftIsWeak = TtftIsWeak == true,
        Usage = new TokenUsage
        {
            Input = InputTokens,
            Output = OutputTokens,
            Total = TotalTokens,
            CacheRead = CacheRead,
            CacheWrite = CacheWrite,
            CacheWrite1h = CacheWrite1h,
            Reasoning = Reasoning,
            AudioInput = AudioInput,
            AudioOutput = AudioOutput,
            ImageInput = ImageInput,
            VideoInput = VideoInput,
            Others = OtherUsage ?? TokenUsage.Unknown.Others,
        },
        Cost = new CallCost
        {
            InputUsd = CostInput,
            CacheReadUsd = CostCacheRead,
            CacheWriteUsd = CostCacheWrite,
            OutputUsd = CostOutput,
            ReasoningUsd = CostReasoning,
            OtherUsd = CostOther,
            TotalUsd = Cost,
            Source = CostSource,
            Reason = CostReason,
            PriceId = PriceId,
            PriceBook = PriceBook,
            PricedModel = PricedModel,
        },
        Given = GivenTotal is { } total ? new GivenCost(total, GivenInput, GivenOutput) : null,
        FinishReasons = FinishReasons ?? [],
        FinishReasonsRaw = FinishReasonsRaw ?? FinishReasons ?? [],
        ToolCalls = ToolCalls is null ? [] : [.. ToolCalls.Select(tool => new ToolCallRef(tool.Id, tool.Name))],
        Temperature = Temperature,
        TopP = TopP,
        TopK = TopK,
        FrequencyPenalty = FrequencyPenalty,
        PresencePenalty = PresencePenalty,
        Seed = Seed,
        MaxTokens = MaxTokens,
        StopSequences = StopSequences ?? [],
        ReasoningEffort = ReasoningEffort,
        ResponseFormat = ResponseFormat,
        ServiceTier = ServiceTier,
        EmbeddingDimensions = EmbeddingDimensions,
        PromptName = PromptName,
        PromptVersion = PromptVersion,
    };
}

internal sealed record ThinToolCall(string? Id, string? Name);
