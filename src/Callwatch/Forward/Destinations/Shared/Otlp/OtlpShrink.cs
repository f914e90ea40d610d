using Callwatch.Receive.Bodies;
using Callwatch.Receive.Otlp;

namespace Callwatch.Forward.Destinations.Shared.Otlp;

/// <summary>Makes a Span message small: long strings among its attributes and events are cut, so that JSON stays JSON. A second time nothing comes of it.</summary>
internal static class OtlpShrink
{
    private const int LongestText = 16 * 1024;
    private const int Deepest = 70;

    // Where strings of senders stand, by message and field.
    private enum Part
    {
        Other, Span, Event, Link, KeyValue, AnyValue, Array, KeyValues, Text,
    }

    public static OutboundItem? Of(OutboundItem item)
    {
        using var buffer = new PayloadBuffer(budget: null, int.MaxValue);
        var writer = new ProtobufWriter(buffer);
        Copy(writer, item.Payload.Span, Part.Span, 0);
        return buffer.Length < item.Payload.Length ? item with { Payload = buffer.Written.ToArray() } : null;
    }

    private static void Copy(ProtobufWriter writer, ReadOnlySpan<byte> message, Part part, int depth)
    {
        var fields = new ProtobufReader(message);
        var kept = 0;
        while (fields.Read())
        {
            var inner = fields.Type == WireType.Bytes && fields.Bytes.Length > LongestText && depth < Deepest ? PartOf(part, fields.Field) : Part.Other;
            if (inner == Part.Text)
            {
                var text = fields.Bytes.ToArray();
                writer.Bytes(fields.Field, text.AsSpan(0, JsonCut.Cut(text, LongestText)));
            }
            else if (inner != Part.Other)
            {
                var open = writer.Begin(fields.Field, LongestText);
                Copy(writer, fields.Bytes, inner, depth + 1);
                writer.End(open);
            }
            else
            {
                writer.Raw(message[kept..fields.FieldEnd]);
            }

            kept = fields.FieldEnd;
        }
    }

    private static Part PartOf(Part part, int field) => (part, field) switch
    {
        (Part.Span, 9) or (Part.Event, 3) or (Part.Link, 4) or (Part.KeyValues, 1) => Part.KeyValue,
        (Part.Span, 11) => Part.Event,
        (Part.Span, 13) => Part.Link,
        (Part.KeyValue, 2) or (Part.Array, 1) => Part.AnyValue,
        (Part.AnyValue, 1) => Part.Text,
        (Part.AnyValue, 5) => Part.Array,
        (Part.AnyValue, 6) => Part.KeyValues,
        _ => Part.Other,
    };
}
