using System.Text;
using System.Text.Unicode;
using Callwatch.Receive.MediaParts;
using Callwatch.Telemetry;

namespace Callwatch.Receive.Otlp;

/// <summary>
/// Writes a message that did not pass <see cref="OtlpCheck"/> anew: unknown fields as they are, text repaired and cut, numbers that are
/// none and values too deep emptied, media replaced by references, of attributes with one key the last (the SDKs' own rule: a later value
/// overwrites), and what was done in the attribute <c>callwatch.changed</c>.
/// </summary>
internal sealed class OtlpMend(OtlpLimits limits, Changes changes, MediaTaking? media = null)
{
    private const int ParentSpanIdField = 4;

    private readonly KeyTable table = new(limits.MaxAttributes);

    internal static ReadOnlySpan<byte> MarkKey => "callwatch.changed"u8;

    /// <summary>The fields of the whole message; the caller has begun it.</summary>
    public void Write(ProtobufWriter writer, ReadOnlySpan<byte> message, OtlpShape shape, bool clearParent = false)
    {
        changes.NextMessage();
        if (clearParent) changes.Note(Reason.BadParentId, "parent_span_id"u8);
        Fields(writer, message, shape, clearParent);
        if (changes.Marks.Count > 0 && shape.AttributesField > 0) WriteMarks(writer, shape.AttributesField);
    }

    /// <summary>One field of an envelope (ResourceSpans, ScopeSpans and their like) other than what it contains.</summary>
    public void WriteEnvelopeField(ProtobufWriter writer, ProtobufReader field, ReadOnlySpan<byte> whole)
    {
        if (field is { Field: 3, Type: WireType.Bytes }) Text(writer, field.Field, field.Bytes, OtlpShape.Envelope.Word);
        else writer.Raw(whole);
    }

    private void Fields(ProtobufWriter writer, ReadOnlySpan<byte> message, OtlpShape shape, bool clearParent = false)
    {
        var kept = shape.AttributesField > 0 ? KeptPairs(message, shape.AttributesField, attributes: true) : null;
        var attribute = 0;
        var fields = new ProtobufReader(message);
        while (fields.Read())
        {
            var part = fields.Type == WireType.Bytes ? shape[fields.Field] : OtlpPart.Opaque;
            switch (part)
            {
                case OtlpPart.Opaque when clearParent && fields.Field == ParentSpanIdField:
                    break;
                case OtlpPart.Opaque:
                    writer.Raw(message[fields.FieldStart..fields.FieldEnd]);
                    break;
                case OtlpPart.Text:
                    Text(writer, fields.Field, fields.Bytes, shape.Word);
                    break;
                case OtlpPart.Attribute:
                    if (kept is null || kept.Contains(attribute)) Pair(writer, fields.Field, fields.Bytes, depth: 1, place: default);
                    attribute++;
                    break;
                case OtlpPart.Value:
                    Value(writer, fields.Field, fields.Bytes, depth: 1, "body"u8);
                    break;
                default:
                    var open = writer.Begin(fields.Field, fields.Bytes.Length);
                    Fields(writer, fields.Bytes, OtlpShape.Of(part));
                    writer.End(open);
                    break;
            }
        }
    }

    /// <summary>Numbers of the pairs that stay; null when all do.</summary>
    private HashSet<int>? KeptPairs(ReadOnlySpan<byte> message, int field, bool attributes)
    {
        table.Begin(limits.MaxAttributes);
        var last = new List<int>();
        var (count, all) = (0, true);
        var fields = new ProtobufReader(message);
        while (fields.Read())
        {
            if (fields.Field != field || fields.Type != WireType.Bytes) continue;
            var (start, length) = KeyOf(fields.Bytes);
            var key = fields.Bytes.Slice(start, length);
            var number = count++;
            // The sender's own marks give way to ours.
            if (attributes && key.SequenceEqual(MarkKey))
            {
                all = false;
                continue;
            }

            var index = table.Add(message, fields.BytesStart + start, length, out var known);
            if (known)
            {
                last[index] = number;
                all = false;
                changes.Note(Reason.DuplicateKey, key);
            }
            else if (index >= 0)
            {
                last.Add(number);
            }
            else if (attributes)
            {
                all = false;
                changes.Note(Reason.TooManyAttributes, key);
            }
            else
            {
                return null;
            }
        }

        return all ? null : [.. last];
    }

    private static (int Start, int Length) KeyOf(ReadOnlySpan<byte> pair)
    {
        var key = (0, 0);
        var fields = new ProtobufReader(pair);
        while (fields.Read())
            if (fields is { Field: 1, Type: WireType.Bytes }) key = (fields.BytesStart, fields.Bytes.Length);
        return key;
    }

    /// <param name="place">What the marks name; empty: the pair's own key.</param>
    private void Pair(ProtobufWriter writer, int field, ReadOnlySpan<byte> pair, int depth, ReadOnlySpan<byte> place, string? typeBeside = null)
    {
        if (place.IsEmpty)
        {
            var (start, length) = KeyOf(pair);
            place = pair.Slice(start, length);
        }

        var open = writer.Begin(field, pair.Length);
        var fields = new ProtobufReader(pair);
        while (fields.Read())
        {
            if (fields is { Field: 1, Type: WireType.Bytes }) Text(writer, 1, fields.Bytes, place);
            else if (fields is { Field: 2, Type: WireType.Bytes }) Value(writer, 2, fields.Bytes, depth, place, typeBeside);
            else writer.Raw(pair[fields.FieldStart..fields.FieldEnd]);
        }

        writer.End(open);
    }

