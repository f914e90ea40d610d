using System.Globalization;
using System.Text.Json;
using Callwatch.Normalize.Pricing;
using Callwatch.Spans;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Normalize.Pricing;

/// <summary>Random models, tiers, usages and times against the package that the price data comes from.</summary>
public sealed class DifferentialTests
{
    private const int Rounds = 200;

    [Fact]
    public async Task Two_hundred_random_calls_cost_what_the_package_says()
    {
        var cancel = TestContext.Current.CancellationToken;
        if (await Node.PrepareAsync("prices", cancel) is { } missing)
        {
            var why = "Not compared with @pydantic/genai-prices: " + missing;
            if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(why);
            Assert.Skip(why);
        }

        // Another seed looks at other calls: CALLWATCH_TEST_SEED.
        var seed = int.TryParse(Environment.GetEnvironmentVariable("CALLWATCH_TEST_SEED"), CultureInfo.InvariantCulture, out var given) ? given : 20260917;
        var random = new RandomCalls(seed);
        var calls = Enumerable.Range(0, Rounds).Select(_ => random.Next()).ToList();
        var input = JsonSerializer.Serialize(calls.Select(call => new { provider = call.Provider, url = call.Url, model = call.Model, usage = call.Usage, at = call.At.ToString() }));
        using var theirs = JsonDocument.Parse(await Node.ScriptAsync("prices", "costs.mjs", input, cancel));

        var books = new PriceBooks();
        var priced = 0;
        foreach (var (call, their) in calls.Zip(theirs.RootElement.EnumerateArray()))
        {
            var ours = books.Price(
                A.Usage(call.Usage) with { Provider = call.Provider, ServerAddress = call.Url?["https://".Length..], ResponseModel = call.Model }, SpanKind.Image, Outcome.Success, call.At);
            var about = $"seed {seed}: {call.Provider ?? call.Url} {call.Model} at {call.At}, {JsonSerializer.Serialize(call.Usage)}; ours {ours}; theirs {their}";

            // What was used and has no price the package takes as free, the cost specification as unknown.
            if (their.ValueKind == JsonValueKind.Null || LacksPrice(call, their))
            {
                Assert.True(ours.TotalUsd is null, about);
                continue;
            }

            Assert.False(their.TryGetProperty("error", out _), about);
            Assert.True(ours.PriceId == their.GetProperty("model").GetString(), about);
            Assert.True(ours.TotalUsd is not null, about);
            AssertClose(their.GetProperty("total"), ours.TotalUsd!.Value, about);
            AssertClose(their.GetProperty("input"), (ours.InputUsd ?? 0) + (ours.CacheReadUsd ?? 0) + (ours.CacheWriteUsd ?? 0), about);
            AssertClose(their.GetProperty("output"), (ours.OutputUsd ?? 0) + (ours.ReasoningUsd ?? 0), about);
            priced++;
        }

        Assert.True(priced > Rounds / 2, $"only {priced} of {Rounds} had a price: the comparison says little");
    }

    private static bool LacksPrice(RandomCall call, JsonElement their)
    {
        if (!their.TryGetProperty("prices", out var keys)) return false;
        var priced = keys.EnumerateArray().Select(key => PriceUnits.ByPriceKey[key.GetString()!]).Aggregate(0UL, (set, unit) => set | (1UL << unit.Index));
        return priced == 0 || call.Usage.Any(used =>
            used.Value > 0 && PriceUnits.ByUsageKey[used.Key] is var unit && (priced & (unit.Wholes | (1UL << unit.Index))) == 0 && used.Key != "audio_seconds");
    }

    // Theirs is binary floating point, ours is exact to twelve places.
    private static void AssertClose(JsonElement theirs, decimal ours, string about)
    {
        var expected = theirs.GetDouble();
        Assert.True(Math.Abs(expected - (double)ours) <= 1e-11 + (1e-9 * expected), about);
    }
}
