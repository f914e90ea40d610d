using System.Text;
using Callwatch.Search.Documents;
using Callwatch.Search.Words;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Callwatch.Tests.Search;

public sealed class WordStreamTests
{
    [Theory]
    [InlineData("Refund POLICY, please!", "refund policy please")]
    [InlineData("Crème Brûlée — Ångström Łódź İstanbul", "creme brulee angstrom lodz istanbul")]
    [InlineData("Σίσυφος ёлка", "σισυφοσ елка")]
    [InlineData("ＡＢＣ１２３ ﬁne", "abc123 fine")]
    [InlineData("order-12345_ab.7", "order 12345 ab 7")]
    [InlineData("退款", "退款 款")]
    [InlineData("我要退款", "我要 要退 退款 款")]
    [InlineData("GPT模型3", "gpt 模型 型 3")]
    [InlineData("ﾊﾝｶｸ", "ハン ンカ カク ク")]
    [InlineData("환불 정책", "환불 불 정책 책")]
    [InlineData("สวัสดี", "สว วั ัส สด ดี ี")]
    [InlineData("👍🏽 ok ❤️ 1️⃣", "ok 1")]
    [InlineData("soft\u00ADhyphen zero\u200Dwidth", "softhyphen zerowidth")]
    [InlineData("हिन्दी भाषा", "हिन्दी भाषा")]
    [InlineData("\uD83D lone \uDE00", "lone")]
    [InlineData("𠮷野家", "𠮷野 野家 家")]
    public void Text_is_divided_into_words_and_pairs(string text, string words) => Assert.Equal(words, string.Join(' ', WordQuery.WordsOf(text)));

    [Theory]
    [InlineData("refund policy", "\"refund policy\"")]
    [InlineData("退款", "\"退款\"")]
    [InlineData("退", "\"退\" *")]
    [InlineData("退款政策", "\"退款 款政 政策\"")]
    [InlineData("refund 退款 policy", "\"refund 退款 款 policy\"")]
    [InlineData("refun*", "\"refun\" *")]
    [InlineData("a \" OR b", "\"a or b\"")]
    [InlineData("!!! 👍", null)]
    public void A_question_is_a_phrase_of_the_same_words(string text, string? phrase) => Assert.Equal(phrase, WordQuery.Phrase(text));

    [Fact]
    public void Every_word_and_every_pair_of_characters_of_a_text_is_found()
    {
        var random = new Random(7);
        using var index = new OneDocument();
        for (var round = 0; round < 300; round++)
        {
            var text = RandomText(random);
            index.Put(text);
            foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (WordQuery.Phrase(word) is not { } phrase) continue;
                Assert.True(index.Finds(phrase), $"'{word}' in '{text}'");
                var runes = word.EnumerateRunes().ToArray();
                for (var at = 0; at + 1 < runes.Length; at++)
                {
                    if (Letters.KindOf(runes[at]) != LetterKind.Pair || Letters.KindOf(runes[at + 1]) != LetterKind.Pair) continue;
                    Assert.True(index.Finds(WordQuery.Phrase(runes[at].ToString())!), $"'{runes[at]}' in '{text}'");
                    Assert.True(index.Finds(WordQuery.Phrase(runes[at].ToString() + runes[at + 1])!), $"'{runes[at]}{runes[at + 1]}' in '{text}'");
                }
            }
        }
    }

    [Fact]
    public void No_text_throws()
    {
        var random = new Random(11);
        var text = new DocumentText();
        for (var round = 0; round < 2_000; round++)
        {
            var letters = new char[random.Next(200)];
            for (var i = 0; i < letters.Length; i++) letters[i] = (char)random.Next(0x10000);
            text.Begin(10_000);
            text.Add(new string(letters));
            _ = text.ToString();
            _ = WordQuery.Phrase(new string(letters));
        }

        // Every character there is, on its own.
        for (var code = 0; code <= 0x10FFFF; code++)
            if (Rune.IsValid(code)) _ = Letters.KindOf(Letters.Fold(new Rune(code)));
    }

    [Fact]
    public void Data_in_base64_is_no_text()
    {
        var bytes = new byte[4_000];
        new Random(3).NextBytes(bytes);
        var text = new DocumentText();
        text.Begin(100_000);
        text.Add("before data:image/png;base64," + Convert.ToBase64String(bytes) + " after");
        Assert.Equal("before data image png base64 after", text.ToString().Replace(Marks.End, "", StringComparison.Ordinal).Trim());
    }

    [Fact]
    public void No_phrase_goes_from_one_text_into_the_next()
    {
        using var index = new OneDocument();
        index.Put("refund", "policy");
        Assert.True(index.Finds("\"refund\""));
        Assert.True(index.Finds("\"policy\""));
        Assert.False(index.Finds(WordQuery.Phrase("refund policy")!));
    }

    private static string RandomText(Random random)
    {
        string[] words = ["Refund", "order-12345_ab", "退款政策", "ご返金ありがとう", "환불정책", "คืนเงิน", "Größe", "x", "7.5", "GPT模型", "ÅÉ", "国", "naïve", "🙂ok", "a\u0301b"];
        return string.Join(random.Next(3) == 0 ? ", " : " ", Enumerable.Range(0, random.Next(1, 12)).Select(_ => words[random.Next(words.Length)]));
    }

    private sealed class OneDocument : IDisposable
    {
        private readonly SqliteConnection connection = new("Data Source=:memory:");

        public OneDocument()
        {
            connection.Open();
            StoreDatabase.Execute(connection, "CREATE VIRTUAL TABLE words USING fts5 (text, tokenize = 'ascii')");
        }

        public void Put(params string[] texts)
        {
            StoreDatabase.Execute(connection, "DELETE FROM words");
            var document = new DocumentText();
            document.Begin(100_000);
            foreach (var text in texts) document.Add(text);
            using var insert = new Statement(connection, "INSERT INTO words (text) VALUES (?1)");
            insert.BindText(1, document.ToString()).Run();
        }

        public bool Finds(string phrase)
        {
            using var find = new Statement(connection, "SELECT count(*) FROM words WHERE words MATCH ?1");
            return find.BindText(1, phrase).Number() == 1;
        }

        public void Dispose() => connection.Dispose();
    }
}
