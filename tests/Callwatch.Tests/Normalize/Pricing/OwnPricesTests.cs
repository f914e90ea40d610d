using System.Text.Json;
using Callwatch.Control;
using Callwatch.Normalize.Pricing;
using Callwatch.Spans;
using Callwatch.Testing;
using Microsoft.Extensions.Options;
using Xunit;

namespace Callwatch.Tests.Normalize.Pricing;

public sealed class OwnPricesTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly ManualTime time = new();
    private readonly ControlDb db;
    private readonly PriceOptions options = new();

    public OwnPricesTests() => db = new ControlDb(folder.At("control.db"));

    private PriceHistory History => new(db, time);

    private OwnPrices Own => new(History, Options.Create(options));

    [Fact]
    public void Own_entries_go_before_the_built_in_ones_and_outlive_a_restart()
    {
        var books = Start();
        Put(books, """[{"id":"openai","models":[{"id":"ours","match":{"starts_with":"gpt-4o"},"prices":{"input_mtok":1,"output_mtok":1}}]}]""");
        Assert.Equal((0.0011m, "ours"), (Price(books, "openai", "gpt-4o").TotalUsd, Price(books, "openai", "gpt-4o").PriceId));
        Assert.Equal("gpt-4.1", Price(books, "openai", "gpt-4.1").PriceId);
        Assert.Equal("ours", Price(Start(), "openai", "gpt-4o").PriceId);
    }

    [Fact]
    public void An_empty_list_takes_them_away()
    {
        var books = Start();
        var before = books.Version;
        Put(books, """[{"id":"openai","models":[{"id":"gpt-4o","prices":{"input_mtok":1,"output_mtok":1}}]}]""");
        Assert.NotEqual(before, books.Version);
        Put(books, "[]");
        Assert.Equal(before, books.Version);
        Assert.Null(Own.Entries());
    }

    [Fact]
    public void An_entry_with_a_start_date_is_not_there_before_that_day()
    {
        var books = Start();
        Put(books, """[{"id":"openai","models":[{"id":"gpt-4o","start_date":"2026-09-01","prices":{"input_mtok":1,"output_mtok":1}}]}]""");
        Assert.Equal(0.0035m, Price(books, "openai", "gpt-4o", "2026-08-31T23:59:59.999999999Z").TotalUsd);
        Assert.Equal(0.0011m, Price(books, "openai", "gpt-4o", "2026-09-01T00:00:00Z").TotalUsd);
    }

    [Fact]
    public void Hosts_and_providers_that_the_built_in_list_lacks_can_be_priced()
    {
        var books = Start();
        Put(books, """
            [{"id":"house","api_pattern":"https://llm\\.example\\.com","fallback_model_providers":["openai"],
              "models":[{"id":"llama","match":{"contains":"llama"},"prices":{"input_mtok":0.5,"output_mtok":0.5}}]}]
            """);
        Assert.Equal(0.00055m, Price(books, "house", "our-llama-70b").TotalUsd);
        Assert.Equal(0.0035m, Price(books, "house", "gpt-4o").TotalUsd);
        Assert.Equal("llama", books.Price(A.Call("openai", "our-llama") with { ServerAddress = "llm.example.com" }, SpanKind.Chat, Outcome.Success, A.Now).PriceId);
    }

    [Fact]
    public void A_file_of_the_operators_stands_between_own_entries_and_the_built_in_list()
    {
        options.File = folder.At("prices.json");
        File.WriteAllText(options.File, """[{"id":"openai","models":[{"id":"gpt-4o","prices":{"input_mtok":2,"output_mtok":2}},{"id":"gpt-4.1","prices":{"input_mtok":2,"output_mtok":2}}]}]""");
        var books = Start();
        Put(books, """[{"id":"openai","models":[{"id":"gpt-4o","prices":{"input_mtok":1,"output_mtok":1}}]}]""");
        Assert.Equal(0.0011m, Price(books, "openai", "gpt-4o").TotalUsd);
        Assert.Equal(0.0022m, Price(books, "openai", "gpt-4.1").TotalUsd);
    }

    [Fact]
    public void A_call_is_priced_again_by_the_book_that_priced_it()
    {
        var books = Start();
        var first = Price(books, "openai", "gpt-4o");
        time.Advance(TimeSpan.FromDays(1));
        Put(books, """[{"id":"openai","models":[{"id":"gpt-4o","prices":{"input_mtok":1,"output_mtok":1}}]}]""");
        var second = Price(books, "openai", "gpt-4o");
        Assert.Equal(first, Start().Price(A.Call("openai", "gpt-4o"), SpanKind.Chat, Outcome.Success, A.Now, first.PriceBook!));
        Assert.Equal(second, Start().Price(A.Call("openai", "gpt-4o"), SpanKind.Chat, Outcome.Success, A.Now, second.PriceBook!));
        Assert.Equal([second.PriceBook, first.PriceBook], History.List(10).Select(book => book.Version));
        Assert.Equal(Timestamp.From(time.GetUtcNow()), History.Latest()!.InForceSince);
    }

    [Fact]
    public void A_start_that_changes_nothing_makes_no_new_book()
    {
        _ = Start().Version;
        _ = Start().Version;
        Assert.Single(History.List(10));
    }

    [Theory]
    [InlineData("""{"id":"openai"}""", "", "must be a list")]
    [InlineData("""[{"models":[]}]""", "[0].id", "is missing")]
    [InlineData("""[{"id":"a","models":[{"id":"b"}]}]""", "[0].models[0].prices", "is missing")]
    [InlineData("""[{"id":"a","models":[{"id":"b","prices":[]}]}]""", "[0].models[0].prices", "must not be empty")]
    [InlineData("""[{"id":"a","models":[{"id":"b","prices":{"input_mtoks":1}}]}]""", "[0].models[0].prices.input_mtoks", "is no price key")]
    [InlineData("""[{"id":"a","models":[{"id":"b","prices":{"input_mtok":-1}}]}]""", "[0].models[0].prices.input_mtok", "from 0 up")]
    [InlineData("""[{"id":"a","models":[{"id":"b","prices":{"input_mtok":"1"}}]}]""", "[0].models[0].prices.input_mtok", "from 0 up")]
    [InlineData("""[{"id":"a","models":[{"id":"b","prices":{"input_mtok":{"base":1,"tiers":[{"start":-1,"price":1}]}}}]}]""", "[0].models[0].prices.input_mtok.tiers[0].start", "number of tokens")]
    [InlineData("""[{"id":"a","models":[{"id":"b","match":{"like":"x"},"prices":{}}]}]""", "[0].models[0].match.like", "is none of")]
    [InlineData("""[{"id":"a","models":[{"id":"b","match":{"regex":"("},"prices":{}}]}]""", "[0].models[0].match.regex", "no regular expression")]
    [InlineData("""[{"id":"a","models":[{"id":"b","start_date":"soon","prices":{}}]}]""", "[0].models[0].start_date", "must be a day")]
    [InlineData("""[{"id":"a","models":[{"id":"b","prices":[{"constraint":{},"prices":{}}]}]}]""", "[0].models[0].prices[0].constraint", "needs start_date")]
    public void A_wrong_entry_is_refused_with_its_place_and_changes_nothing(string entries, string path, string message)
    {
        var books = Start();
        var before = books.Version;
        using var json = JsonDocument.Parse(entries);
        var wrong = Assert.IsType<PutPricesResult.Wrong>(Own.Put(json.RootElement, books));
        Assert.Equal(path, wrong.Path);
        Assert.Contains(message, wrong.Message, StringComparison.Ordinal);
        Assert.Equal(before, books.Version);
    }

    [Theory]
    [InlineData("no json", "is no JSON")]
    [InlineData("""[{"id":"a","models":[{"id":"b","prices":{"typo":1}}]}]""", "[0].models[0].prices.typo is no price key")]
    public void A_wrong_file_stops_the_start_and_says_where(string text, string says)
    {
        options.File = folder.At("prices.json");
        File.WriteAllText(options.File, text);
        var result = new PriceOptionsValidator().Validate(null, options);
        Assert.Contains(says, result.FailureMessage, StringComparison.Ordinal);
        Assert.Contains("Callwatch:Prices:File", result.FailureMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void A_slow_regular_expression_matches_nothing_and_stops_nobody()
    {
        var books = Start();
        Put(books, """[{"id":"openai","models":[{"id":"slow","match":{"regex":"^(a+)+$"},"prices":{"input_mtok":1,"output_mtok":1}}]}]""");
        Assert.Equal(CostReasons.UnknownModel, Price(books, "openai", new string('a', 60) + "!").Reason);
    }

    public void Dispose()
    {
        db.Dispose();
        folder.Dispose();
    }

    private PriceBooks Start()
    {
        var own = Own;
        return new PriceBooks(options, own.AtStart, own.Past);
    }

    private void Put(PriceBooks books, string entries)
    {
        using var json = JsonDocument.Parse(entries);
        Assert.IsType<PutPricesResult.InForce>(Own.Put(json.RootElement, books));
    }

    private static CallCost Price(PriceBooks books, string provider, string model, string at = "2026-09-01T12:00:00Z") =>
        books.Price(A.Call(provider, model), SpanKind.Chat, Outcome.Success, A.At(at));
}
