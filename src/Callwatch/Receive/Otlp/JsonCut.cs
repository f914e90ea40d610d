using System.Text.Json;

namespace Callwatch.Receive.Otlp;

/// <summary>Shortens text in place so that it stays what it was: text at a rune, JSON as JSON.</summary>
internal static class JsonCut
{
    // Shorter strings (roles, ids, names) say what a message is; they are the last to go.
    private const int KeptOfAString = 1024;
    private const int MaxDepth = 512;

    private static ReadOnlySpan<byte> Ellipsis => "…"u8;

    /// <summary>The new length, at most <paramref name="max"/>; the text before it has been rewritten. The text is valid UTF-8.</summary>
    public static int Cut(Span<byte> text, int max)
    {
        if (text.Length <= max) return text.Length;
        if (text.TrimStart(" \t\r\n"u8) is [(byte)'{' or (byte)'[' or (byte)'"', ..])
        {
            try
            {
                var shorter = ShortenStrings(text, max);
                if (shorter <= max) return shorter;
                text = text[..shorter];
                if (CloseEarly(text, max) is { } closed) return closed;
            }
            catch (JsonException)
            {
                // Looked like JSON and is none: it is text.
            }
        }

        var end = RuneStart(text, max - Ellipsis.Length);
        Ellipsis.CopyTo(text[end..]);
        return end + Ellipsis.Length;
    }

    private static int RuneStart(ReadOnlySpan<byte> text, int at)
    {
        while (at > 0 && (text[at] & 0xC0) == 0x80) at--;
        return at;
    }

    /// <summary>Cuts the longest strings to one common length, so that a short one is never cut for the sake of a long one.</summary>
    private static int ShortenStrings(Span<byte> text, int max)
    {
        var strings = LongStrings(text);
        var most = CommonLength(strings, excess: text.Length - max);
        var (read, written) = (0, 0);
        foreach (var (start, length) in strings)
        {
            if (length <= most) continue;
            var end = start + SafeEnd(text.Slice(start, length), most - Ellipsis.Length);
            text[read..end].CopyTo(text[written..]);
            written += end - read;
            Ellipsis.CopyTo(text[written..]);
            written += Ellipsis.Length;
            read = start + length;
        }

        text[read..].CopyTo(text[written..]);
        return written + text.Length - read;
    }

    private static List<(int Start, int Length)> LongStrings(ReadOnlySpan<byte> text)
    {
        var strings = new List<(int, int)>();
        var json = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = MaxDepth });
        while (json.Read())
            if (json.TokenType == JsonTokenType.String && json.ValueSpan.Length > KeptOfAString) strings.Add(((int)json.TokenStartIndex + 1, json.ValueSpan.Length));
        return strings;
    }

    private static int CommonLength(List<(int Start, int Length)> strings, long excess)
    {
        var lengths = strings.Select(part => part.Length).OrderDescending().ToArray();
        long sum = 0;
        for (var i = 0; i < lengths.Length; i++)
        {
            sum += lengths[i];
            var most = (sum - excess) / (i + 1);
            var next = i + 1 < lengths.Length ? lengths[i + 1] : KeptOfAString;
            if (most >= next) return (int)Math.Max(most, KeptOfAString);
        }

        return KeptOfAString;
    }

    /// <summary>The last place at or before <paramref name="at"/> that lies neither in a rune nor in an escape (two escapes for a surrogate pair).</summary>
    private static int SafeEnd(ReadOnlySpan<byte> raw, int at)
    {
        var from = 0;
        while (true)
        {
            var escape = raw[from..at].IndexOf((byte)'\\');
            if (escape < 0) return RuneStart(raw, at);
            escape += from;
            var length = raw[escape + 1] != 'u' ? 2 : IsHighSurrogate(raw[escape..]) ? 12 : 6;
            if (escape + length > at) return escape;
            from = escape + length;
        }
    }

    private static bool IsHighSurrogate(ReadOnlySpan<byte> escape) =>
        escape is [_, _, (byte)'d' or (byte)'D', (byte)'8' or (byte)'9' or (byte)'a' or (byte)'b' or (byte)'A' or (byte)'B', _, _, (byte)'\\', (byte)'u', ..];

    /// <summary>Many small values: keeps as many as fit and closes what is open after them.</summary>
    private static int? CloseEarly(Span<byte> text, int max)
    {
        var open = new List<byte>();
        var (end, depth) = (-1, 0);
        var json = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = MaxDepth });
        while (json.Read())
        {
            switch (json.TokenType)
            {
                case JsonTokenType.PropertyName:
                    continue;
                case JsonTokenType.StartObject:
                    open.Add((byte)'}');
                    break;
                case JsonTokenType.StartArray:
                    open.Add((byte)']');
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    open.RemoveAt(open.Count - 1);
                    break;
            }

            if (json.BytesConsumed + open.Count > max) break;
            (end, depth) = ((int)json.BytesConsumed, open.Count);
        }

        if (end < 0) return null;
        for (var i = depth - 1; i >= 0; i--) text[end++] = open[i];
        return end;
    }
}
