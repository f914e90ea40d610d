using Callwatch.Normalize;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Normalize.Fields;

public sealed class TokenTests
{
    [Theory]
    [InlineData("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens")]
    [InlineData("gen_ai.usage.prompt_tokens", "gen_ai.usage.completion_tokens")]
    [InlineData("gen_ai.response.prompt_tokens", "gen_ai.response.completion_tokens")]
    [InlineData("ai.usage.inputTokens", "ai.usage.outputTokens")]
    [InlineData("ai.usage.promptTokens", "ai.usage.completionTokens")]
    [InlineData("llm.token_count.prompt", "llm.token_count.completion")]
    [InlineData("llm.usage.prompt_tokens", "llm.usage.completion_tokens")]
    public void Input_and_output_are_found_in_every_dialect(string input, string output)
    {
        var usage = Normalized.Chat((input, 57), (output, "23")).Usage;
        Assert.Equal((57, 23, 80), (usage.Input, usage.Output, usage.Total));
    }

    [Theory]
    [InlineData("mlflow.chat.tokenUsage", "{\"input_tokens\":57,\"output_tokens\":23,\"cache_read_input_tokens\":7}")]
    [InlineData("langsmith.usage_metadata", "{\"input_tokens\":57,\"output_tokens\":23,\"input_token_details\":{\"cache_read\":7}}")]
    [InlineData("output.value", "{\"usage\":{\"prompt_tokens\":57,\"completion_tokens\":23,\"prompt_tokens_details\":{\"cached_tokens\":7}}}")]
    public void Counts_inside_json_are_found(string key, string value)
    {
        var usage = Normalized.Chat((key, value)).Usage;
        Assert.Equal((57, 23, 7), (usage.Input, usage.Output, usage.CacheRead));
    }

    [Theory]
    [InlineData("gen_ai.usage.cache_read.input_tokens", 7L, null, null)]
    [InlineData("gen_ai.usage.cache_read_input_tokens", 7L, null, null)]
    [InlineData("gen_ai.usage.details.cache_read_tokens", 7L, null, null)]
    [InlineData("ai.usage.cachedInputTokens", 7L, null, null)]
    [InlineData("ai.usage.inputTokenDetails.cacheReadTokens", 7L, null, null)]
    [InlineData("llm.token_count.prompt_details.cache_read", 7L, null, null)]
    [InlineData("gen_ai.usage.cache_creation.input_tokens", null, 7L, null)]
    [InlineData("gen_ai.usage.cache_write.input_tokens", null, 7L, null)]
    [InlineData("ai.usage.inputTokenDetails.cacheWriteTokens", null, 7L, null)]
    [InlineData("llm.token_count.prompt_details.cache_write", null, 7L, null)]
    [InlineData("gen_ai.usage.reasoning.output_tokens", null, null, 7L)]
    [InlineData("gen_ai.usage.details.reasoning_tokens", null, null, 7L)]
    [InlineData("ai.usage.reasoningTokens", null, null, 7L)]
    [InlineData("llm.token_count.completion_details.reasoning", null, null, 7L)]
    public void Parts_are_found_in_every_dialect(string key, long? read, long? write, long? reasoning)
    {
        var usage = Normalized.Chat(("gen_ai.usage.input_tokens", 57), ("gen_ai.usage.output_tokens", 23), (key, 7)).Usage;
        Assert.Equal((57, 23, read, write, reasoning), (usage.Input, usage.Output, usage.CacheRead, usage.CacheWrite, usage.Reasoning));
    }

    [Fact]
    public void Provider_metadata_of_the_ai_sdk_tells_cached_tokens()
    {
        var usage = Normalized.Chat(
            ("ai.usage.inputTokens", 100), ("ai.response.providerMetadata", "{\"anthropic\":{\"usage\":{\"cache_read_input_tokens\":7},\"cacheCreationInputTokens\":5}}")).Usage;
        Assert.Equal((7, 5), (usage.CacheRead, usage.CacheWrite));
        Assert.Equal(9, Normalized.Chat(("ai.usage.inputTokens", 100), ("ai.response.providerMetadata", "{\"openai\":{\"cachedPromptTokens\":9}}")).Usage.CacheRead);
    }

    [Fact]
    public void Lifetimes_of_cache_writes_are_kept()
    {
        var usage = Normalized.Chat(
            ("gen_ai.usage.input_tokens", 5000), ("anthropic.usage.cache_creation.ephemeral_5m_input_tokens", 3000), ("anthropic.usage.cache_creation.ephemeral_1h_input_tokens", 1000)).Usage;
        Assert.Equal((4000, 1000), (usage.CacheWrite, usage.CacheWrite1h));
    }

    [Fact]
    public void Audio_images_and_every_other_priced_count_are_kept()
    {
        var usage = Normalized.Chat(
            ("gen_ai.usage.input_tokens", 100), ("gen_ai.usage.output_tokens", 50), ("gen_ai.usage.input_audio_tokens", 20), ("gen_ai.usage.audio.output_tokens", 10),
            ("gen_ai.usage.image.input_tokens", 30), ("gen_ai.usage.text.output_tokens", 40), ("gen_ai.usage.details.web_searches", 2), ("gen_ai.usage.details.made_up", 3)).Usage;
        Assert.Equal((20, 10, 30), (usage.AudioInput, usage.AudioOutput, usage.ImageInput));
        Assert.Equal([("output_text_tokens", 40m), ("web_searches", 2m)], usage.Others.Select(pair => (pair.Key, pair.Value)).Order());
    }

