using System.Globalization;

namespace Callwatch.Dashboard.Language;

/// <summary>
/// Sentences that the engine makes, in English, with names and numbers in them: known again by what stands around these, and said in another language
/// with the same names and numbers. What is not known stays as it is, so that nothing is lost.
/// </summary>
/// <param name="whole">Sentences without values.</param>
/// <param name="templates">With {0}, {1}, ... in this order where the values stand.</param>
internal sealed class ToldSentences(IReadOnlyDictionary<string, string> whole, IReadOnlyDictionary<string, string> templates)
{
    /// <summary>A value may be such a sentence itself: why something is as it is said to be.</summary>
    private const int Deepest = 3;

    /// <summary>What is longer is somebody's text, and no sentence of ours.</summary>
    private const int Longest = 4_000;

    // The one with more words of its own says more of what it fits.
    private readonly Template[] all =
        [.. templates.Where(pair => pair.Key.Contains("{0}", StringComparison.Ordinal)).Select(pair => new Template(Pieces(pair.Key), pair.Value)).OrderByDescending(template => template.Pieces.Sum(piece => piece.Length))];

    public string Say(string sentence) => Say(sentence, 0);

    private string Say(string sentence, int depth)
    {
        if (sentence.Length is 0 or > Longest) return sentence;
        if (whole.TryGetValue(sentence, out var known)) return known;
        foreach (var template in all)
        {
            if (ValuesOf(sentence, template.Pieces) is { } values)
                return string.Format(CultureInfo.InvariantCulture, template.Said, [.. values.Select(value => Value(value, depth + 1))]);
        }

        return sentence;
    }

    // A single word is a name: a reader called "store" is no shop. What ended without its full stop is looked for with it.
    private string Value(string value, int depth)
    {
        var inner = value.Trim();
        if (depth >= Deepest || !inner.Contains(' ', StringComparison.Ordinal)) return value;
        var said = Say(inner, depth);
        if (said != inner) return said;
        // The number that a platform answered with, and behind it words that may be ours: never a form, as they may be the platform's.
        if (inner.Length > 4 && inner[3] == ' ' && inner.AsSpan(0, 3).IndexOfAnyExceptInRange('0', '9') < 0)
            return whole.GetValueOrDefault(inner[4..]) is { } ours ? inner[..4] + ours : whole.GetValueOrDefault(inner[4..] + ".") is { } begun ? inner[..4] + begun.TrimEnd('。') : value;
        var ended = Say(inner + ".", depth);
        return ended == inner + "." ? value : ended.TrimEnd('。');
    }

    /// <summary>Null when it is not of this form. The first place at which a piece is found will do: what comes behind it has only more room so.</summary>
    private static string[]? ValuesOf(string sentence, string[] pieces)
    {
        var (head, tail) = (pieces[0], pieces[^1]);
        if (sentence.Length < head.Length + tail.Length || !sentence.StartsWith(head, StringComparison.Ordinal) || !sentence.EndsWith(tail, StringComparison.Ordinal)) return null;
        var values = new string[pieces.Length - 1];
        var (at, end) = (head.Length, sentence.Length - tail.Length);
        for (var i = 0; i < values.Length - 1; i++)
        {
            var next = sentence.IndexOf(pieces[i + 1], at, end - at, StringComparison.Ordinal);
            if (next < 0) return null;
            values[i] = sentence[at..next];
            at = next + pieces[i + 1].Length;
        }

        values[^1] = sentence[at..end];
        return values;
    }

    private static string[] Pieces(string template)
    {
        var pieces = new List<string>();
        for (var (number, rest) = (0, template); ; number++)
        {
            var place = $"{{{number.ToString(CultureInfo.InvariantCulture)}}}";
            var at = rest.IndexOf(place, StringComparison.Ordinal);
            pieces.Add(at < 0 ? rest : rest[..at]);
            if (at < 0) return [.. pieces];
            rest = rest[(at + place.Length)..];
        }
    }

    private sealed record Template(string[] Pieces, string Said);
}
