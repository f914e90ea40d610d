using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;

namespace Callwatch.Dashboard.Language;

/// <summary>
/// What the pages say, in one language. The English sentence is the key; each other language has a table beside this file,
/// and a sentence it lacks is shown in English. Numbers and names go in as {0}, {1}.
/// </summary>
public sealed class Words
{
    private readonly FrozenDictionary<string, string> table;
    private readonly Lazy<ToldSentences> told;

    private Words(string code, string name, FrozenDictionary<string, string> table)
    {
        Code = code;
        Name = name;
        this.table = table;
        told = new Lazy<ToldSentences>(() => new ToldSentences(table, ToldOf(code)));
    }

    public static Words English { get; } = new("en", "English", FrozenDictionary<string, string>.Empty);

    public static Words Chinese { get; } = new("zh", "中文", Table("zh"));

    public static IReadOnlyList<Words> All { get; } = [English, Chinese];

    /// <summary>As in <c>lang</c>: <c>en</c>, <c>zh</c>.</summary>
    public string Code { get; }

    /// <summary>The language's name in itself.</summary>
    public string Name { get; }

    /// <summary>For the html element: the script matters to fonts and screen readers.</summary>
    public string HtmlCode => Code == "zh" ? "zh-Hans" : Code;

    /// <summary>Every sentence with what it is here.</summary>
    internal IReadOnlyDictionary<string, string> Sentences => table;

    public string this[string sentence] => table.GetValueOrDefault(sentence, sentence);

    public string Say(string sentence, params ReadOnlySpan<object?> values) => string.Format(CultureInfo.InvariantCulture, this[sentence], values);

    /// <summary>One of two sentences by number; both may hold {0}, the number with its separators.</summary>
    public string Count(long number, string one, string many) => Say(number == 1 ? one : many, Show.Figure.Count(number));

    /// <summary>What the engine says, with whatever names and numbers are in it; as it is where this language lacks it.</summary>
    public string Told(string sentence) => Code == "en" ? sentence : told.Value.Say(sentence);

    /// <summary>The language asked for by parameter, else by cookie, else the first that the browser accepts.</summary>
    public static Words Choose(string? asked, string? remembered, string? accepted) =>
        Find(asked) ?? Find(remembered)
        ?? (accepted ?? "").Split(',', StringSplitOptions.TrimEntries)
            .Select(part => part.Split(';'))
            .OrderByDescending(Weight)
            .Select(part => Find(part[0])).FirstOrDefault(found => found is not null)
        ?? English;

    private static Words? Find(string? code) =>
        code is null ? null : All.FirstOrDefault(words => code.Equals(words.Code, StringComparison.OrdinalIgnoreCase)
            || code.StartsWith(words.Code + "-", StringComparison.OrdinalIgnoreCase));

    private static double Weight(string[] part)
    {
        var weight = part.Skip(1).FirstOrDefault(option => option.TrimStart().StartsWith("q=", StringComparison.OrdinalIgnoreCase));
        return weight is not null && double.TryParse(weight.Trim()[2..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) ? value : 1;
    }

    // The sentences of the engine are in a file of their own.
    private static Dictionary<string, string> ToldOf(string code) => Read($"words/{code}.told.json");

    private static Dictionary<string, string> Read(string name)
    {
        using var file = typeof(Words).Assembly.GetManifestResourceStream(name)!;
        return JsonSerializer.Deserialize<Dictionary<string, string>>(file)!;
    }

    private static FrozenDictionary<string, string> Table(string code)
    {
        // In several files, so that people who add to them meet less; the later one goes before.
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in typeof(Words).Assembly.GetManifestResourceNames().Where(name => name.StartsWith("words/" + code, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
            foreach (var (sentence, said) in Read(name)) all[sentence] = said;
        return all.Count > 0 ? all.ToFrozenDictionary(StringComparer.Ordinal) : throw new InvalidOperationException($"The table of {code} is not in the program.");
    }
}
