using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Normalize.Fields;

public sealed class OutputTests
{
    [Theory]
    [InlineData("stop", "stop")]
    [InlineData("end_turn", "stop")]
    [InlineData("stop_sequence", "stop")]
    [InlineData("COMPLETE", "stop")]
    [InlineData("STOP", "stop")]
    [InlineData("MAX_TOKENS", "length")]
    [InlineData("max_output_tokens", "length")]
    [InlineData("tool_calls", "tool_call")]
    [InlineData("tool-calls", "tool_call")]
    [InlineData("tool_use", "tool_call")]
    [InlineData("function_call", "tool_call")]
    [InlineData("content-filter", "content_filter")]
    [InlineData("SAFETY", "content_filter")]
    [InlineData("refusal", "content_filter")]
    [InlineData("error", "error")]
    [InlineData("pause_turn", "other")]
    public void Finish_reasons_are_folded_and_kept(string raw, string folded)
    {
        var call = Normalized.Chat(("gen_ai.response.finish_reasons", new[] { raw }));
        Assert.Equal([raw], call.FinishReasonsRaw);
        Assert.Equal([folded], call.FinishReasons);
    }

    [Theory]
    [InlineData("gen_ai.response.finish_reasons", "stop")]
    [InlineData("gen_ai.response.finish_reasons", "[\"stop\"]")]
    [InlineData("gen_ai.response.finish_reason", "[stop]")]
    [InlineData("gen_ai.response.stop_reason", "stop")]
    [InlineData("ai.response.finishReason", "stop")]
    [InlineData("llm.finish_reason", "stop")]
    [InlineData("llm.response.stop_reason", "stop")]
    [InlineData("anthropic.message.stop_reason", "stop")]
    [InlineData("gen_ai.output.messages", "[{\"role\":\"assistant\",\"parts\":[],\"finish_reason\":\"stop\"}]")]
    [InlineData("gen_ai.completion.0.finish_reason", "stop")]
    [InlineData("output.value", "{\"choices\":[{\"finish_reason\":\"stop\",\"message\":{\"content\":\"x\"}}]}")]
    [InlineData("gen_ai.completion", "{\"content\":[{\"type\":\"text\",\"text\":\"x\"}],\"stop_reason\":\"stop\"}")]
    public void Finish_reasons_are_found_wherever_they_stand(string key, string value) => Assert.Equal(["stop"], Normalized.Chat((key, value)).FinishReasonsRaw);

    [Theory]
    [InlineData("gen_ai.embeddings.dimension.count", 3)]
    [InlineData("llm.invocation_parameters", "{\"dimensions\":3}")]
    [InlineData("embedding.embeddings.0.embedding.vector", "[0.1,0.2,0.3]")]
    [InlineData("ai.embedding", "[0.1,0.2,0.3]")]
    public void The_length_of_a_vector_is_found(string key, object value) =>
        Assert.Equal(3, Normalized.With(("gen_ai.operation.name", "embeddings"), (key, value)).Call!.EmbeddingDimensions);

    [Fact]
    public void The_length_of_a_vector_of_numbers_is_counted()
    {
        Assert.Equal(2, Normalized.With(("openinference.span.kind", "EMBEDDING"), ("embedding.embeddings.0.embedding.vector", new[] { 0.1, 0.2 })).Call!.EmbeddingDimensions);
        Assert.Equal(2, Normalized.With(("ai.operationId", "ai.embedMany.doEmbed"), ("ai.embeddings", new[] { "[1,2]", "[3,4]" })).Call!.EmbeddingDimensions);
    }

    [Fact]
    public void Judgements_come_as_events_logs_and_annotations()
    {
        var span = Normalized.Of(
            A.Span().With(("gen_ai.operation.name", "chat"), ("annotations.0.annotation.name", "helpful"), ("annotations.0.annotation.score", 1.0), ("annotations.0.annotation.annotator_kind", "HUMAN"))
                .Event("gen_ai.evaluation.result", ("gen_ai.evaluation.name", "relevance"), ("gen_ai.evaluation.score.value", 0.8), ("gen_ai.evaluation.score.label", "good"), ("gen_ai.evaluation.explanation", "fits")),
            A.Log("gen_ai.evaluation.result").With("gen_ai.evaluation.name", "toxicity").With("gen_ai.evaluation.score.value", 0));
        Assert.Equal(
            [("relevance", 0.8, "good: fits", "evaluation"), ("toxicity", 0.0, null, "evaluation"), ("helpful", 1.0, null, "human")],
            span.Scores.Select(score => (score.Name, score.Value!.Value, score.Comment, score.Source!)));
    }
}
