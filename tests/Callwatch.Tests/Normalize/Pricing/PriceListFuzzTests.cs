using System.Text;
using System.Text.Json;
using Callwatch.Normalize.Pricing;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Normalize.Pricing;

public sealed class PriceListFuzzTests
{
    private static readonly string[] Values =
        ["null", "[]", "{}", "\"\"", "\"x\"", "-1", "1e400", "0.000001", "79228162514264337593543950336", "true", "\"\\ud800\"", "\"(\"", "\"(a+)+$\"", "\"2026-13-40\"", "\"2026-03-13\"", "\"16:30:00Z\"", "{\"or\":[]}", "{\"regex\":\"[\"}", "{\"\\udc00\":1}"];

    private static readonly byte[] Good = Encoding.UTF8.GetBytes(
        """
        [{"id": "acme", "api_pattern": "https://api\\.acme\\.ai", "provider_match": {"or": [{"equals": "acme"}, {"contains": "acm"}]}, "model_match": {"starts_with": "a-"}, "fallback_model_providers": ["openai"], "models": [
          {"id": "a-1", "match": {"and": [{"starts_with": "a-1"}, {"regex": "^a-1(-\\d+)?$"}]}, "prices": {"input_mtok": 1.5, "output_mtok": {"base": 3, "tiers": [{"start": 200000, "price": 6}]}}},
          {"id": "a-2", "start_date": "2026-01-01", "prices": [{"prices": {"input_mtok": 1}}, {"constraint": {"start_date": "2026-03-13"}, "prices": {"input_mtok": 2}}, {"constraint": {"start_time": "16:30:00Z", "end_time": "00:30:00Z"}, "prices": {"input_mtok": 0.5}}]}]}]
        """);

    [Fact]
    public async Task A_price_list_of_any_bytes_is_read_or_wrong_at_a_place()
    {
        Assert.IsType<PriceDataResult.Read>(PriceDataReader.Parse(Good));
        await Fuzz.ReadAsync(1, 6_000, [Good], (bytes, random) =>
        {
            if (random.Next(2) == 0) bytes = Replaced(random);
            switch (PriceLayer.Parse(bytes))
            {
                case PriceLayerResult.Wrong wrong:
                    Assert.NotEmpty(wrong.Message);
                    break;
                case PriceLayerResult.Read read:
                    _ = new PriceBook(read.Layer).Version;
                    break;
            }
        });
    }

    [Fact]
    public void An_uploaded_list_with_a_text_that_is_no_Unicode_is_wrong_and_not_an_error_of_the_server()
    {
        foreach (var list in (string[])["""[{"id": "\ud800"}]""", """[{"id": "a", "models": [{"id": "m", "prices": {"\udc00": 1}}]}]""", """[{"id": "a", "model_match": {"\ud800": "x"}}]"""])
        {
            using var entries = JsonDocument.Parse(list);
            Assert.IsType<PriceLayerResult.Wrong>(PriceLayer.Parse(OwnPrices.Bytes(entries.RootElement)));
        }
    }

    private static byte[] Replaced(Random random)
    {
        var text = Encoding.UTF8.GetString(Good);
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            var colons = Enumerable.Range(0, text.Length).Where(at => text[at] == ':' && at + 1 < text.Length && text[at + 1] == ' ').ToList();
            if (colons.Count == 0) break;
            var from = colons[random.Next(colons.Count)] + 1;
            var to = text.IndexOfAny([',', '}', ']'], from);
            if (to < 0) break;
            text = text[..from] + " " + Values[random.Next(Values.Length)] + text[to..];
        }

        return Encoding.UTF8.GetBytes(text);
    }
}
