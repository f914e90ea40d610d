using System.Buffers.Binary;

namespace Callwatch.Receive.Otlp;

/// <summary>The body of a unary gRPC call (gRPC over HTTP/2): one byte that is 1 where the message is compressed, its length in four, the message.</summary>
internal static class GrpcFrame
{
    public const int PrefixBytes = 5;

    /// <summary>Null when there is one whole message; else what is wrong.</summary>
    public static string? Read(ReadOnlyMemory<byte> body, out ReadOnlyMemory<byte> message, out bool compressed)
    {
        (message, compressed) = (default, false);
        if (body.Length < PrefixBytes) return body.IsEmpty ? "The call has no message." : "The message ends within its prefix.";
        var prefix = body.Span;
        var length = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        if (prefix[0] > 1) return "The first byte of a message must be 0 or 1.";
        if (length > body.Length - PrefixBytes) return "The message is shorter than its prefix says.";
        if (length < body.Length - PrefixBytes) return "A unary call has one message, this one has more.";
        (message, compressed) = (body[PrefixBytes..], prefix[0] == 1);
        return null;
    }
}
