namespace Callwatch.Client.Api;

/// <summary>A span as lists show it, without bodies. What is unknown is <c>null</c>.</summary>
public record ApiSpan
{
    /// <summary>Trace id, 32 hexadecimal digits.</summary>
    public required string TraceId { get; init; }

    /// <summary>Span id, 16 hexadecimal digits.</summary>
    public required string SpanId { get; init; }

    /// <summary>Id of the span above it; null for a root.</summary>
    public string? ParentSpanId { get; init; }

    /// <summary>The app that sent it.</summary>
    public required string App { get; init; }

    /// <summary>The name as sent.</summary>
    public required string Name { get; init; }

    /// <summary>The name for people: that of the agent, tool or step, else the name as sent.</summary>
    public required string DisplayName { get; init; }

    /// <summary>What it is: <c>chat</c>, <c>embedding</c>, <c>tool</c>, <c>agent</c>, <c>http</c>, ...</summary>
    public required string Kind { get; init; }

    /// <summary>When it began, RFC 3339 in UTC, up to nanoseconds.</summary>
    public required string Start { get; init; }

    /// <summary>When it ended; lists, buckets and paging go by it.</summary>
    public required string End { get; init; }

    /// <summary>Duration in milliseconds; null when the end is missing or before the start.</summary>
    public double? DurationMs { get; init; }

    /// <summary><c>success</c>, <c>error</c> or <c>cancelled</c>.</summary>
    public required string Outcome { get; init; }

    /// <summary>What went wrong; null unless something did.</summary>
    public ApiError? Error { get; init; }

    /// <summary>HTTP status of the answer.</summary>
    public int? HttpStatus { get; init; }

    /// <summary>Deployment environment.</summary>
    public string? Environment { get; init; }

    /// <summary>Release of the application.</summary>
    public string? Release { get; init; }

    /// <summary>The application's user; its own, or inherited within the trace.</summary>
    public string? UserId { get; init; }

    /// <summary>The session or conversation; its own, or inherited within the trace.</summary>
    public string? SessionId { get; init; }

    /// <summary>Labels.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Further facts the application attached.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Judgements by people and evaluators.</summary>
    public IReadOnlyList<ApiScore> Scores { get; init; } = [];

    /// <summary>First words of what went in, at most 160 characters.</summary>
    public string? InputPreview { get; init; }

    /// <summary>First words of what came out, at most 160 characters.</summary>
    public string? OutputPreview { get; init; }

    /// <summary>Whether its text can be shown: <c>present</c>, <c>expired</c>, <c>not_captured</c> or <c>masked</c>.</summary>
    public required string Content { get; init; }

    /// <summary>Span id of the call that this one is the same as; such a span counts nothing.</summary>
    public string? MergedInto { get; init; }

    /// <summary>What had to be mended on receipt, as reasons of a closed list.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The function or feature a call serves. This and all that follow are null on spans that are no call.</summary>
    public string? Operation { get; init; }

    /// <summary>Provider, folded to one spelling: <c>openai</c>, <c>azure</c>, ...</summary>
    public string? Provider { get; init; }

    /// <summary>The model asked for.</summary>
    public string? RequestModel { get; init; }

    /// <summary>The model that answered.</summary>
    public string? ResponseModel { get; init; }

    /// <summary>The model that answered, else the one asked for.</summary>
    public string? Model { get; init; }

    /// <summary><c>recorded</c>, <c>summary</c> (an agent's own account of calls nobody recorded) or <c>synthetic</c> (made from a trace record).</summary>
    public string? CallSource { get; init; }

    /// <summary>Whether the answer came in parts.</summary>
    public bool? Streaming { get; init; }

    /// <summary>Time to first token in milliseconds.</summary>
    public double? TtftMs { get; init; }

    /// <summary>Output tokens per second of generation; null unless more than one came out.</summary>
    public double? OutputTokensPerS { get; init; }

    /// <summary>Token counts; null on spans that are no call.</summary>
    public ApiUsage? Usage { get; init; }

    /// <summary>Cost; null on spans that are no call.</summary>
    public ApiCost? Cost { get; init; }

