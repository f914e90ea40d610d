using System.Text.Json.Nodes;
using Callwatch.Media;

namespace Callwatch.Spans;

/// <summary>The bodies of one span, read from the journal when somebody asks for them.</summary>
public sealed record SpanContent
{
    public required ContentState State { get; init; }

    /// <summary>What went in, as text or JSON; null when not captured.</summary>
    public JsonNode? Input { get; init; }

    public JsonNode? Output { get; init; }

    public IReadOnlyList<ChatMessage> InputMessages { get; init; } = [];

    public IReadOnlyList<ChatMessage> OutputMessages { get; init; } = [];

    /// <summary>Tool definitions as the sender wrote them.</summary>
    public IReadOnlyList<JsonNode> Tools { get; init; } = [];

    /// <summary>Documents of a retrieval: <c>id, content, score, metadata</c>.</summary>
    public IReadOnlyList<JsonNode> Documents { get; init; } = [];

    /// <summary>Every attribute of span, scope (<c>scope.*</c>) and resource (<c>resource.*</c>) as JSON.</summary>
    public required JsonObject Attributes { get; init; }

    public IReadOnlyList<SpanEvent> Events { get; init; } = [];

    public IReadOnlyList<SpanLink> Links { get; init; } = [];
}

/// <summary>One message in the normal form of genai-attributes, section 7.</summary>
public sealed record ChatMessage(string Role, IReadOnlyList<MessagePart> Parts, string? FinishReason = null);

/// <summary>
/// A part of a message. <c>Type</c> is <c>text, reasoning, tool_call, tool_result, image, audio, file</c> or <c>other</c>;
/// only the fields of that type are set.
/// </summary>
public sealed record MessagePart(string Type)
{
    public string? Text { get; init; }

    public string? Id { get; init; }

    public string? Name { get; init; }

    public JsonNode? Arguments { get; init; }

    public JsonNode? Result { get; init; }

    public string? Uri { get; init; }

    public string? MimeType { get; init; }

    public long? SizeBytes { get; init; }

    /// <summary>Set where the media were taken out of the message and may lie in a file.</summary>
    public MessageMedia? Media { get; init; }

    public JsonNode? Raw { get; init; }
}

/// <summary>Media that were taken out of a message.</summary>
/// <param name="Hash">Their name.</param>
public sealed record MessageMedia(MediaHash Hash, string MimeType, long SizeBytes, MediaState State);

/// <summary>Whether media can be had.</summary>
public enum MediaState : byte
{
    Present,

    /// <summary>Past their retention, or given up because the disk was needed.</summary>
    Expired,

    /// <summary>Too large when they came.</summary>
    NotKept,
}

public sealed record SpanEvent(string Name, Timestamp Time, JsonObject Attributes);

public sealed record SpanLink(TraceId TraceId, SpanId SpanId, JsonObject Attributes);
