using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Callwatch.Client.Api;

/// <summary>A span with its bodies, as far as they were sent and are still kept (see <see cref="ApiSpan.Content"/>).</summary>
public sealed record ApiSpanDetails : ApiSpan
{
    /// <summary>For JSON.</summary>
    public ApiSpanDetails()
    {
    }

    /// <summary>The span, to be given its bodies.</summary>
    /// <param name="span">As lists show it.</param>
    [SetsRequiredMembers]
    public ApiSpanDetails(ApiSpan span)
        : base(span)
    {
    }

    /// <summary>What went in, as text or JSON.</summary>
    public JsonNode? Input { get; init; }

    /// <summary>What came out, as text or JSON.</summary>
    public JsonNode? Output { get; init; }

    /// <summary>The conversation, in one form for all senders.</summary>
    public ApiMessages Messages { get; init; } = new();

    /// <summary>Tool definitions as sent.</summary>
    public IReadOnlyList<JsonNode> Tools { get; init; } = [];

    /// <summary>Documents of a retrieval: <c>id, content, score, metadata</c>.</summary>
    public IReadOnlyList<JsonNode> Documents { get; init; } = [];

    /// <summary>Every attribute as sent; those of scope and resource begin with <c>scope.</c> and <c>resource.</c>.</summary>
    public JsonObject Attributes { get; init; } = [];

    /// <summary>Events of the span, log records that belong to it included.</summary>
    public IReadOnlyList<ApiEvent> Events { get; init; } = [];

    /// <summary>Links to other spans.</summary>
    public IReadOnlyList<ApiLink> Links { get; init; } = [];
}

/// <summary>Both sides of a call.</summary>
public sealed record ApiMessages
{
    /// <summary>What went in, oldest first.</summary>
    public IReadOnlyList<ApiMessage> Input { get; init; } = [];

    /// <summary>What came out.</summary>
    public IReadOnlyList<ApiMessage> Output { get; init; } = [];
}

/// <summary>One message.</summary>
/// <param name="Role"><c>system</c>, <c>user</c>, <c>assistant</c>, <c>tool</c>, ...</param>
/// <param name="Parts">Its parts in order.</param>
/// <param name="FinishReason">Why it ended, on output.</param>
public sealed record ApiMessage(string Role, IReadOnlyList<ApiMessagePart> Parts, string? FinishReason);

/// <summary>A part of a message; only the fields of its type are there.</summary>
/// <param name="Type"><c>text</c>, <c>reasoning</c>, <c>tool_call</c>, <c>tool_result</c>, <c>image</c>, <c>audio</c>, <c>file</c> or <c>other</c>.</param>
public sealed record ApiMessagePart(string Type)
{
    /// <summary>Text.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Text { get; init; }

    /// <summary>Id of the tool call it makes or answers.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Id { get; init; }

    /// <summary>Name of the tool.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    /// <summary>Arguments of a tool call.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonNode? Arguments { get; init; }

    /// <summary>Result of a tool.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonNode? Result { get; init; }

    /// <summary>Where an image, audio or file lies.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Uri { get; init; }

    /// <summary>Media type.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? MimeType { get; init; }

    /// <summary>Size of inline media in bytes.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? SizeBytes { get; init; }

    /// <summary>Media that were taken out of the message and are kept in a file.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ApiMedia? Media { get; init; }

    /// <summary>A part of a type we do not know, as sent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonNode? Raw { get; init; }
}

/// <summary>Media that were taken out of a message.</summary>
/// <param name="Hash">SHA-256 of their bytes.</param>
/// <param name="MimeType">As the sender declared it, else by their first bytes.</param>
/// <param name="Bytes">Their size.</param>
/// <param name="Url">Where they can be fetched, below the server's address.</param>
/// <param name="State"><c>present</c>, <c>expired</c>, or <c>not_kept</c> when they were too large.</param>
public sealed record ApiMedia(string Hash, string MimeType, long Bytes, string Url, string State);

/// <summary>An event within a span.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Time">RFC 3339 in UTC.</param>
/// <param name="Attributes">As sent.</param>
public sealed record ApiEvent(string Name, string Time, JsonObject Attributes);

/// <summary>A link to another span.</summary>
/// <param name="TraceId">Its trace.</param>
/// <param name="SpanId">The span.</param>
/// <param name="Attributes">As sent.</param>
public sealed record ApiLink(string TraceId, string SpanId, JsonObject Attributes);
