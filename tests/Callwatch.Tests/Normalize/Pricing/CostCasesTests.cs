using System.Globalization;
using System.Text.Json.Nodes;
using Callwatch.Normalize.Pricing;
using Callwatch.Spans;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Normalize.Pricing;

/// <summary>The worked examples of the cost specification, under <c>tests/fixtures/cost</c>.</summary>
public sealed class CostCasesTests
{
    private static readonly PriceBooks Books = new();

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, All.Count)];

    private static JsonArray All { get; } =
        JsonNode.Parse(File.ReadAllText(Path.Combine(Fixtures.Root, "cost", "cost-cases.json")))!["cases"]!.AsArray();

    [Theory]
    [MemberData(nameof(Cases))]
    public void Costs_what_the_example_says(int number)
    {
        var example = All[number]!;
        var call = A.Usage(example["usage"]!.AsObject().ToDictionary(pair => pair.Key, pair => (decimal)pair.Value!)) with
        {
            Provider = (string?)example["provider"],
            ResponseModel = (string?)example["model"],
        };
        var kind = ((string)example["model"]!).Contains("embedding", StringComparison.Ordinal) ? SpanKind.Embedding : SpanKind.Chat;
        Assert.True(Timestamp.TryParse((string)example["at"]!, out var at));

        var cost = Books.Price(call, kind, Outcome.Success, at);

        Assert.Equal(Usd(example["costUsd"]), cost.TotalUsd);
        if (cost.TotalUsd is null)
        {
            Assert.NotNull(cost.Reason);
            return;
        }

        Assert.Equal("computed", cost.Source);
        Assert.Equal((string?)example["matchedModel"], cost.PriceId);
        Assert.Equal(Usd(example["inputCostUsd"]), (cost.InputUsd ?? 0) + (cost.CacheReadUsd ?? 0) + (cost.CacheWriteUsd ?? 0));
        Assert.Equal(Usd(example["outputCostUsd"]) ?? 0, (cost.OutputUsd ?? 0) + (cost.ReasoningUsd ?? 0));
    }

    private static decimal? Usd(JsonNode? text) => text is null ? null : decimal.Parse((string)text!, CultureInfo.InvariantCulture);
}
