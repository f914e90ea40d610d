using System.Buffers.Text;
using System.Text;

namespace Callwatch.Receive.Otlp;

/// <summary>The text of a JSON string. Unlike the framework's, half a surrogate pair does not throw: senders that cut their texts write them.</summary>
internal static class JsonText
{
    // Not UTF-8 anywhere, so that whoever checks the text finds and mends it.
    private const byte Invalid = 0xFF;

    /// <summary>Writes the text of a string that a JSON reader has accepted; never longer than <paramref name="raw"/>.</summary>
    public static int Unescape(ReadOnlySpan<byte> raw, Span<byte> text)
    {
        var written = 0;
        while (true)
        {
            var escape = raw.IndexOf((byte)'\\');
            var plain = escape < 0 ? raw : raw[..escape];
            plain.CopyTo(text[written..]);
            written += plain.Length;
            if (escape < 0 || escape + 1 >= raw.Length) return written;
            raw = raw[(escape + 1)..];
            if (raw[0] == 'u')
            {
                written += Unicode(ref raw, text[written..]);
                continue;
            }

            text[written++] = raw[0] switch
            {
                (byte)'n' => (byte)'\n',
                (byte)'r' => (byte)'\r',
                (byte)'t' => (byte)'\t',
                (byte)'b' => (byte)'\b',
                (byte)'f' => (byte)'\f',
                var other => other,
            };
            raw = raw[1..];
        }
    }

    private static int Unicode(ref ReadOnlySpan<byte> raw, Span<byte> text)
    {
        var unit = Unit(raw);
        raw = raw[Math.Min(5, raw.Length)..];
        if (Rune.TryCreate(unit, out var rune)) return rune.EncodeToUtf8(text);
        if (char.IsHighSurrogate(unit) && raw is [(byte)'\\', (byte)'u', ..] && Rune.TryCreate(unit, Unit(raw[1..]), out rune))
        {
            raw = raw[6..];
            return rune.EncodeToUtf8(text);
        }

        text[0] = Invalid;
        return 1;
    }

    private static char Unit(ReadOnlySpan<byte> escape) =>
        escape.Length >= 5 && Utf8Parser.TryParse(escape[1..5], out ushort unit, out var used, 'x') && used == 4 ? (char)unit : '\uD800';
}
