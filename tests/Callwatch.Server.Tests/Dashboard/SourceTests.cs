using System.Text.RegularExpressions;
using Callwatch.Dashboard.Language;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard;

/// <summary>Rules that the pages keep and that only their source can show.</summary>
public sealed partial class SourceTests
{
    private static readonly string Root = Path.GetFullPath(Path.Combine(Fixtures.Root, "..", "..", "src", "Callwatch.Dashboard"));

    private static readonly IReadOnlyList<(string Name, string Text)> Sources =
    [
        .. Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories)
            .Where(path => path.EndsWith(".razor", StringComparison.Ordinal) || path.EndsWith(".cs", StringComparison.Ordinal))
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal) && !path.Contains("/node_modules/", StringComparison.Ordinal))
            .Select(path => (Path.GetRelativePath(Root, path), File.ReadAllText(path))),
    ];

    [Fact]
    public void Every_sentence_is_there_in_Chinese()
    {
        var missing = Sources.SelectMany(source => Sentences(source.Text).Select(sentence => (source.Name, sentence)))
            .Where(pair => pair.sentence.Any(char.IsAsciiLetter) && Words.Chinese[pair.sentence] == pair.sentence)
            .Select(pair => pair.Name + ": " + pair.sentence).Distinct();
        Assert.Empty(missing);
    }

    [Fact]
    public void Translations_take_the_same_values()
    {
        foreach (var sentence in Sources.SelectMany(source => Sentences(source.Text)).Distinct())
            Assert.Equal(Places(sentence), Places(Words.Chinese[sentence]));
    }

    [Fact]
    public void Nothing_writes_raw_html_or_asks_for_what_the_policy_forbids()
    {
        foreach (var (name, text) in Sources)
        {
            Assert.DoesNotContain("MarkupString", text, StringComparison.Ordinal);
            Assert.DoesNotContain("AddMarkupContent", text, StringComparison.Ordinal);
            Assert.False(Forbidden().IsMatch(text), name + " has a style attribute, a handler or a script of its own");
        }
    }

    [Fact]
    public void No_page_knows_the_address_of_another_machine()
    {
        foreach (var (name, text) in Sources.Concat(Directory.EnumerateFiles(Path.Combine(Root, "Assets", "files")).Select(path => (path, File.ReadAllText(path)))))
        {
            var addresses = Address().Matches(text).Select(match => match.Value).Where(address => address != "http://www.w3.org/2000/svg");
            Assert.True(!addresses.Any(), name);
        }
    }

    private static IEnumerable<string> Sentences(string source)
    {
        foreach (Match use in Indexed().Matches(source))
            foreach (Match literal in Literal().Matches(use.Groups["inside"].Value)) yield return Unescaped(literal);
        foreach (Match use in Said().Matches(source))
            foreach (Capture capture in use.Groups["text"].Captures) yield return Regex.Unescape(capture.Value);
    }

    private static string Unescaped(Match literal) => Regex.Unescape(literal.Groups["text"].Value);

    private static string Places(string sentence) => string.Join(' ', Place().Matches(sentence).Select(match => match.Value).Order(StringComparer.Ordinal));

    // T["one"], T[condition ? "one" : "other"]; what is compared with or computed is no sentence.
    [GeneratedRegex("""(?<![A-Za-z])(?:T|words)\[(?<inside>(?:[^\]"]|"(?:[^"\\]|\\.)*")*)\]""", RegexOptions.CultureInvariant, 300_000)]
    private static partial Regex Indexed();

    [GeneratedRegex("""(?:^|\? |: |^\()"(?<text>(?:[^"\\]|\\.)*)"(?! or| and| =>)""", RegexOptions.CultureInvariant, 300_000)]
    private static partial Regex Literal();

    [GeneratedRegex("""(?<![A-Za-z])(?:T|words)\.(?:Say\("(?<text>(?:[^"\\]|\\.)*)"|Count\([^"\n]*, "(?<text>(?:[^"\\]|\\.)*)", "(?<text>(?:[^"\\]|\\.)*)")""", RegexOptions.CultureInvariant, 300_000)]
    private static partial Regex Said();

    [GeneratedRegex("""\{\d\}""", RegexOptions.CultureInvariant, 300_000)]
    private static partial Regex Place();

    [GeneratedRegex("""\sstyle="|\son[a-z]+="|<script(?! src=)|<style|javascript:""", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase, 300_000)]
    private static partial Regex Forbidden();

    [GeneratedRegex("""https?://[A-Za-z0-9.-]+[^\s"'`]*""", RegexOptions.CultureInvariant, 300_000)]
    private static partial Regex Address();
}
