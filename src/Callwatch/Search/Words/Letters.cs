using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace Callwatch.Search.Words;

/// <summary>What a character is to the search.</summary>
internal enum LetterKind : byte
{
    /// <summary>Ends a word: space, punctuation, symbols, emoji.</summary>
    None,

    /// <summary>Part of a word that spaces divide from others.</summary>
    Word,

    /// <summary>Of a script without spaces between words: found in pairs.</summary>
    Pair,

    /// <summary>Goes on with what it stands behind, and begins nothing.</summary>
    Mark,

    /// <summary>As if it were not there.</summary>
    Ignored,
}

/// <summary>Letters without the differences that somebody who searches does not type: case, diacritics, width.</summary>
internal static class Letters
{
    private const int FoldedBelow = 0x2000;

    // What has no decomposition and still is a letter with something added to it.
    private static readonly FrozenDictionary<char, char> Special = new Dictionary<char, char>
    {
        ['ø'] = 'o',
        ['Ø'] = 'o',
        ['ł'] = 'l',
        ['Ł'] = 'l',
        ['đ'] = 'd',
        ['Đ'] = 'd',
        ['ħ'] = 'h',
        ['Ħ'] = 'h',
        ['ı'] = 'i',
        ['İ'] = 'i',
        ['ς'] = 'σ',
    }.ToFrozenDictionary();

    private static readonly char[] Folds = MakeFolds();

    /// <summary>Text with its full-width, half-width and composed letters in the usual form; what is no character is taken out.</summary>
    public static string Usual(string text)
    {
        if (Ascii.IsValid(text)) return text;
        if (text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') || text.AsSpan().ContainsAny('\uFFFE', '\uFFFF')) text = WithoutHalves(text);
        return text.IsNormalized(NormalizationForm.FormKC) ? text : text.Normalize(NormalizationForm.FormKC);
    }

    /// <summary>The letter in lower case and without diacritics.</summary>
    public static Rune Fold(Rune letter)
    {
        if (letter.IsAscii) return letter.Value is >= 'A' and <= 'Z' ? new Rune(letter.Value | 0x20) : letter;
        return letter.Value < FoldedBelow ? new Rune(Folds[letter.Value]) : Rune.ToLowerInvariant(letter);
    }

    public static LetterKind KindOf(Rune letter)
    {
        var code = letter.Value;
        if (code < 0x80) return char.IsAsciiLetterOrDigit((char)code) ? LetterKind.Word : LetterKind.None;
        if (IsPaired(code)) return LetterKind.Pair;
        // Diacritics on their own, and what only says how its neighbour is drawn.
        if (code is (>= 0x300 and <= 0x36F) or (>= 0xFE00 and <= 0xFE0F) or 0xAD or 0x200C or 0x200D or (>= 0x20D0 and <= 0x20FF) or (>= 0xE0100 and <= 0xE01EF)) return LetterKind.Ignored;
        return Rune.GetUnicodeCategory(letter) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter
                or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => LetterKind.Word,
            UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => LetterKind.Mark,
            _ => LetterKind.None,
        };
    }

    /// <summary>Han, Hiragana, Katakana, Bopomofo, Hangul, Yi, Thai, Lao, Khmer, Myanmar.</summary>
    private static bool IsPaired(int code) => code switch
    {
        < 0x0E01 => false,
        <= 0x0EDF => code is not (0x0E3F or 0x0E4F or 0x0E5A or 0x0E5B),
        <= 0x109F => code >= 0x1000 && code is not (0x104A or 0x104B),
        <= 0x11FF => code >= 0x1100,
        <= 0x17E9 => code is >= 0x1780 and not (>= 0x17D4 and <= 0x17DB),
        <= 0x2FDF => code is >= 0x2E80,
        <= 0x3029 => code is 0x3005 or 0x3006 or 0x3007 or >= 0x3021,
        <= 0x303B => code is >= 0x3031 and <= 0x3035 or 0x3038 or 0x3039 or 0x303A or 0x303B,
        <= 0x31FF => code is >= 0x3041 and not (0x309B or 0x309C or 0x30A0 or 0x30FB or >= 0x31C0 and < 0x31F0 or >= 0x3190 and < 0x31A0),
        <= 0x4DBF => code >= 0x3400,
        <= 0xA48C => code >= 0x4E00,
        <= 0xA97C => code >= 0xA960,
        <= 0xD7FB => code >= 0xAC00,
        <= 0xFAFF => code >= 0xF900,
        <= 0xFFDC => code >= 0xFF66,
        <= 0x1B16F => code >= 0x1AFF0,
        <= 0x323AF => code >= 0x20000,
        _ => false,
    };

    private static string WithoutHalves(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var letter in text.EnumerateRunes()) clean.Append((letter.Value & 0xFFFE) == 0xFFFE ? "\uFFFD" : letter.ToString());
        return clean.ToString();
    }

    private static char[] MakeFolds()
    {
        var folds = new char[FoldedBelow];
        for (var code = 0; code < FoldedBelow; code++)
        {
            var letter = (char)code;
            folds[code] = Special.TryGetValue(letter, out var special) ? special : char.ToLowerInvariant(Base(letter));
        }

        return folds;
    }

    // Only of the scripts in which a diacritic is left out in haste; elsewhere a mark makes another letter.
    private static char Base(char letter)
    {
        if (letter is not ((>= '\u00C0' and <= '\u024F') or (>= '\u0370' and <= '\u052F') or >= '\u1E00') || !char.IsLetter(letter)) return letter;
        var parts = letter.ToString().Normalize(NormalizationForm.FormD);
        return parts.Length > 1 && parts.Skip(1).All(mark => mark is >= '\u0300' and <= '\u036F') ? parts[0] : letter;
    }
}
