using System.Text;
using System.Text.RegularExpressions;
using Callwatch.Dashboard.Destinations;
using Callwatch.Dashboard.Language;
using Callwatch.Forward.Lanes;
using Callwatch.Spans;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard;

/// <summary>What the engine says to people (fields that are wrong, platforms that do not answer, filters, the doctor's findings) is said in the language of the page.</summary>
public sealed partial class ToldTests
{
    private static readonly string Source = Path.GetFullPath(Path.Combine(Fixtures.Root, "..", "..", "src"));

    // Whose sentences come to a page.
    private static readonly string[] Speakers =
    [
        "Callwatch/Control/Secrets", "Callwatch/Costs", "Callwatch/Diagnose", "Callwatch/Forward/Desk", "Callwatch/Forward/Destinations", "Callwatch/Forward/Lanes", "Callwatch/Forward/Outbound",
        "Callwatch/Journal/Writing", "Callwatch/Journal/Sealing", "Callwatch/Query/Filters", "Callwatch/Query/Lists", "Callwatch/Query/Running", "Callwatch.Server/Support",
    ];

    // The beginnings and ends of sentences that are put together, which the tests below say as a whole; and what is written into a file, not onto a page.
    private static readonly string[] Parts =
    [
        "⟨⟩ an address that belongs to no host.", "⟨⟩ a loopback, private or link-local address, and those are refused. The operator can allow them: ⟨⟩ is true, or names their ranges.",
        "Did you mean '⟨⟩'?", "In quotes it is searched as text.", "Nothing is written here.", "Nothing has been logged since the start.",
    ];

