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
        using var buffer = new PayloadBuffer(budget: null, int.MaxValue);
        var writer = new ProtobufWriter(buffer);
        foreach (var group in items.GroupBy(item => item.Head, Bytes.Equal))
        {
            var spans = writer.Begin(1, 1_000);
            writer.Bytes(1, Part(group.Key.Span, 1));
            var inner = writer.Begin(2, 1_000);
            writer.Bytes(1, Part(group.Key.Span, 2));
            foreach (var item in group) writer.Bytes(2, item.Payload.Span);
            writer.End(inner);
            writer.End(spans);
        }

        return buffer.Written.ToArray();
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