    /// <summary>Why the model stopped, folded: <c>stop</c>, <c>length</c>, <c>tool_call</c>, <c>content_filter</c>, <c>error</c>, <c>other</c>.</summary>
    public IReadOnlyList<string> FinishReasons { get; init; } = [];

    /// <summary>The tools the model asked for.</summary>
    public IReadOnlyList<ApiToolCall> ToolCalls { get; init; } = [];

    /// <summary>Sampling temperature asked for.</summary>
    public double? Temperature { get; init; }

    /// <summary>Nucleus sampling asked for.</summary>
    public double? TopP { get; init; }

    /// <summary>Most output tokens allowed.</summary>
    public long? MaxTokens { get; init; }

    /// <summary>Name of the prompt template.</summary>
    public string? PromptName { get; init; }

    /// <summary>Version of the prompt template.</summary>
    public string? PromptVersion { get; init; }

    /// <summary>The provider's id of the answer.</summary>
    public string? ResponseId { get; init; }
}

/// <summary>What went wrong.</summary>
/// <param name="Type">Type as the sender named it, or <c>_OTHER</c>.</param>
/// <param name="Message">The sender's words.</param>
/// <param name="Stack">Stack trace.</param>
/// <param name="Group"><c>rate_limit</c>, <c>auth</c>, <c>invalid_request</c>, <c>timeout</c>, <c>overloaded</c>, <c>server</c>, <c>content_filter</c>, <c>cancelled</c> or <c>other</c>.</param>
public sealed record ApiError(string Type, string? Message, string? Stack, string Group);

/// <summary>A judgement.</summary>
/// <param name="Name">What is judged.</param>
/// <param name="Value">The score.</param>
/// <param name="Comment">Words with it.</param>
/// <param name="Source">Who judged.</param>
public sealed record ApiScore(string Name, double? Value, string? Comment, string? Source);

/// <summary>A tool the model asked for.</summary>
/// <param name="Id">Id of the request.</param>
/// <param name="Name">Name of the tool.</param>
public sealed record ApiToolCall(string? Id, string? Name);

/// <summary>Token counts. Input and output are totals that include their parts.</summary>
public sealed record ApiUsage
{
    /// <summary>All input tokens, cached ones included.</summary>
    public long? InputTokens { get; init; }

    /// <summary>All output tokens, reasoning included.</summary>
    public long? OutputTokens { get; init; }

    /// <summary>Input and output.</summary>
    public long? TotalTokens { get; init; }

    /// <summary>Input read from the provider's cache.</summary>
    public long? CacheReadTokens { get; init; }

    /// <summary>Input written to the provider's cache.</summary>
    public long? CacheWriteTokens { get; init; }

    /// <summary>Output spent on reasoning.</summary>
    public long? ReasoningTokens { get; init; }

    /// <summary>Audio within the input.</summary>
    public long? AudioInputTokens { get; init; }

    /// <summary>Audio within the output.</summary>
    public long? AudioOutputTokens { get; init; }
}

/// <summary>Cost in US dollars; the parts are disjoint and add up to the total. A given cost may have a total only.</summary>
public sealed record ApiCost
{
    /// <summary>Input without its cached parts.</summary>
    public decimal? InputUsd { get; init; }

    /// <summary>Input read from the cache.</summary>
    public decimal? CacheReadUsd { get; init; }

    /// <summary>Input written to the cache.</summary>
    public decimal? CacheWriteUsd { get; init; }

    /// <summary>Output without reasoning.</summary>
    public decimal? OutputUsd { get; init; }

    /// <summary>Reasoning.</summary>
    public decimal? ReasoningUsd { get; init; }

    /// <summary>Everything else: searches, audio, requests.</summary>
    public decimal? OtherUsd { get; init; }

    /// <summary>The whole; null is unknown, see <see cref="Reason"/>.</summary>
    public decimal? TotalUsd { get; init; }

    /// <summary><c>given</c> by the sender, <c>computed</c> from prices, or null when unknown.</summary>
    public string? Source { get; init; }

    /// <summary>Why it is unknown, or what to know of a computed one.</summary>
    public string? Reason { get; init; }

    /// <summary>Id of the price that matched.</summary>
    public string? PriceId { get; init; }

    /// <summary>Version of the price book.</summary>
    public string? PriceBook { get; init; }
}
