using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Callwatch.Client.Records;

/// <summary>
/// A finished business trace, handed over whole. Nothing is read back from the application later. Immutable; what is null is left out.
/// At least one of <see cref="TraceId"/>, <see cref="MessageId"/>, <see cref="WorkflowRunId"/> and <see cref="ConversationId"/>, or a current
/// <see cref="System.Diagnostics.Activity"/>, says which trace it belongs to.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(MessageRecord), "message")]
[JsonDerivedType(typeof(WorkflowRecord), "workflow")]
[JsonDerivedType(typeof(ToolRecord), "tool")]
[JsonDerivedType(typeof(ModerationRecord), "moderation")]
[JsonDerivedType(typeof(SuggestedQuestionRecord), "suggested_question")]
[JsonDerivedType(typeof(DatasetRetrievalRecord), "dataset_retrieval")]
[JsonDerivedType(typeof(ConversationNameRecord), "generate_conversation_name")]
[JsonDerivedType(typeof(ConversationRecord), "conversation")]
public abstract record TraceRecord : RecordFields
{
    private protected TraceRecord()
    {
    }

    /// <summary>The record's own id, for types that have none by nature; the same id again is the same record.</summary>
    public string? Id { get; init; }

    /// <summary>The app it belongs to, for keys that may name one. Default: <c>Callwatch:App</c>.</summary>
    public string? App { get; init; }

    /// <summary>An id of your own for the trace: 1 to 128 letters, digits, <c>-</c> and <c>_</c>.</summary>
    public string? TraceId { get; init; }

    /// <summary>W3C trace context of the span it was made in. Default: that of the current activity when it is recorded.</summary>
    public string? Traceparent { get; init; }

    /// <summary>The message it belongs to: its span becomes the parent.</summary>
    public string? MessageId { get; init; }

    /// <summary>The conversation; also the session where there is no other.</summary>
    public string? ConversationId { get; init; }

    /// <summary>The workflow run it belongs to.</summary>
    public string? WorkflowRunId { get; init; }

    /// <summary>The session, where it is not the conversation.</summary>
    public string? SessionId { get; init; }

    /// <summary>Who asked.</summary>
    public string? UserId { get; init; }

    /// <summary><c>prod</c>, <c>staging</c>, ...</summary>
    public string? Environment { get; init; }

    /// <summary>Version of the application.</summary>
    public string? Release { get; init; }

    /// <summary>Words to find it by.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>Anything else, by name.</summary>
    public JsonObject? Metadata { get; init; }

    /// <summary>What went in: a text, an object, or a list of messages with <c>role</c> and <c>content</c>.</summary>
    public JsonNode? Inputs { get; init; }

    /// <summary>What came out: a text, an object or a list.</summary>
    public JsonNode? Outputs { get; init; }
}

/// <summary>What records and the nodes of workflows have in common: times, failure, and the model call they tell of.</summary>
public abstract record RecordFields
{
    private protected RecordFields()
    {
    }

    /// <summary>When it began.</summary>
    public required DateTimeOffset StartTime { get; init; }

    /// <summary>When it ended; not before <see cref="StartTime"/>.</summary>
    public required DateTimeOffset EndTime { get; init; }

    /// <summary><c>succeeded</c>, <c>failed</c>, <c>stopped</c>, <c>partial-succeeded</c>, ...</summary>
    public string? Status { get; init; }

    /// <summary>Why it failed; null when it did not.</summary>
    public string? Error { get; init; }

    /// <summary>The kind of failure: name of an exception type, or a status.</summary>
    public string? ErrorType { get; init; }

    /// <summary>The model that was asked.</summary>
    public string? Model { get; init; }

    /// <summary><c>openai</c>, <c>anthropic</c>, <c>azure.ai.openai</c>, ...</summary>
    public string? Provider { get; init; }

    /// <summary>Tokens by class.</summary>
    public RecordUsage? Usage { get; init; }

    /// <summary>Time to the first token, in milliseconds.</summary>
    public double? TtftMs { get; init; }

    /// <summary>Whether the answer came in pieces.</summary>
    public bool? Streaming { get; init; }

    /// <summary>What it cost in US dollars, where that is known better than by the price list.</summary>
    public decimal? CostUsd { get; init; }

    /// <summary>The provider's id of the answer; a captured call with the same id takes the place of this one.</summary>
    public string? ResponseId { get; init; }
}

/// <summary>Tokens by class. Cached and reasoning tokens are parts of the input and output.</summary>
public sealed record RecordUsage
{
    /// <summary>All tokens that went in, cached ones included.</summary>
    public long? InputTokens { get; init; }

    /// <summary>All tokens that came out, reasoning included.</summary>
    public long? OutputTokens { get; init; }

    /// <summary>Read from the provider's cache.</summary>
    public long? CacheReadTokens { get; init; }

    /// <summary>Written to the provider's cache.</summary>
    public long? CacheWriteTokens { get; init; }

    /// <summary>Thought before answering.</summary>
    public long? ReasoningTokens { get; init; }

    /// <summary>Of sound that went in.</summary>
    public long? AudioInputTokens { get; init; }

    /// <summary>Of sound that came out.</summary>
    public long? AudioOutputTokens { get; init; }
}
