namespace Callwatch.Query.Filters;

/// <summary>Finds what a mistyped word was meant to be.</summary>
public static class NearestWord
{
    // Longer words are not names of ours, and the comparison costs the product of both lengths.
    private const int LongestWord = 40;

    /// <summary>The word that takes the fewest edits (a swap of neighbours is one), if that is at most a third of the letters or the given one is its beginning.</summary>
    public static string? Of(string given, IEnumerable<string> words)
    {
        if (given.Length is 0 or > LongestWord) return null;
        var lower = given.ToLowerInvariant();
        var best = words.Select(word => (word, edits: Edits(lower, word))).OrderBy(pair => pair.edits).ThenBy(pair => pair.word, StringComparer.Ordinal).ToList();
        if (best.Count > 0 && best[0].edits <= Math.Max(1, given.Length / 3)) return best[0].word;
        return given.Length < 2 ? null : best.Select(pair => pair.word).FirstOrDefault(word => word.StartsWith(lower, StringComparison.Ordinal));
    }

    private static int Edits(string a, string b)
    {
        var table = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) table[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) table[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var replace = table[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                table[i, j] = Math.Min(replace, Math.Min(table[i - 1, j], table[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
            }
        }

        return table[a.Length, b.Length];
    }
}
