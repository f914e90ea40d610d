using System.Text;

namespace Callwatch.Search.Words;

/// <summary>What is looked for, as SQLite's full-text index understands it: each text a phrase of neighbouring words.</summary>
internal static class WordQuery
{
    /// <summary>
    /// Null when the text has no word in it. A <c>*</c> at the end stands for the rest of a word; a single character of a script without spaces
    /// stands for everything that holds it.
    /// </summary>
    public static string? Phrase(string text)
    {
        var prefix = text.Length > 1 && text[^1] == '*' && text[^2] != '*';
        var words = new Collector([]);
        var single = WordStream.Read(prefix ? text[..^1] : text, ref words, openEnd: true);
        if (words.Words.Count == 0) return null;
        // Words hold letters and digits only, so that no quote can be among them.
        return "\"" + string.Join(' ', words.Words) + "\"" + (prefix || single ? " *" : "");
    }

    /// <summary>All of the phrases and none of the others, among what the marks say; null when nothing is asked that can be found.</summary>
    public static string? All(IEnumerable<string> marks, IEnumerable<string> wanted, IEnumerable<string> unwanted)
    {
        List<string> all = [.. wanted.Select(Phrase).OfType<string>()];
        if (all.Count == 0) return null;
        var query = new StringBuilder().AppendJoin(" AND ", all.Concat(marks));
        return unwanted.Select(Phrase).OfType<string>().Aggregate("(" + query + ")", (sofar, phrase) => $"({sofar} NOT {phrase})");
    }

    /// <summary>The words of a text, as a question has them.</summary>
    internal static IReadOnlyList<string> WordsOf(string text, bool openEnd = false)
    {
        var words = new Collector([]);
        WordStream.Read(text, ref words, openEnd);
        return words.Words;
    }

    private readonly struct Collector(List<string> words) : ITakeWords
    {
        public List<string> Words => words;

        public void Word(ReadOnlySpan<char> word) => words.Add(word.ToString());
    }
}
