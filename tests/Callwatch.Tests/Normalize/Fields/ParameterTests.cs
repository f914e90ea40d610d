using Xunit;

namespace Callwatch.Tests.Normalize.Fields;

public sealed class ParameterTests
{
    [Theory]
    [InlineData("gen_ai.request.temperature", 0.5)]
    [InlineData("ai.settings.temperature", 0.5)]
    [InlineData("llm.temperature", "0.5")]
    [InlineData("llm.invocation_parameters", "{\"temperature\":0.5}")]
    [InlineData("langfuse.observation.model.parameters", "{\"temperature\":\"0.5\"}")]
    [InlineData("langsmith.metadata.ls_temperature", "0.5")]
    [InlineData("langsmith.metadata.ls_invocation_params", "{\"temperature\":0.5}")]
    public void Temperature_is_found_in_every_dialect(string key, object value) => Assert.Equal(0.5, Normalized.Chat((key, value)).Temperature);

    [Theory]
    [InlineData("gen_ai.request.max_completion_tokens", 64)]
    [InlineData("gen_ai.request.max_token", 64)]
    [InlineData("ai.settings.maxOutputTokens", 64)]
    [InlineData("llm.invocation_parameters", "{\"max_output_tokens\":64}")]
    [InlineData("langsmith.metadata.ls_max_tokens", "64")]
    [InlineData("gen_ai.request.max_tokens", 64.0)]
    public void Max_tokens_are_found_in_every_dialect(string key, object value) => Assert.Equal(64, Normalized.Chat((key, value)).MaxTokens);

    [Fact]
    public void Floats_of_dotnet_are_rounded_to_what_was_meant()
    {
        var call = Normalized.Chat(("gen_ai.request.temperature", 0.20000000298023224), ("gen_ai.request.top_p", 0.8999999761581421), ("gen_ai.request.top_k", 40));
        Assert.Equal((0.2, 0.9, 40), (call.Temperature, call.TopP, call.TopK));
    }

    [Fact]
    public void Stop_sequences_come_as_arrays_json_or_words()
    {
        Assert.Equal(["a", "b"], Normalized.Chat(("gen_ai.request.stop_sequences", new[] { "a", "b" })).StopSequences);
        Assert.Equal(["a", "b"], Normalized.Chat(("llm.chat.stop_sequences", "[\"a\",\"b\"]")).StopSequences);
        Assert.Equal(["END"], Normalized.Chat(("llm.invocation_parameters", "{\"stop\":\"END\"}")).StopSequences);
    }

    [Fact]
    public void Effort_format_tier_and_seed_are_read()
    {
        var call = Normalized.Chat(
            ("llm.invocation_parameters", "{\"reasoning\":{\"effort\":\"high\"}}"), ("gen_ai.output.type", "json"), ("openai.response.service_tier", "flex"),
            ("openai.request.service_tier", "auto"), ("gen_ai.openai.request.seed", 7));
        Assert.Equal(("high", "json", "flex", 7), (call.ReasoningEffort, call.ResponseFormat, call.ServiceTier, call.Seed));
    }

    [Theory]
    [InlineData("gen_ai.request.stream", true, true)]
    [InlineData("gen_ai.request.is_stream", false, false)]
    [InlineData("llm.is_streaming", "True", true)]
    [InlineData("llm.is_streaming", "False", false)]
    [InlineData("dify.streaming", true, true)]
    [InlineData("llm.invocation_parameters", "{\"stream\":true}", true)]
    [InlineData("llm.invocation_parameters", "{\"stream\":false}", false)]
    [InlineData("langfuse.observation.model.parameters", "{\"stream\":true}", true)]
    [InlineData("ai.operationId", "ai.streamText.doStream", true)]
    [InlineData("ai.operationId", "ai.generateText.doGenerate", false)]
    [InlineData("ai.response.msToFirstChunk", 12.5, true)]
    [InlineData("my.own", "thing", null)]
    public void Streaming_is_told_in_many_ways(string key, object value, bool? streaming) => Assert.Equal(streaming, Normalized.Chat((key, value)).Streaming);

    [Fact]
    public void A_first_token_outweighs_parameters_that_say_no()
    {
        var call = Normalized.Chat(("llm.invocation_parameters", "{\"stream\":false}"), ("gen_ai.response.time_to_first_chunk", 0.05));
        Assert.Equal((true, 50_000_000), (call.Streaming, call.TtftNanoseconds));
    }

    [Fact]
    public void Empty_values_are_absent() =>
        Assert.Null(Normalized.Chat(("langfuse.observation.model.parameters", "{\"response_format\":\"\"}"), ("gen_ai.output.type", "")).ResponseFormat);
}
