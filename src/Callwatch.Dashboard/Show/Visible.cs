using System.Buffers;
using System.Globalization;
using System.Text;

namespace Callwatch.Dashboard.Show;

/// <summary>
/// Text that somebody else wrote, fit to be looked at. Razor encodes it; this makes seen what would hide or reorder what stands around it:
/// control characters become their pictures, marks of direction and invisible characters their numbers, half surrogates the replacement character.
/// </summary>
public static class Visible
{
    private static readonly SearchValues<char> Plain = SearchValues.Create([.. Enumerable.Range(0x20, 0x5F).Select(code => (char)code), '\n', '\t']);

    public static string Text(string? text)
    {
        if (string.IsNullOrEmpty(text) || !text.AsSpan().ContainsAnyExcept(Plain)) return text ?? "";
        var shown = new StringBuilder(text.Length + 16);
        for (var i = 0; i < text.Length; i++)
        {
            var character = text[i];
            if (char.IsHighSurrogate(character) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                Append(shown, char.ConvertToUtf32(character, text[++i]));
            }
            else if (char.IsSurrogate(character))
            {
                shown.Append('\uFFFD');
            }
            else
            {
                Append(shown, character);
            }
        }

        return shown.ToString();
    }

    /// <summary>One line of at most <paramref name="length"/> characters, cut at a character that people count as one.</summary>
    public static string Line(string? text, int length)
    {
        if (string.IsNullOrEmpty(text)) return "";
        var head = Cut(text, length);
        var line = Text(head).Replace('\n', ' ').Replace('\t', ' ');
        return head.Length < text.Length ? line + "…" : line;
    }

    /// <summary>The first <paramref name="length"/> UTF-16 units, fewer where a cut there would halve a character. Not made visible yet.</summary>
    public static string Cut(string text, int length)
    {
        if (text.Length <= length) return text;
        if (length <= 0) return "";
        // Long runs of combining marks are one "character"; looking back a few units is enough for honest text.
        var start = Math.Max(0, length - 16);
        while (start > 0 && char.IsLowSurrogate(text[start])) start--;
        var end = start;
        while (end < length)
        {
            var next = end + StringInfo.GetNextTextElementLength(text.AsSpan(end, Math.Min(text.Length - end, 64)));
            if (next > length) break;
            end = next;
        }

        return text[..(end > start ? end : char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];
    }

    private static void Append(StringBuilder shown, int code)
    {
        if (code is '\n' or '\t') shown.Append((char)code);
        else if (code < 0x20) shown.Append((char)(0x2400 + code));
        else if (code == 0x7F) shown.Append('\u2421');
        else if (Hides(code)) shown.Append(CultureInfo.InvariantCulture, $"‹U+{code:X4}›");
        else shown.Append(char.ConvertFromUtf32(code));
    }

    // Zero-width joiner and non-joiner stay: emoji, Persian and several scripts of India need them.
    private static bool Hides(int code) => code is (>= 0x80 and <= 0x9F)
        or 0xAD or 0x61C or 0x180E or 0x200B or 0x200E or 0x200F or 0x2028 or 0x2029
        or (>= 0x202A and <= 0x202E) or (>= 0x2060 and <= 0x206F) or 0xFEFF or (>= 0xFFF9 and <= 0xFFFB)
        or (>= 0xE0000 and <= 0xE007F);
}