    private void Value(ProtobufWriter writer, int field, ReadOnlySpan<byte> value, int depth, ReadOnlySpan<byte> place, string? typeBeside = null)
    {
        var open = writer.Begin(field, value.Length);
        if (depth > limits.MaxNesting) changes.Note(Reason.NestingTooDeep, place);
        else ValueFields(writer, value, depth, place, typeBeside);
        writer.End(open);
    }

    private void ValueFields(ProtobufWriter writer, ReadOnlySpan<byte> value, int depth, ReadOnlySpan<byte> place, string? typeBeside)
    {
        var fields = new ProtobufReader(value);
        while (fields.Read())
        {
            switch (fields.Field, fields.Type)
            {
                case (1, WireType.Bytes):
                    if (media is null || fields.Bytes.Length < media.FewestSymbols) Text(writer, 1, fields.Bytes, place);
                    else TextWithMedia(writer, fields.Bytes, place, typeBeside);
                    break;
                case (4, WireType.Fixed64) when !double.IsFinite(BitConverter.UInt64BitsToDouble(fields.Number)):
                    changes.Note(Reason.NotANumber, place);
                    break;
                case (5, WireType.Bytes):
                    List(writer, 5, fields.Bytes, depth + 1, place);
                    break;
                case (6, WireType.Bytes):
                    List(writer, 6, fields.Bytes, depth + 1, place);
                    break;
                case (7, WireType.Bytes) when fields.Bytes.Length >= media?.FewestBytes:
                    writer.Bytes(1, Taken(fields.Bytes, isBase64: false, typeBeside, place));
                    break;
                case (7, WireType.Bytes) when fields.Bytes.Length > limits.MaxTextBytes:
                    changes.Note(Reason.TextCut, place);
                    writer.Bytes(7, fields.Bytes[..limits.MaxTextBytes]);
                    break;
                default:
                    writer.Raw(value[fields.FieldStart..fields.FieldEnd]);
                    break;
            }
        }
    }

    /// <summary>An ArrayValue (field 5 of a value) or a KeyValueList (6).</summary>
    private void List(ProtobufWriter writer, int field, ReadOnlySpan<byte> list, int depth, ReadOnlySpan<byte> place)
    {
        var kept = field == 6 ? KeptPairs(list, 1, attributes: false) : null;
        var beside = field == 6 && list.Length >= media?.FewestBytes ? MediaBeside.Among(list) : null;
        var open = writer.Begin(field, list.Length);
        var index = 0;
        var fields = new ProtobufReader(list);
        while (fields.Read())
        {
            if (fields is not { Field: 1, Type: WireType.Bytes }) writer.Raw(list[fields.FieldStart..fields.FieldEnd]);
            else if (field == 5) Value(writer, 1, fields.Bytes, depth, place);
            else if (kept is null || kept.Contains(index++)) Pair(writer, 1, fields.Bytes, depth, place, beside);
        }

        writer.End(open);
    }

    private void Text(ProtobufWriter writer, int field, ReadOnlySpan<byte> text, ReadOnlySpan<byte> place)
    {
        var valid = Utf8.IsValid(text);
        if (valid && text.Length <= limits.MaxTextBytes)
        {
            writer.Bytes(field, text);
            return;
        }

        var open = writer.Begin(field, text.Length);
        if (valid) writer.Raw(text);
        else TextRepair.Write(writer, text);
        if (!valid) changes.Note(Reason.InvalidUtf8, place);
        EndText(writer, open, place);
    }

    /// <summary>Media first: what is left when they are out is what may be too long.</summary>
    private void TextWithMedia(ProtobufWriter writer, ReadOnlySpan<byte> text, ReadOnlySpan<byte> place, string? typeBeside)
    {
        var search = media!.Search(text, typeBeside);
        if (!search.MoveNext())
        {
            Text(writer, 1, text, place);
            return;
        }

        if (!Utf8.IsValid(text)) changes.Note(Reason.InvalidUtf8, place);
        var open = writer.Begin(1, text.Length);
        var done = 0;
        do
        {
            var hit = search.Current;
            TextRepair.Write(writer, text[done..hit.Start]);
            writer.Raw(Taken(text[hit.DataStart..hit.End], isBase64: true, hit.Type, place));
            done = hit.End;
        }
        while (search.MoveNext());
        TextRepair.Write(writer, text[done..]);
        EndText(writer, open, place);
    }

    private byte[] Taken(ReadOnlySpan<byte> data, bool isBase64, string? type, ReadOnlySpan<byte> place)
    {
        var reference = media!.Take(data, isBase64, type, out var reason);
        changes.Note(reason, place);
        return reference;
    }

    private void EndText(ProtobufWriter writer, ProtobufWriter.Open open, ReadOnlySpan<byte> place)
    {
        var written = writer.Buffer.Written[Math.Min(open.Start, writer.Buffer.Length)..];
        if (written.Length > limits.MaxTextBytes)
        {
            changes.Note(Reason.TextCut, place);
            writer.Buffer.CutTo(open.Start + JsonCut.Cut(written, limits.MaxTextBytes));
        }

        writer.End(open);
    }

    private void Text(ProtobufWriter writer, int field, ReadOnlySpan<byte> text, string place) => Text(writer, field, text, Encoding.UTF8.GetBytes(place));

    private void WriteMarks(ProtobufWriter writer, int field)
    {
        var pair = writer.Begin(field);
        writer.Bytes(1, MarkKey);
        var value = writer.Begin(2);
        var array = writer.Begin(5);
        foreach (var mark in changes.Marks)
        {
            var item = writer.Begin(1);
            writer.Bytes(1, Encoding.UTF8.GetBytes(mark));
            writer.End(item);
        }

        writer.End(array);
        writer.End(value);
        writer.End(pair);
    }
}
