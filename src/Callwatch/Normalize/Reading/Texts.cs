namespace Callwatch.Normalize.Reading;

/// <summary>Cutting and smoothing of text.</summary>
internal static class Texts
{
    /// <summary>At most so many characters, never half of one.</summary>
    public static string Cut(string text, int most)
    {
        if (text.Length <= most) return text;
        if (char.IsHighSurrogate(text[most - 1])) most--;
        return text[..most];
    }
}
