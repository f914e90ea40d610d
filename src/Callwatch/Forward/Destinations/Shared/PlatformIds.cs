using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Shared;

/// <summary>UUIDs that platforms ask for, made of W3C ids so that every attempt gives the same ones.</summary>
internal static class PlatformIds
{
    /// <summary>The 16 bytes of a trace id as they are, marked as a UUID of version 8 (own layout) where they are none of a known version.</summary>
    public static Guid OfTrace(TraceId trace)
    {
        var bytes = trace.ToBytes();
        return IsUuid(bytes) ? new Guid(bytes, bigEndian: true) : Marked(bytes, 0x80);
    }

    /// <summary>Of a span within its trace: SHA-256 of both, cut. Spans of different traces may share a W3C span id, and platforms want ids unique.</summary>
    public static Guid OfSpan(TraceId trace, SpanId span) => Marked(Hash(trace, span), 0x80);

    /// <summary>UUID version 7: 48 bits of Unix milliseconds, then the hash of the source.</summary>
    public static Guid Version7(Timestamp time, TraceId trace, SpanId? span)
    {
        var bytes = span is { } own ? Hash(trace, own) : trace.ToBytes();
        var milliseconds = time.UnixNanoseconds / 1_000_000;
        for (var i = 0; i < 6; i++) bytes[i] = (byte)(milliseconds >> (8 * (5 - i)));
        return Marked(bytes, 0x70);
    }

    /// <summary>Of anything with a name: version 8, SHA-256 cut.</summary>
    public static Guid Of(string name) => Marked(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 16).ToArray(), 0x80);

    /// <summary>The same marked as version 4, for platforms that take no other.</summary>
    public static Guid Version4(string name) => Marked(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 16).ToArray(), 0x40);

    private static byte[] Hash(TraceId trace, SpanId span)
    {
        Span<byte> source = stackalloc byte[24];
        trace.ToBytes().CopyTo(source);
        BinaryPrimitives.WriteUInt64BigEndian(source[16..], span.Value);
        return SHA256.HashData(source).AsSpan(0, 16).ToArray();
    }

    private static bool IsUuid(byte[] bytes) => (bytes[8] & 0xC0) == 0x80 && bytes[6] >> 4 is >= 1 and <= 8;

    private static Guid Marked(byte[] bytes, byte version)
    {
        bytes[6] = (byte)(version | (bytes[6] & 0x0F));
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return new Guid(bytes, bigEndian: true);
    }
}
