using Callwatch.Normalize.Pricing;
using Callwatch.Spans;
using Xunit;

namespace Callwatch.Tests.Normalize.Pricing;

/// <summary>The rules of the cost specification that the worked examples leave open, by number.</summary>
public sealed class CostRulesTests
{
    private static readonly PriceBooks Books = new();

    [Fact]
    public void Rule_1_a_given_cost_wins()
    {
        var cost = Price(A.Call("openai", "gpt-4o") with { Given = new GivenCost(0.5m, 0.2m, 0.3m) });
        Assert.Equal((0.5m, 0.2m, 0.3m, "given"), (cost.TotalUsd, cost.InputUsd, cost.OutputUsd, cost.Source));
    }

    [Fact]
    public void Rule_1_given_parts_that_do_not_add_up_are_left_out()
    {
        var cost = Price(A.Call("openai", "gpt-4o") with { Given = new GivenCost(0.5m, 0.2m, 0.2m) });
        Assert.Equal((0.5m, null, null), (cost.TotalUsd, cost.InputUsd, cost.OutputUsd));
    }

    [Fact]
    public void Rule_1_a_given_zero_counts_only_where_nothing_was_used_and_nothing_failed()
    {
        var zero = new GivenCost(0, null, null);
        Assert.Equal("computed", Price(A.Call("openai", "gpt-4o") with { Given = zero }).Source);
        Assert.Equal("given", Price(A.Call("openai", "gpt-4o", null, null) with { Given = zero }).Source);
        Assert.Null(Price(A.Call("openai", "gpt-4o", null, null) with { Given = zero }, outcome: Outcome.Error).Source);
    }

    [Theory]
    [InlineData("openai", "gpt-4o", null, null, CostReasons.NoUsage)]
    [InlineData("openai", null, 10, 10, CostReasons.NoModel)]
    [InlineData("acme", "gpt-4o", 10, 10, CostReasons.UnknownProvider)]
    [InlineData("openai", "gpt-unheard-of", 10, 10, CostReasons.UnknownModel)]
    [InlineData(null, "nobody-knows-it", 10, 10, CostReasons.UnknownProvider)]
    public void Rule_2_unknown_is_not_zero_and_says_why(string? provider, string? model, int? input, int? output, string reason)
    {
        var cost = Price(A.Call(provider, model, input, output));
        Assert.Equal((null, null, reason), (cost.TotalUsd, cost.Source, cost.Reason));
        Assert.True(CostReasons.IsUnpriced(cost));
    }

    [Fact]
    public void Rule_2_a_unit_that_was_used_and_has_no_price_makes_the_cost_unknown()
    {
        var call = A.Usage(new Dictionary<string, decimal> { ["input_tokens"] = 10, ["output_tokens"] = 10, ["social_searches"] = 1 }) with { Provider = "openai", ResponseModel = "gpt-4o" };
        Assert.Equal(CostReasons.NoUnitPrice, Price(call).Reason);
    }

    [Fact]
    public void Rule_2_a_free_model_costs_a_known_zero()
    {
        var free = Own("""[{"id":"house","models":[{"id":"llama","prices":{"input_mtok":0,"output_mtok":0}}]}]""");
        Assert.Equal((0m, "computed"), (free.Price(A.Call("house", "llama"), SpanKind.Chat, Outcome.Success, A.Now).TotalUsd, "computed"));
    }

    [Fact]
    public void Rule_3_failed_calls_are_priced_when_they_used_something_and_raise_no_alarm_when_not()
    {
        Assert.Equal(0.0035m, Price(A.Call("openai", "gpt-4o"), outcome: Outcome.Error).TotalUsd);
        var nothing = Price(A.Call("openai", "gpt-4o", null, null), outcome: Outcome.Error);
        Assert.Equal(CostReasons.NotBillable, nothing.Reason);
        Assert.False(CostReasons.IsUnpriced(nothing));
    }

    [Fact]
    public void Rule_4_the_request_model_is_tried_when_the_response_model_is_unknown_and_the_name_that_matched_is_kept()
    {
        var cost = Price(A.Call("openai", "gpt-unheard-of") with { RequestModel = "gpt-4o" });
        Assert.Equal((0.0035m, "gpt-4o"), (cost.TotalUsd, cost.PricedModel));
        Assert.Equal("gpt-4o-mini", Price(A.Call("openai", "gpt-4o-mini") with { RequestModel = "gpt-4o" }).PricedModel);
    }

