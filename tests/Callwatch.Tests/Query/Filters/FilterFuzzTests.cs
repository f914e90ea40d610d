using System.Text;
using Callwatch.Query.Filters;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Query.Filters;

public sealed class FilterFuzzTests
{
    private static readonly IReadOnlyList<byte[]> Good =
    [
        .. new[]
        {
            "model:gpt-4o status:error", "-model:gpt* cost:>0.5 duration:<2s", "\"a phrase, quoted\" user:\"Ž. O'Neill\"", "tokens:100..2000 tag:a,b,c metadata.key:value", "content:present app:shop env:prod",
            "ttft:>=300ms -\"not this\" session:* 日本語 cost:0.001..0.01", "a\\\"b name:\"x\\\\y\" kind:chat,embedding", "-(a) model:* tokens:>", ":::,,..*--\"\"",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    [Fact]
    public async Task Any_text_is_a_filter_or_wrong_at_a_place_within_it_and_what_is_printed_means_the_same() =>
        await Fuzz.ReadAsync(1, 20_000, Good, (bytes, random) =>
        {
            var text = random.Next(3) == 0 ? Encoding.Latin1.GetString(bytes) : Encoding.UTF8.GetString(bytes);
            switch (FilterParser.Parse(text))
            {
                case FilterResult.Wrong wrong:
                    Assert.InRange(wrong.Offset, 0, text.Length);
                    // Where something is missing at the end, it points just behind it.
                    Assert.InRange(wrong.Offset + wrong.Length, wrong.Offset, text.Length + 1);
                    Assert.NotEmpty(wrong.Message);
                    break;
                case FilterResult.Parsed { Filter: var filter }:
                    var printed = filter.ToString();
                    // Printing may quote, and be too long for being asked again.
                    if (printed.Length <= FilterParser.MaxLength) Assert.Equal(printed, Assert.IsType<FilterResult.Parsed>(FilterParser.Parse(printed)).Filter.ToString());
                    break;
            }
        });
}
