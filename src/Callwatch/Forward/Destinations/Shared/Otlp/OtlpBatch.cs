using System.Text;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.Otlp;

namespace Callwatch.Forward.Destinations.Shared.Otlp;

/// <summary>
/// Puts items whose payloads are Span messages under their resources: an ExportTraceServiceRequest. The head of an item is a Resource in field 1
/// and an InstrumentationScope in field 2; items with equal heads stand under one.
/// </summary>
internal static class OtlpBatch
{
    public const string Route = "otlp";

    public static byte[] Head(OutboundAttributes resource, string scopeName, string? scopeVersion)
    {
        using var buffer = new PayloadBuffer(budget: null, int.MaxValue);
        var writer = new ProtobufWriter(buffer);
        var open = writer.Begin(1, 200);
        resource.Write(writer, 1);
        writer.End(open);
        open = writer.Begin(2, 40);
        writer.Bytes(1, Encoding.UTF8.GetBytes(scopeName));
        if (scopeVersion is not null) writer.Bytes(2, Encoding.UTF8.GetBytes(scopeVersion));
        writer.End(open);
        return buffer.Written.ToArray();
    }

    /// <summary>Another resource over the scope as it was sent.</summary>
    public static byte[] Head(OutboundAttributes resource, ReadOnlySpan<byte> scope)
    {
        using var buffer = new PayloadBuffer(budget: null, int.MaxValue);
        var writer = new ProtobufWriter(buffer);
        var open = writer.Begin(1, 200);
        resource.Write(writer, 1);
        writer.End(open);
        writer.Bytes(2, scope);
        return buffer.Written.ToArray();
    }

    /// <summary>Of messages as they were sent.</summary>
    public static byte[] Head(ReadOnlySpan<byte> resource, ReadOnlySpan<byte> scope)
    {
        using var buffer = new PayloadBuffer(budget: null, int.MaxValue);
        var writer = new ProtobufWriter(buffer);
        writer.Bytes(1, resource);
        writer.Bytes(2, scope);
        return buffer.Written.ToArray();
    }

    public static byte[] Request(IReadOnlyList<OutboundItem> items)
    {
        using var body = new BodyPieces();
        Write(body, items);
        return body.ToArray();
    }

    /// <summary>Straight into the body: what is nested says its length first, which follows from that of its parts.</summary>
    public static void Write(Stream to, IReadOnlyList<OutboundItem> items)
    {
        Span<byte> prefix = stackalloc byte[LongestPrefix];
        foreach (var group in items.GroupBy(item => item.Head, Bytes.Equal))
        {
            var resource = Part(group.Key.Span, 1);
            var scope = Part(group.Key.Span, 2);
            var scopeLength = scope.Length;
            var inner = Size(scopeLength) + group.Sum(item => Size(item.Payload.Length));
            Begin(to, prefix, 1, Size(resource.Length) + Size(inner));
            Put(to, prefix, 1, resource);
            Begin(to, prefix, 2, inner);
            Put(to, prefix, 1, scope);
            foreach (var item in group) Put(to, prefix, 2, item.Payload.Span);
        }
    }

    // A tag of these fields is one byte; a length has at most ten.
    private const int LongestPrefix = 11;

    private static long Size(long length)
    {
        var bytes = 2L;
        for (var rest = length; rest >= 0x80; rest >>= 7) bytes++;
        return bytes + length;
    }

    private static void Put(Stream to, Span<byte> prefix, int field, ReadOnlySpan<byte> bytes)
    {
        Begin(to, prefix, field, bytes.Length);
        to.Write(bytes);
    }

    private static void Begin(Stream to, Span<byte> prefix, int field, long length)
    {
        prefix[0] = (byte)((field << 3) | 2);
        var at = 1;
        for (; length >= 0x80; length >>= 7) prefix[at++] = (byte)(length | 0x80);
        prefix[at++] = (byte)length;
        to.Write(prefix[..at]);
    }

    private static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> head, int field)
    {
        var fields = new ProtobufReader(head);
        while (fields.Read())
            if (fields.Field == field && fields.Type == WireType.Bytes) return fields.Bytes;
        return default;
    }

    private sealed class Bytes : IEqualityComparer<ReadOnlyMemory<byte>>
    {
        public static readonly Bytes Equal = new();

        bool IEqualityComparer<ReadOnlyMemory<byte>>.Equals(ReadOnlyMemory<byte> x, ReadOnlyMemory<byte> y) => x.Span.SequenceEqual(y.Span);

        public int GetHashCode(ReadOnlyMemory<byte> obj)
        {
            var hash = new HashCode();
            hash.AddBytes(obj.Span);
            return hash.ToHashCode();
        }
    }
}
