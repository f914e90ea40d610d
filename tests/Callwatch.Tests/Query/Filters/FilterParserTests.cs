using Callwatch.Query.Filters;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Callwatch.Tests.Query.Filters;

public sealed class FilterParserTests
{
    [Theory]
    [InlineData("model:gpt-4o", "model:gpt-4o")]
    [InlineData("model = gpt-4o", "model:gpt-4o")]
    [InlineData("status:failed", "outcome:error")]
    [InlineData("duration_ms>2000", "latency>2s")]
    [InlineData("latency > 1500ms", "latency>1500ms")]
    [InlineData("latency:>2s", "latency>2s")]
    [InlineData("latency>1m30s", "latency>90s")]
    [InlineData("ttft>=800ms", "ttft>=800ms")]
    [InlineData("ttft<0", "ttft<0s")]
    [InlineData("cost>$0.010", "cost>0.01")]
    [InlineData("cost.total_usd<=0.000000000001", "cost<=0.000000000001")]
    [InlineData("usage.total_tokens>10k", "tokens>10000")]
    [InlineData("user:\"anna b\"", "user:\"anna b\"")]
    [InlineData("user_id:\"say \\\"hi\\\" \\\\\"", "user:\"say \\\"hi\\\" \\\\\"")]
    [InlineData("-env:dev", "-env:dev")]
    [InlineData("environment!=dev", "-env:dev")]
    [InlineData("-environment!=dev", "env:dev")]
    [InlineData("metadata.plan:pro", "metadata.plan:pro")]
    [InlineData("metadata.\"my plan\":pro", "metadata.\"my plan\":pro")]
    [InlineData("model:gpt-4*,\"o3*\", o1", "model:gpt-4*,\"o3*\",o1")]
    [InlineData("\"refund policy\" -spam", "\"refund policy\" -spam")]
    [InlineData("退款", "退款")]
    [InlineData("http_status:5xx", "http_status:5xx")]
    [InlineData("http:429,500", "http_status:429,500")]
    [InlineData("streaming:yes", "streaming:true")]
    [InlineData("user:*", "user:*")]
    [InlineData("-parent:*", "-parent:*")]
    [InlineData("end:2026-09-17", "end:2026-09-17")]
    [InlineData("end>2026-09-17", "end>2026-09-17T00:00:00Z")]
    [InlineData("start>=2026-09-17T15:00:00.5+02:00", "start>=2026-09-17T13:00:00.5Z")]
    [InlineData("trace:4BF92F35-77B3-4DA6-A3CE-929D0E0E4736", "trace:4bf92f3577b34da6a3ce929d0e0e4736")]
    [InlineData("kind:generate_name", "kind:generate_conversation_name")]
    [InlineData("12:30", "\"12:30\"")]
    [InlineData("\"AND\"", "\"AND\"")]
    [InlineData("   ", "")]
    public void Reads_every_spelling_and_prints_the_usual_one(string text, string printed) => Assert.Equal(printed, Parsed(text).ToString());

    [Fact]
    public void Reads_the_example_of_the_documentation()
    {
        var filter = Parsed("model:gpt-4o outcome:error latency>2s cost>0.01 user:\"anna\" -env:dev ttft>=800ms metadata.plan:pro \"refund policy\"");

        Assert.Equal(9, filter.Terms.Count);
        var latency = Assert.IsType<FilterTerm.Compare>(filter.Terms[2]);
        Assert.Equal((FilterFields.Latency, Comparison.Greater), (latency.Field, latency.Op));
        Assert.Equal(new FilterValue.Number(2_000_000_000m), Assert.Single(latency.Values));
        Assert.Equal(("metadata.plan", "plan"), (Assert.IsType<FilterTerm.Compare>(filter.Terms[7]).Name, ((FilterTerm.Compare)filter.Terms[7]).Key));
        Assert.Equal("refund policy", Assert.IsType<FilterTerm.FreeText>(filter.Terms[8]).Text);
        Assert.True(filter.Terms[5].Negated);
    }

