using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Callwatch.Normalize.Reading;

/// <summary>Text and numbers as JSON writes them.</summary>
internal static class JsonText
{
    /// <summary>The text between two quotes. Half surrogates, bad escapes and bad UTF-8 become U+FFFD or stand as they are: never an exception.</summary>
    public static string Read(ReadOnlySpan<byte> raw, bool escaped)
    {
        if (!escaped) return Encoding.UTF8.GetString(raw);
        var buffer = ArrayPool<char>.Shared.Rent(raw.Length);
        var length = Unescape(raw, buffer);
        var text = new string(buffer, 0, length);
        ArrayPool<char>.Shared.Return(buffer);
        return text;
    }

    /// <summary>Unescapes into <paramref name="into"/>, which is as long as the raw text, and says how many characters that made.</summary>
    public static int Unescape(ReadOnlySpan<byte> raw, Span<char> into)
    {
        var length = 0;
        while (!raw.IsEmpty)
        {
            var plain = raw.IndexOf((byte)'\\');
            if (plain < 0) plain = raw.Length;
            length += Encoding.UTF8.GetChars(raw[..plain], into[length..]);
            raw = raw[plain..];
            if (raw.Length < 2) break;
            length += One(ref raw, into[length..]);
        }

        return length;
    }

    /// <summary>Integers as such, other numbers exactly where a decimal holds them, otherwise as the nearest double, otherwise as text.</summary>
    public static JsonValue Number(ReadOnlySpan<byte> raw)
    {
        if (Utf8Parser.TryParse(raw, out long integer, out var used) && used == raw.Length) return JsonValue.Create(integer);
        if (raw.IndexOfAny((byte)'e', (byte)'E') < 0 && raw.Length < 28 && decimal.TryParse(raw, NumberStyles.Number, CultureInfo.InvariantCulture, out var exact)) return JsonValue.Create(exact);
        return double.TryParse(raw, NumberStyles.Float, CultureInfo.InvariantCulture, out var near) && double.IsFinite(near)
            ? JsonValue.Create(near)
            : JsonValue.Create(Encoding.UTF8.GetString(raw));
    }

    private static int One(ref ReadOnlySpan<byte> raw, Span<char> into)
    {
        var letter = raw[1];
        if (letter == 'u' && TryHex(raw, out var first))
        {
            raw = raw[6..];
            if (char.IsHighSurrogate(first) && raw is [(byte)'\\', (byte)'u', ..] && TryHex(raw, out var second) && char.IsLowSurrogate(second))
            {
                raw = raw[6..];
                (into[0], into[1]) = (first, second);
                return 2;
            }

            into[0] = char.IsSurrogate(first) ? '\uFFFD' : first;
            return 1;
        }

        into[0] = letter switch
        {
            (byte)'n' => '\n',
            (byte)'t' => '\t',
            (byte)'r' => '\r',
            (byte)'b' => '\b',
            (byte)'f' => '\f',
            < 0x80 => (char)letter,
            _ => '\uFFFD',
        };
        raw = raw[2..];
        return 1;
    }

    private static bool TryHex(ReadOnlySpan<byte> raw, out char value)
    {
        value = default;
        if (raw.Length < 6 || !Utf8Parser.TryParse(raw.Slice(2, 4), out ushort number, out var used, 'x') || used != 4) return false;
        value = (char)number;
        return true;
    }
}