    [Theory]
    [InlineData("openai", "api.deepseek.com", "deepseek-chat", "deepseek-chat")]
    [InlineData("openai", "openrouter.ai", "openai/gpt-4o", "gpt-4o")]
    [InlineData("openai", "gateway.example.com", "gpt-4o", "gpt-4o")]
    [InlineData("anthropic", "api.openai.com", "claude-sonnet-4-5", "claude-sonnet-4-5")]
    [InlineData(null, null, "claude-sonnet-4-5", "claude-sonnet-4-5")]
    [InlineData("litellm", null, "groq/llama-3.3-70b-versatile", "llama-3.3-70b-versatile")]
    [InlineData("azure", null, "gpt-4o", "gpt-4o")]
    public void Rule_5_the_provider_is_the_named_one_unless_a_known_host_beats_a_generic_openai(string? provider, string? address, string model, string entry)
    {
        var cost = Price(A.Call(provider, model) with { ServerAddress = address });
        Assert.Contains(entry, cost.PriceId, StringComparison.Ordinal);
        Assert.NotNull(cost.TotalUsd);
    }

    [Fact]
    public void Rule_5_a_known_host_that_does_not_serve_the_model_leaves_the_cost_unknown() =>
        Assert.Equal(CostReasons.UnknownModel, Price(A.Call("openai", "gpt-4o") with { ServerAddress = "api.deepseek.com" }).Reason);

    [Fact]
    public void Rule_7_audio_read_from_the_cache_is_priced_once()
    {
        var own = Own("""[{"id":"house","models":[{"id":"ear","prices":{"input_mtok":1,"cache_read_mtok":0.1,"input_audio_mtok":10,"cache_audio_read_mtok":2,"output_mtok":0}}]}]""");
        var call = A.Usage(new Dictionary<string, decimal>
        {
            ["input_tokens"] = 1000,
            ["cache_read_tokens"] = 300,
            ["input_audio_tokens"] = 400,
            ["cache_audio_read_tokens"] = 100,
            ["output_tokens"] = 1,
        }) with
        {
            Provider = "house",
            ResponseModel = "ear",
        };

        // 100 cached audio, 200 cached text, 300 fresh audio, 400 fresh text.
        var cost = own.Price(call, SpanKind.Chat, Outcome.Success, A.Now);
        Assert.Equal((100 * 2m + 200 * 0.1m + 300 * 10m + 400 * 1m) / 1_000_000, cost.TotalUsd);
        Assert.Equal((100 * 2m + 200 * 0.1m) / 1_000_000, cost.CacheReadUsd);
    }

    [Fact]
    public void Rule_7_a_part_without_a_price_costs_what_its_whole_costs_and_reasoning_is_never_added_on_top()
    {
        var call = A.Call("openai", "o4-mini", 310, 96) with { Usage = new TokenUsage { Input = 310, Output = 96, Reasoning = 64, CacheWrite = 10 } };
        var cost = Price(call);
        Assert.Equal(0.0007634m, cost.TotalUsd);
        Assert.Equal(64 * 4.4m / 1_000_000, cost.ReasoningUsd);
        Assert.Equal(32 * 4.4m / 1_000_000, cost.OutputUsd);
    }

    [Fact]
    public void Rule_7_parts_that_exceed_their_whole_make_the_cost_unknown() =>
        Assert.Equal(CostReasons.ContradictoryUsage, Price(A.Call("openai", "gpt-4o") with { Usage = new TokenUsage { Input = 10, Output = 1, CacheRead = 11 } }).Reason);

    [Fact]
    public void Rule_9_searches_and_requests_are_added()
    {
        var own = Own("""[{"id":"house","models":[{"id":"seek","prices":{"input_mtok":1,"output_mtok":2,"web_searches_kcount":10,"requests_kcount":5}}]}]""");
        var call = A.Usage(new Dictionary<string, decimal> { ["input_tokens"] = 1000, ["output_tokens"] = 100, ["web_searches"] = 3 }) with { Provider = "house", ResponseModel = "seek" };
        var cost = own.Price(call, SpanKind.Chat, Outcome.Success, A.Now);
        Assert.Equal(0.001m + 0.0002m + 0.03m + 0.005m, cost.TotalUsd);
        Assert.Equal(0.035m, cost.OtherUsd);
    }

