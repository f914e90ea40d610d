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

    /// <summary>The traces that <see cref="OfTrace"/> may have made this id of: it has lost six of their bits. Empty for ids that are not of its making.</summary>
    public static IEnumerable<TraceId> TracesOf(Guid id)
    {
        var bytes = id.ToByteArray(bigEndian: true);
        if (!IsUuid(bytes)) yield break;
        for (var lost = 0; lost < 64; lost++)
        {
            bytes[6] = (byte)((lost >> 2 << 4) | (bytes[6] & 0x0F));
            bytes[8] = (byte)(((lost & 3) << 6) | (bytes[8] & 0x3F));
            if (TraceId.TryRead(bytes, out var trace) && OfTrace(trace) == id) yield return trace;
        }
    }

    /// <summary>Whether <see cref="Version7"/> gives this id for the trace, at whatever time.</summary>
    public static bool IsVersion7Of(Guid id, TraceId trace)
    {
        var (own, made) = (trace.ToBytes(), id.ToByteArray(bigEndian: true));
        return id.Version == 7 && (own[6] & 0x0F) == (made[6] & 0x0F) && own[7] == made[7] && (own[8] & 0x3F) == (made[8] & 0x3F) && own.AsSpan(9).SequenceEqual(made.AsSpan(9));
    }

    /// <summary>The time that an id of version 7 holds.</summary>
    public static Timestamp TimeOfVersion7(Guid id)
    {
        long milliseconds = 0;
        foreach (var part in id.ToByteArray(bigEndian: true).AsSpan(0, 6)) milliseconds = (milliseconds << 8) | part;
        return new Timestamp(Math.Min(milliseconds, long.MaxValue / 1_000_000) * 1_000_000);
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
