using System.Text;
using Callwatch.Normalize.Reading;

namespace Callwatch.Normalize.Messages;

/// <summary>The first words of a text, on one line.</summary>
internal static class Preview
{
    public const int Longest = 160;

    // Enough for 160 characters however they are escaped, with room for indentation.
    private const int Look = 2_048;

    public static string? Of(JsonView text) => text.Form == JsonForm.Text ? Of(text.Raw, text.Escaped) : Of(text.Raw, escaped: false);

    public static string? Of(WireValue value, SpanFacts facts) =>
        value.IsText ? Of(value.Raw, value.Form == ValueForm.EscapedText) : value.Text(facts.Space.Words) is { } text ? Of(text) : null;

    public static string? Of(ReadOnlySpan<byte> utf8, bool escaped)
    {
        if (utf8.IsEmpty) return null;
        if (utf8.Length > Look) utf8 = utf8[..Look];
        Span<char> text = stackalloc char[Look];
        var length = escaped ? JsonText.Unescape(utf8, text) : Encoding.UTF8.GetChars(utf8, text);
        return Of(text[..length]);
    }

    public static string? Of(ReadOnlySpan<char> text)
    {
        Span<char> line = stackalloc char[Longest];
        var length = 0;
        var space = false;
        foreach (var letter in text)
        {
            if (char.IsWhiteSpace(letter) || char.IsControl(letter))
            {
                space = length > 0;
                continue;
            }

            if (length + (space ? 1 : 0) >= Longest) break;
            if (space) line[length++] = ' ';
            space = false;
            line[length++] = letter;
        }

        if (length > 0 && char.IsHighSurrogate(line[length - 1])) length--;
        return length == 0 ? null : new string(line[..length]);
    }
}