    [Fact]
    public void Rule_9_a_model_priced_by_the_request_alone_needs_no_counts()
    {
        var own = Own("""[{"id":"house","models":[{"id":"seek","prices":{"requests_kcount":5}}]}]""");
        Assert.Equal(0.005m, own.Price(A.Call("house", "seek", null, null), SpanKind.Rerank, Outcome.Success, A.Now).TotalUsd);
    }

    [Theory]
    [InlineData("batch", CostReasons.StandardPriceForTier, 0.0035)]
    [InlineData("priority", CostReasons.StandardPriceForTier, 0.0035)]
    [InlineData("default", null, 0.0035)]
    [InlineData("flex", null, 0.00175)]
    public void Rule_10_a_service_tier_is_flagged_unless_the_operator_has_given_its_factor(string tier, string? reason, double usd)
    {
        var books = new PriceBooks(new PriceOptions { TierFactors = { ["Flex"] = 0.5m } }, () => new PriceBook(PriceLayer.BuiltIn.Value), _ => null);
        var cost = books.Price(A.Call("openai", "gpt-4o") with { ServiceTier = tier }, SpanKind.Chat, Outcome.Success, A.Now);
        Assert.Equal(((decimal)usd, reason), (cost.TotalUsd, cost.Reason));
    }

    [Fact]
    public void Rule_11_twelve_places_half_away_from_zero_and_the_parts_add_up()
    {
        var own = Own("""[{"id":"house","models":[{"id":"tiny","prices":{"input_mtok":0.0000005,"output_mtok":0.0000015,"audio_hours":1}}]}]""");
        var cost = own.Price(A.Call("house", "tiny", 1, 1), SpanKind.Chat, Outcome.Success, A.Now);
        Assert.Equal((0.000000000001m, 0.000000000002m, 0.000000000003m), (cost.InputUsd, cost.OutputUsd, cost.TotalUsd));
    }

    [Fact]
    public void Rule_14_a_missing_output_count_is_nothing_for_embeddings_unknown_for_chats_and_nothing_for_what_failed_before_any()
    {
        Assert.Equal(0.00000036m, Price(A.Call("openai", "text-embedding-3-small", 18, null), SpanKind.Embedding).TotalUsd);
        Assert.Equal(CostReasons.NoOutputCount, Price(A.Call("openai", "gpt-4o", 1000, null)).Reason);
        Assert.Equal(0.0025m, Price(A.Call("openai", "gpt-4o", 1000, null), outcome: Outcome.Error).TotalUsd);
        Assert.Equal(CostReasons.NoOutputCount, Price(A.Call("openai", "gpt-4o", 1000, null) with { TtftNanoseconds = 1 }, outcome: Outcome.Error).Reason);
        Assert.Equal(CostReasons.NoInputCount, Price(A.Call("openai", "gpt-4o", null, 100)).Reason);
    }

    [Fact]
    public void Rule_15_what_is_neither_a_call_nor_counted_as_one_costs_nothing_of_its_own()
    {
        var chain = Price(A.Call("openai", "gpt-4o"), SpanKind.Chain);
        Assert.Equal((null, CostReasons.NoCall), (chain.TotalUsd, chain.Reason));
        Assert.False(CostReasons.IsUnpriced(chain));
        Assert.Equal(0.0035m, Price(A.Call("openai", "gpt-4o") with { Source = CallSource.Summary }, SpanKind.Agent).TotalUsd);
    }

    [Fact]
    public void No_usage_however_absurd_throws()
    {
        foreach (var count in new[] { long.MinValue, -1, long.MaxValue })
        {
            var cost = Price(A.Call("openai", "gpt-4o") with { Usage = new TokenUsage { Input = count, Output = count, Others = new Dictionary<string, decimal> { ["web_searches"] = decimal.MaxValue, ["nonsense"] = 1 } } });
            Assert.Equal(CostReasons.ContradictoryUsage, cost.Reason);
        }
    }

    private static CallCost Price(LlmCall call, SpanKind kind = SpanKind.Chat, Outcome outcome = Outcome.Success) => Books.Price(call, kind, outcome, A.Now);

    private static PriceBooks Own(string entries) => new(
        new PriceOptions(),
        () => new PriceBook(((PriceLayerResult.Read)PriceLayer.Parse(System.Text.Encoding.UTF8.GetBytes(entries))).Layer, PriceLayer.BuiltIn.Value),
        _ => null);
}