    [Fact]
    public void Unknown_is_not_zero()
    {
        var usage = Normalized.Chat(("gen_ai.response.prompt_tokens", -1), ("gen_ai.usage.output_tokens", ""), ("gen_ai.usage.input_tokens", "many")).Usage;
        Assert.Equal((null, null, null), (usage.Input, usage.Output, usage.Total));
        Assert.True(usage.IsUnknown);
    }

    [Fact]
    public void A_total_alone_is_kept()
    {
        var usage = Normalized.Chat(("gen_ai.usage.total_tokens", 80)).Usage;
        Assert.Equal((null, null, 80), (usage.Input, usage.Output, usage.Total));
    }

    [Fact]
    public void An_embedding_has_input_only()
    {
        var call = Normalized.With(("ai.operationId", "ai.embedMany.doEmbed"), ("ai.usage.tokens", 18)).Call!;
        Assert.Equal((18, null, 18), (call.Usage.Input, call.Usage.Output, call.Usage.Total));
    }

    [Theory]
    [InlineData("{\"input\":512,\"output\":120,\"total\":2168,\"input_cached_tokens\":1536}", 2048, 120, 1536L, null)]
    [InlineData("{\"input\":310,\"output\":32,\"total\":406,\"output_reasoning_tokens\":64,\"output_accepted_prediction_tokens\":9}", 310, 96, null, 64L)]
    [InlineData("{\"input\":57,\"output\":23,\"total\":80,\"cache_read_input_tokens\":12}", 57, 23, 12L, null)]
    [InlineData("{\"input\":100,\"output\":20,\"cache_read_input_tokens\":12}", 112, 20, 12L, null)]
    [InlineData("{\"input_tokens\":57,\"output_tokens\":23}", 57, 23, null, null)]
    public void Langfuse_parts_are_inside_where_the_total_says_so_and_added_otherwise(string details, long input, long output, long? read, long? reasoning)
    {
        var usage = Normalized.With(("langfuse.observation.type", "generation"), ("langfuse.observation.usage_details", details)).Call!.Usage;
        Assert.Equal((input, output, read, reasoning), (usage.Input, usage.Output, usage.CacheRead, usage.Reasoning));
    }

    [Fact]
    public void Cached_tokens_beyond_the_input_were_not_in_it() =>
        Assert.Equal(2048, Normalized.Chat(
            ("gen_ai.usage.input_tokens", 256), ("gen_ai.usage.output_tokens", 120), ("gen_ai.usage.cache_read.input_tokens", 1536), ("gen_ai.usage.cache_creation.input_tokens", 256)).Usage.Input);

    [Fact]
    public void A_total_that_counts_cached_tokens_apart_shows_they_were_not_in_the_input() =>
        Assert.Equal(130, Normalized.Chat(
            ("gen_ai.usage.input_tokens", 100), ("gen_ai.usage.output_tokens", 20), ("gen_ai.usage.cache_read.input_tokens", 30), ("gen_ai.usage.total_tokens", 150)).Usage.Input);

    [Fact]
    public void A_scope_known_to_count_apart_is_added_up()
    {
        var span = A.Span("chat").With(("gen_ai.operation.name", "chat"), ("gen_ai.usage.input_tokens", 100), ("gen_ai.usage.cache_read.input_tokens", 30));
        Assert.Equal(130, Normalized.Of(A.Resource().Scope("@traceloop/instrumentation-anthropic"), span).Call!.Usage.Input);
        Assert.Equal(100, Normalized.Of(A.Resource().Scope("@traceloop/instrumentation-openai"), span).Call!.Usage.Input);
    }

    [Fact]
    public void An_answer_of_anthropic_counts_apart() =>
        Assert.Equal(130, Normalized.Chat(("output.value", "{\"usage\":{\"input_tokens\":100,\"output_tokens\":20,\"cache_read_input_tokens\":30,\"cache_creation_input_tokens\":0}}")).Usage.Input);

    [Fact]
    public void Parts_that_do_not_fit_are_dropped_with_a_note()
    {
        var span = Normalized.With(
            ("gen_ai.operation.name", "chat"), ("gen_ai.usage.input_tokens", 57), ("gen_ai.usage.output_tokens", 23), ("gen_ai.usage.reasoning_tokens", 64), ("gen_ai.usage.input_audio_tokens", 60));
        Assert.Equal((57, 23, null, null), (span.Call!.Usage.Input, span.Call.Usage.Output, span.Call.Usage.Reasoning, span.Call.Usage.AudioInput));
        Assert.Equal(["tokens_contradict"], span.Notes);
    }

    [Fact]
    public void Every_further_usage_key_is_one_that_the_price_data_knows()
    {
        using var units = typeof(SpanNormalizer).Assembly.GetManifestResourceStream(
            typeof(SpanNormalizer).Assembly.GetManifestResourceNames().Single(name => name.EndsWith("units.json", StringComparison.Ordinal)))!;
        var known = System.Text.Json.Nodes.JsonNode.Parse(units)!.AsObject().Select(pair => pair.Key);
        Assert.Subset(known.ToHashSet(), Callwatch.Normalize.Fields.TokenExtras.UsageKeys.ToHashSet());
    }
}
