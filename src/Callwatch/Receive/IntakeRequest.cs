using System.IO.Pipelines;
using Callwatch.Journal;
using Callwatch.Receive.Bodies;

namespace Callwatch.Receive;

/// <summary>How an OTLP message is written.</summary>
public enum OtlpFormat : byte
{
    Protobuf,
    Json,
}

/// <summary>Whose request it is, as its key says.</summary>
/// <param name="AppId">The key's app; null when it has none.</param>
/// <param name="MayNameApp">What it sends says itself which app it belongs to (architecture, section 3.1).</param>
/// <param name="KeyId">0 for trusted loopback.</param>
public readonly record struct Sender(int TenantId, int? AppId, bool MayNameApp, int KeyId);

/// <summary>One OTLP request on its way in.</summary>
public sealed record IntakeRequest
{
    public required Signal Signal { get; init; }

    public required OtlpFormat Format { get; init; }

    public required Sender Sender { get; init; }

    public required PipeReader Body { get; init; }

    /// <summary>Of the body as sent; null when it was not announced.</summary>
    public long? Length { get; init; }

    /// <summary>How the body is compressed; of a gRPC call, its messages that say so. Null for a way we do not know.</summary>
    public ContentCoding? Coding { get; init; } = ContentCoding.Identity;

    /// <summary>The body is that of a unary gRPC call: one message behind its prefix.</summary>
    public bool IsGrpc { get; init; }

    /// <summary>The body is JSON of another format, to be made into OTLP by this; null where it is OTLP.</summary>
    public IForeignBody? Foreign { get; init; }
}