    [Theory]
    [InlineData("model:a modle:b", 8, "'model'")]
    [InlineData("  outcom:error", 2, "'outcome'")]
    [InlineData("zzzzzz:1", 0, "In quotes")]
    [InlineData("latency>2", 8, "needs a unit: 2s or 2ms")]
    [InlineData("latency>2parsecs", 8, "'parsecs'")]
    [InlineData("latency>fast", 8, "duration")]
    [InlineData("model>gpt", 5, "no order")]
    [InlineData("outcome:erorr", 8, "'error'")]
    [InlineData("outcome:maybe", 8, "one of success, error, cancelled")]
    [InlineData("cost>a", 5, "US dollars")]
    [InlineData("tokens>1.5", 7, "whole number")]
    [InlineData("tokens>1,2", 6, "one value")]
    [InlineData("end>2026-09-17T13:00:00", 4, "zone")]
    [InlineData("trace:abc", 6, "32 hexadecimal")]
    [InlineData("model:", 6, "needs a value")]
    [InlineData("model:a, ", 8, "needs a value")]
    [InlineData("user:\"anna", 5, "closing quote")]
    [InlineData("user:\"anna\"b", 11, "space")]
    [InlineData("a OR b", 2, "commas")]
    [InlineData("(model:a)", 0, "brackets")]
    [InlineData("model:a - b", 8, "After '-'")]
    [InlineData(">2s", 0, "comes a field")]
    [InlineData("metadata:pro", 0, "needs a key")]
    [InlineData("metadata.\"\":pro", 9, "needs a key")]
    [InlineData("streaming:maybe", 10, "true or false")]
    [InlineData("\"\"", 0, "nothing between")]
    public void Points_at_the_character_that_is_wrong(string text, int offset, string says)
    {
        var wrong = Assert.IsType<FilterResult.Wrong>(FilterParser.Parse(text));

        Assert.Equal(offset, wrong.Offset);
        Assert.Contains(says, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_more_than_its_limits()
    {
        Assert.IsType<FilterResult.Wrong>(FilterParser.Parse(new string('a', FilterParser.MaxLength + 1)));
        Assert.IsType<FilterResult.Wrong>(FilterParser.Parse(string.Join(' ', Enumerable.Repeat("a", FilterParser.MaxTerms + 1))));
        Assert.IsType<FilterResult.Wrong>(FilterParser.Parse("user:" + string.Join(',', Enumerable.Repeat("a", FilterParser.MaxValues + 1))));
        Assert.IsType<FilterResult.Parsed>(FilterParser.Parse("user:" + string.Join(',', Enumerable.Repeat("a", FilterParser.MaxValues))));
    }

    [Fact]
    public void Every_field_is_found_by_each_of_its_names_and_its_example_is_a_filter()
    {
        foreach (var field in FilterFields.All)
        {
            Assert.IsType<FilterResult.Parsed>(FilterParser.Parse(field.Example));
            if (field.Keyed) continue;
            foreach (var name in (string?[])[field.Name, field.ApiName, .. field.Aliases])
                if (name is not null) Assert.True(FilterFields.TryFind(name, out var found, out _) && found == field, name + " is not " + field.Name);
        }
    }

    [Fact]
    public void No_text_throws_and_what_is_printed_reads_the_same()
    {
        var pieces = Gen.Elements(
        [
            .. FilterFields.All.Select(field => field.Example), .. FilterFields.All.Select(field => field.Name), "metadata.", ":", "=", "!=", ">", ">=", "<", "-", ",", " ", "  ",
            "\"", "\\", "*", "**", "5xx", "2s", "1m30s", "0", "10k", "9999999999999999999999", "0.0000000001", "2026-09-17", "2026-09-17T00:00:00Z", "gpt-4o", "error", "退款", "\ud800", "\0", "\u00a0", "(", "OR", "AND", "'", "é",
        ]);
        var texts = Gen.OneOf(
            pieces.ListOf().Select(parts => string.Concat(parts)),
            pieces.ListOf().Select(parts => string.Join(' ', parts)),
            ArbMap.Default.GeneratorFor<string>().Select(text => text ?? ""));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(3_000), Prop.ForAll(texts.ToArbitrary(), text =>
        {
            switch (FilterParser.Parse(text))
            {
                case FilterResult.Parsed parsed:
                    var printed = parsed.Filter.ToString();
                    if (printed.Length > FilterParser.MaxLength) return;
                    Assert.Equal(Structure(parsed.Filter), Structure(Parsed(printed)));
                    break;
                case FilterResult.Wrong wrong:
                    Assert.InRange(wrong.Offset, 0, text.Length);
                    Assert.InRange(wrong.Length, 1, Math.Max(1, text.Length + 1 - wrong.Offset));
                    break;
            }
        }));
    }

    // 0.010 is 0.01.
    private static FilterValue Same(FilterValue value) => value is FilterValue.Number number ? new FilterValue.Number(number.Value / 1.0000000000000000000000000000m) : value;

    private static Filter Parsed(string text) => Assert.IsType<FilterResult.Parsed>(FilterParser.Parse(text)).Filter;

    private static string Structure(Filter filter) => string.Join('\n', filter.Terms.Select(term => term.Negated + " " + term switch
    {
        FilterTerm.Compare compare => $"{compare.Field.Name} {compare.Key} {compare.Op} {string.Join(" | ", compare.Values.Select(Same))}",
        FilterTerm.FreeText free => free.Text,
        _ => "",
    }));
}
