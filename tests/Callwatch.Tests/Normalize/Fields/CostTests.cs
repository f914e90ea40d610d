using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Normalize.Fields;

public sealed class CostTests
{
    [Theory]
    [InlineData("gen_ai.usage.cost", 0.000206)]
    [InlineData("llm.cost.total", 0.000206)]
    [InlineData("operation.cost", "0.000206")]
    [InlineData("gen_ai.cost.total_cost", 0.000206)]
    [InlineData("mlflow.llm.cost", "{\"total_cost\":0.000206}")]
    [InlineData("langfuse.observation.cost_details", "{\"input\":0.000114,\"output\":0.000092,\"total\":0.000206}")]
    [InlineData("langfuse.observation.cost_details", "{\"input\":0.000114,\"output\":0.000092}")]
    public void A_cost_that_came_with_the_call_is_taken(string key, object value)
    {
        var call = Normalized.Chat((key, value), ("gen_ai.request.model", "gpt-4o"), ("gen_ai.usage.input_tokens", 5), ("gen_ai.usage.output_tokens", 5));
        Assert.Equal(0.000206m, call.Given!.TotalUsd);
        Assert.Equal(("given", 0.000206m), (call.Cost.Source, call.Cost.TotalUsd));
    }

    [Fact]
    public void Zero_is_no_cost_where_tokens_were_used_or_the_call_failed()
    {
        Assert.Null(Normalized.Chat(("gen_ai.usage.cost", 0.0), ("gen_ai.usage.input_tokens", 5)).Given);
        Assert.Null(Normalized.Of(A.Span().With(("langfuse.observation.type", "generation"), ("langfuse.observation.level", "ERROR"), ("langfuse.observation.cost_details", "{\"total\":0}"))).Call!.Given);
        Assert.Equal(0m, Normalized.Chat(("gen_ai.usage.cost", 0.0)).Given!.TotalUsd);
        Assert.Equal(3m, Normalized.Chat(("gen_ai.usage.cost", 0.0), ("operation.cost", 3), ("gen_ai.usage.input_tokens", 5)).Given!.TotalUsd);
    }

    [Theory]
    [InlineData(-1.0)]
    [InlineData(double.NaN)]
    [InlineData(1e12)]
    [InlineData("free")]
    public void What_is_no_amount_of_dollars_is_no_cost(object value) => Assert.Null(Normalized.Chat(("gen_ai.usage.cost", value)).Given);

    [Fact]
    public void A_call_without_a_given_cost_is_priced_at_its_start()
    {
        var call = Normalized.Chat(("gen_ai.system", "openai"), ("gen_ai.response.model", "gpt-4o-mini-2024-07-18"), ("gen_ai.usage.input_tokens", 57), ("gen_ai.usage.output_tokens", 23));
        Assert.Equal(("computed", 0.00002235m), (call.Cost.Source, call.Cost.TotalUsd));
    }

    [Fact]
    public void Spans_that_are_no_calls_have_no_cost() => Assert.Null(Normalized.With(("ai.operationId", "ai.generateText"), ("ai.usage.inputTokens", 5)).Call);
}
