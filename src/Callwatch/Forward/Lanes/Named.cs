namespace Callwatch.Forward.Lanes;

/// <summary>Finds what a platform speaks of: some write the ids of the spans they do not like into the words of their answer.</summary>
internal static class Named
{
    private const int IdLength = 16;

    /// <summary>The items whose span the words name; null when they name none, or the same span is there twice.</summary>
    public static List<Outgoing>? In(string words, IReadOnlyList<Outgoing> items)
    {
        var ids = Ids(words);
        if (ids.Count == 0) return null;
        List<Outgoing> named = [.. items.Where(item => item.Item.SpanIds is [var span] && ids.Contains(span.ToString()))];
        return named.Count == 0 || named.Count != named.Select(item => item.Item.SpanIds[0]).Distinct().Count() ? null : named;
    }

    // Runs of exactly 16 hexadecimal digits.
    private static HashSet<string> Ids(string words)
    {
        var ids = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (var at = 0; at < words.Length;)
        {
            var length = words.AsSpan(at).IndexOfAnyExcept(Hex);
            if (length < 0) length = words.Length - at;
            if (length == IdLength) ids.Add(words.Substring(at, length));
            at += length + 1;
        }

        return ids;
    }

    private static readonly System.Buffers.SearchValues<char> Hex = System.Buffers.SearchValues.Create("0123456789abcdefABCDEF");
}