    [Fact]
    public void The_sentences_of_the_engine_that_a_page_may_show_are_there_in_Chinese()
    {
        // A few may be newer than their translation: they are shown as they are.
        const int Newer = 12;
        var missing = new List<string>();
        foreach (var file in Speakers.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Source, folder), "*.cs", SearchOption.AllDirectories)))
        {
            foreach (var sentence in Sentences(file).Where(sentence => !Parts.Contains(sentence, StringComparer.Ordinal)))
            {
                var said = sentence.Replace("⟨⟩", "7", StringComparison.Ordinal);
                // What ends with a colon goes on with somebody's words, with a full stop behind them or without.
                string[] forms = said[^1] == ':' ? [said + " why", said + " why."] : [said, said + " why"];
                if (forms.All(form => Words.Chinese.Told(form) == form)) missing.Add($"{Path.GetFileName(file)}: {sentence}");
            }
        }

        Assert.True(missing.Count <= Newer, "Language/zh.told.json lacks:\n" + string.Join('\n', missing));
    }

    [Theory]
    [InlineData("'secret_key' is missing.", "缺少“secret_key”。")]
    [InlineData("There is no field 'modle'. Did you mean 'model'?", "没有字段“modle”。您是指“model”吗？")]
    [InlineData("There is no field 'x'. In quotes it is searched as text.", "没有字段“x”。加引号则按文本搜索。")]
    [InlineData("10.0.0.1 is an address that belongs to no host.", "10.0.0.1 是不属于任何主机的地址。")]
    [InlineData("lake.example stands for a loopback, private or link-local address, and those are refused. The operator can allow them: A:B is true, or names their ranges.", "lake.example 解析到回环、内网或链路本地地址，默认拒绝。运维可以放行：将 A:B 设为 true，或列出网段。")]
    [InlineData("The DSN has no public key before the '@'. A DSN looks like https://KEY@HOST/PROJECT; Sentry shows it under Settings, Projects, Client Keys.", "DSN 的“@”之前没有公钥。DSN 的形式为 https://KEY@HOST/PROJECT；可在 Sentry 的 Settings → Projects → Client Keys 中找到。")]
    [InlineData("Line 3, column Cost: must be a whole number.", "第 3 行，列 Cost：应为整数。")]
    [InlineData("store does not go on: The disk has no room left. 7 records wait.", "store 停住了：磁盘已满。有 7 条记录在等待。")]
    [InlineData("Lake refuses what it is sent: 302 It redirects to another address. 7 traces wait.", "Lake 拒绝接收：302 它重定向到另一个地址。有 7 条链路在等待。")]
    [InlineData("Lake refuses what it is sent: 400 'model' is missing. 7 traces wait.", "Lake 拒绝接收：400 'model' is missing。有 7 条链路在等待。")]
    [InlineData("7 calls of the last day have no cost: there is no price for qwen3-32b of vllm.", "最近一天有 7 次调用没有成本：缺少 vllm 的 qwen3-32b 的价格。")]
    [InlineData("No connection: ConnectionRefused.", "无法连接：ConnectionRefused。")]
    public void Names_and_numbers_go_aquotesand_so_does_what_is_said_within(string english, string chinese) => Assert.Equal(chinese, Words.Chinese.Told(english));

    [Theory]
    [InlineData("")]
    [InlineData("span attribute llm.token_count.total must be positive")]
    [InlineData("{0} {1}")]
    [InlineData("' is missing.")]
    public void What_is_not_known_stays_as_it_is(string sentence)
    {
        Assert.Equal(sentence, Words.Chinese.Told(sentence));
        Assert.Equal(sentence, Words.English.Told(sentence));
    }

    [Fact]
    public void Values_may_hold_whatever_they_like()
    {
        Assert.Equal("缺少“{0} {9}”。", Words.Chinese.Told("'{0} {9}' is missing."));
        var quotes = new string('\'', 3_000);
        Assert.Equal($"缺少“{quotes}”。", Words.Chinese.Told($"'{quotes}' is missing."));
        Assert.Equal(new string('x', 5_000), Words.Chinese.Told(new string('x', 5_000)));
    }

    [Fact]
    public void A_platforms_own_words_are_not_translated_and_ours_are()
    {
        Assert.Equal("400 'model' is missing.", LaneWords.Line(Error(400, "'model' is missing."), 100, Words.Chinese));
        Assert.Equal("主机名无法解析。", LaneWords.Line(Error(null, "The name of the host is not known."), 100, Words.Chinese));
        Assert.Equal("The name of the host is not known.", LaneWords.Line(Error(null, "The name of the host is not known."), 100, Words.English));

        static LaneError Error(int? status, string message) => new(Timestamp.FromUnixSeconds(0), status, message, "");
    }

    [Fact]
    public void One_thing_has_one_name_in_Chinese()
    {
        // A provider, a trace, a span, a token, a prompt and settling: what a reader of one page looks for on another.
        var others = new Regex("供应商|提供方|追踪|归整|定型|数据文件夹|提示(?![词音])|[^A-Za-z_-]spans?[^A-Za-z_-]|[^A-Za-z_-]tokens?[^A-Za-z_-]", RegexOptions.CultureInvariant, TimeSpan.FromMinutes(5));
        Assert.Empty(Words.Chinese.Sentences.Where(pair => others.IsMatch(pair.Value)).Select(pair => $"{pair.Key}: {pair.Value}"));
    }

    [Fact]
    public void What_was_changed_is_told_in_Chinese_in_the_audit()
    {
        var acts = Directory.EnumerateFiles(Path.Combine(Source, "Callwatch"), "*.cs", SearchOption.AllDirectories).SelectMany(file => Act().Matches(File.ReadAllText(file)).Select(match => match.Groups["act"].Value)).Distinct().ToList();
        Assert.True(acts.Count > 8, string.Join(", ", acts));
        Assert.DoesNotContain(acts, act => Words.Chinese[act] == act);
    }

    // Literals that end as sentences do, with ⟨⟩ for what is put in; not those of exceptions and the log, which no page shows.
    private static IEnumerable<string> Sentences(string file)
    {
        foreach (var line in File.ReadLines(file))
        {
            var code = line.TrimStart();
            if (code.StartsWith("//", StringComparison.Ordinal) || NotSaid().IsMatch(code)) continue;
            foreach (var literal in Literals(code))
                if (literal.Contains(' ', StringComparison.Ordinal) && literal[^1] is '.' or ':' or '?' && literal.Any(char.IsAsciiLetterLower) && !Sql().IsMatch(literal)) yield return literal;
        }
    }

    private static IEnumerable<string> Literals(string code)
    {
        for (var at = 0; at < code.Length; at++)
        {
            if (code[at] == '\'')
            {
                // A letter, which may be a quotation mark.
                at = code.IndexOf('\'', at + (code.AsSpan(at + 1).StartsWith("\\") ? 3 : 2)) is var end and > 0 ? end : code.Length;
                continue;
            }

            if (code[at] == '/' && code.AsSpan(at).StartsWith("//")) yield break;
            if (code[at] != '"') continue;
            if (code.AsSpan(at).StartsWith("\"\"\"") || (at > 0 && code[at - 1] == '@')) yield break;
            var (text, next) = Literal(code, at + 1, at > 0 && code[at - 1] == '$');
            at = next;
            if (text.Trim().Length > 1) yield return text.Trim();
        }
    }

    private static (string Text, int End) Literal(string code, int at, bool interpolated)
    {
        var text = new StringBuilder();
        for (; at < code.Length && code[at] != '"'; at++)
        {
            if (code[at] == '\\') text.Append(code[++at]);
            else if (interpolated && code[at] is '{' or '}' && at + 1 < code.Length && code[at + 1] == code[at]) text.Append(code[at++]);
            else if (interpolated && code[at] == '{')
            {
                text.Append("⟨⟩");
                at = Hole(code, at);
            }
            else text.Append(code[at]);
        }

        return (text.ToString(), at);
    }

    // Where what is put in ends: it may hold literals and braces of its own.
    private static int Hole(string code, int at)
    {
        for (var depth = 0; at < code.Length; at++)
        {
            if (code[at] == '"') at = Literal(code, at + 1, code[at - 1] == '$').End;
            else if (code[at] == '{') depth++;
            else if (code[at] == '}' && --depth == 0) return at;
        }

        return at;
    }

    [GeneratedRegex("throw |Exception\\(|LoggerMessage|Message = |const string Section", RegexOptions.CultureInvariant, 300_000)]
    private static partial Regex NotSaid();

    [GeneratedRegex("SELECT |UPDATE |INSERT |DELETE FROM|CREATE |PRAGMA |WHERE ", RegexOptions.CultureInvariant, 300_000)]
    private static partial Regex Sql();

    [GeneratedRegex("(?:AuditLog\\.Add\\(|Audit\\(|Save\\().*?who, (?:[a-z]+ \\? )?\"(?<act>[a-z -]+)\"|: \"(?<act>resume destination)\"", RegexOptions.CultureInvariant, 300_000)]
    private static partial Regex Act();
}
