using System.Text.Unicode;
using Callwatch.Receive.MediaParts;

namespace Callwatch.Receive.Otlp;

/// <summary>Looks through a message once and says whether it can stay byte for byte as it was sent. Allocates nothing.</summary>
internal sealed class OtlpCheck(OtlpLimits limits, MediaTaking? media = null)
{
    private readonly KeyTable table = new(limits.MaxAttributes + 1);

    // Where the keys of the lists being read lie; a list within a value begins where the outer one stands.
    private (int Start, int Length)[] keys = new (int, int)[64];
    private int keyCount;

    /// <summary>True once anything looked at was not protobuf.</summary>
    public bool Malformed { get; set; }

    /// <summary>Data URLs met so far that are large enough to be taken out and are not base64.</summary>
    public int MalformedMedia { get; private set; }

    public bool Passes(ReadOnlySpan<byte> message, OtlpShape shape)
    {
        var fine = true;
        var first = keyCount;
        var (attributes, marked) = (0, false);
        var fields = new ProtobufReader(message);
        while (fields.Read())
        {
            if (fields.Type != WireType.Bytes) continue;
            switch (shape[fields.Field])
            {
                case OtlpPart.Opaque:
                    break;
                case OtlpPart.Text:
                    fine &= Text(fields.Bytes);
                    break;
                case OtlpPart.Attribute:
                    // What an earlier intake has marked comes on top of the limit, once.
                    if (marked || !(marked = IsMark(fields.Bytes))) attributes++;
                    fine &= Pair(fields.Bytes, depth: 1, fields.BytesStart, remember: attributes <= limits.MaxAttributes);
                    break;
                case OtlpPart.Value:
                    fine &= Value(fields.Bytes, depth: 1);
                    break;
                default:
                    fine &= Passes(fields.Bytes, OtlpShape.Of(shape[fields.Field]));
                    break;
            }
        }

        Malformed |= fields.Malformed;
        return fine & attributes <= limits.MaxAttributes & KeysDiffer(message, first);
    }

    /// <summary>As <see cref="OtlpMend"/> writes it: the key first.</summary>
    private static bool IsMark(ReadOnlySpan<byte> pair) => pair is [0x0A, 17, ..] && pair[2..].StartsWith(OtlpMend.MarkKey);

    private bool Text(ReadOnlySpan<byte> text) => text.Length <= limits.MaxTextBytes && Utf8.IsValid(text);

    private bool HasMedia(ReadOnlySpan<byte> text, string? typeBeside)
    {
        if (media is null || text.Length < media.FewestSymbols) return false;
        var search = media.Search(text, typeBeside);
        var found = search.MoveNext();
        MalformedMedia += search.Malformed;
        return found;
    }

    private bool IsMedia(ReadOnlySpan<byte> bytes) => bytes.Length >= media?.FewestBytes;

    private bool Pair(ReadOnlySpan<byte> pair, int depth, int offset, bool remember, string? typeBeside = null)
    {
        var fine = true;
        var key = (Start: offset, Length: 0);
        var fields = new ProtobufReader(pair);
        while (fields.Read())
        {
            if (fields.Type != WireType.Bytes) continue;
            if (fields.Field == 1)
            {
                fine &= Text(fields.Bytes);
                key = (offset + fields.BytesStart, fields.Bytes.Length);
            }
            else if (fields.Field == 2)
            {
                fine &= Value(fields.Bytes, depth, typeBeside);
            }
        }

        Malformed |= fields.Malformed;
        if (!remember) return fine;
        if (keyCount == keys.Length) Array.Resize(ref keys, keyCount * 2);
        keys[keyCount++] = key;
        return fine;
    }

    private bool Value(ReadOnlySpan<byte> value, int depth, string? typeBeside = null)
    {
        if (depth > limits.MaxNesting) return false;
        var fine = true;
        var fields = new ProtobufReader(value);
        while (fields.Read())
        {
            fine &= (fields.Field, fields.Type) switch
            {
                (1, WireType.Bytes) => Text(fields.Bytes) & !HasMedia(fields.Bytes, typeBeside),
                (4, WireType.Fixed64) => double.IsFinite(BitConverter.UInt64BitsToDouble(fields.Number)),
                (5, WireType.Bytes) => Items(fields.Bytes, depth + 1),
                (6, WireType.Bytes) => Pairs(fields.Bytes, depth + 1),
                (7, WireType.Bytes) => fields.Bytes.Length <= limits.MaxTextBytes && !IsMedia(fields.Bytes),
                _ => true,
            };
        }

        Malformed |= fields.Malformed;
        return fine;
    }

    private bool Items(ReadOnlySpan<byte> array, int depth)
    {
        var fine = true;
        var fields = new ProtobufReader(array);
        while (fields.Read())
            if (fields is { Field: 1, Type: WireType.Bytes }) fine &= Value(fields.Bytes, depth);
        Malformed |= fields.Malformed;
        return fine;
    }

    private bool Pairs(ReadOnlySpan<byte> list, int depth)
    {
        var fine = true;
        var first = keyCount;
        var pairs = 0;
        var beside = list.Length >= media?.FewestBytes ? MediaBeside.Among(list) : null;
        var fields = new ProtobufReader(list);
        while (fields.Read())
            if (fields is { Field: 1, Type: WireType.Bytes }) fine &= Pair(fields.Bytes, depth, fields.BytesStart, remember: pairs++ <= limits.MaxAttributes, beside);
        Malformed |= fields.Malformed;
        // There is no limit for the pairs of a value; only of lists of usual length is it known that the keys differ.
        if (pairs > limits.MaxAttributes) keyCount = first;
        return fine & KeysDiffer(list, first);
    }

    private bool KeysDiffer(ReadOnlySpan<byte> message, int first)
    {
        var mine = keys.AsSpan(first, keyCount - first);
        keyCount = first;
        if (mine.Length < 2) return true;
        table.Begin(mine.Length);
        foreach (var (start, length) in mine)
        {
            table.Add(message, start, length, out var known);
            if (known) return false;
        }

        return true;
    }
}
