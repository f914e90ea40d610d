using Callwatch.Spans;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Normalize.Fields;

public sealed class KindTests
{
    [Theory]
    [InlineData("callwatch.kind", "message", SpanKind.Message)]
    [InlineData("callwatch.kind", "generate_conversation_name", SpanKind.GenerateConversationName)]
    [InlineData("callwatch.kind", "rubbish", SpanKind.Other)]
    [InlineData("langfuse.observation.type", "generation", SpanKind.Chat)]
    [InlineData("langfuse.observation.type", "retriever", SpanKind.Retrieval)]
    [InlineData("langfuse.observation.type", "guardrail", SpanKind.Guardrail)]
    [InlineData("langfuse.observation.type", "span", SpanKind.Other)]
    [InlineData("openinference.span.kind", "LLM", SpanKind.Chat)]
    [InlineData("openinference.span.kind", "llm", SpanKind.Chat)]
    [InlineData("openinference.span.kind", "RERANKER", SpanKind.Rerank)]
    [InlineData("openinference.span.kind", "PROMPT", SpanKind.Prompt)]
    [InlineData("openinference.span.kind", "UNKNOWN", SpanKind.Other)]
    [InlineData("langsmith.span.kind", "parser", SpanKind.Chain)]
    [InlineData("langsmith.span.kind", "retriever", SpanKind.Retrieval)]
    [InlineData("mlflow.spanType", "\"CHAT_MODEL\"", SpanKind.Chat)]
    [InlineData("mlflow.spanType", "RETRIEVER", SpanKind.Retrieval)]
    [InlineData("ai.operationId", "ai.generateText.doGenerate", SpanKind.Chat)]
    [InlineData("ai.operationId", "ai.streamText.doStream", SpanKind.Chat)]
    [InlineData("ai.operationId", "ai.embedMany.doEmbed", SpanKind.Embedding)]
    [InlineData("ai.operationId", "ai.toolCall", SpanKind.Tool)]
    [InlineData("ai.operationId", "ai.streamText", SpanKind.Chain)]
    [InlineData("operation.name", "ai.generateText.doGenerate answer", SpanKind.Chat)]
    [InlineData("operation.name", "something else", SpanKind.Other)]
    [InlineData("traceloop.span.kind", "workflow", SpanKind.Chain)]
    [InlineData("traceloop.span.kind", "agent", SpanKind.Agent)]
    [InlineData("gen_ai.operation.name", "Chat", SpanKind.Chat)]
    [InlineData("gen_ai.operation.name", "chat.completions", SpanKind.Chat)]
    [InlineData("gen_ai.operation.name", "text_completion", SpanKind.Completion)]
    [InlineData("gen_ai.operation.name", "embeddings", SpanKind.Embedding)]
    [InlineData("gen_ai.operation.name", "execute_tool", SpanKind.Tool)]
    [InlineData("gen_ai.operation.name", "create_agent", SpanKind.Agent)]
    [InlineData("gen_ai.operation.name", "orchestrate_tools", SpanKind.Chain)]
    [InlineData("gen_ai.operation.name", "search_memory", SpanKind.Other)]
    [InlineData("gen_ai.operation.name", "realtime", SpanKind.Chat)]
    [InlineData("gen_ai.span.kind", "TASK", SpanKind.Chain)]
    [InlineData("gen_ai.span.kind", "LLM", SpanKind.Chat)]
    [InlineData("llm.request.type", "completion", SpanKind.Completion)]
    [InlineData("llm.request.type", "acompletion", SpanKind.Chat)]
    [InlineData("llm.request.type", "aembedding", SpanKind.Embedding)]
    [InlineData("llm.request.type", "image_generation", SpanKind.Image)]
    [InlineData("llm.request.type", "atranscription", SpanKind.Transcription)]
    [InlineData("gen_ai.tool.name", "get_weather", SpanKind.Tool)]
    [InlineData("db.system.name", "postgresql", SpanKind.Db)]
    [InlineData("db.system", "redis", SpanKind.Db)]
    [InlineData("http.request.method", "GET", SpanKind.Http)]
    [InlineData("http.method", "GET", SpanKind.Http)]
    [InlineData("messaging.system", "kafka", SpanKind.Messaging)]
    [InlineData("my.own", "thing", SpanKind.Other)]
    public void One_attribute_makes_the_kind(string key, string value, SpanKind kind) => Assert.Equal(kind, Normalized.With((key, value)).Kind);

    [Fact]
    public void A_deliberate_label_beats_the_operation()
    {
        Assert.Equal(SpanKind.Retrieval, Normalized.With(("gen_ai.operation.name", "embeddings"), ("langsmith.span.kind", "retriever")).Kind);
        Assert.Equal(SpanKind.Chain, Normalized.With(("gen_ai.operation.name", "chat"), ("openinference.span.kind", "CHAIN")).Kind);
        Assert.Equal(SpanKind.Chat, Normalized.With(("gen_ai.operation.name", "chat"), ("openinference.span.kind", "UNKNOWN")).Kind);
        Assert.Equal(SpanKind.Node, Normalized.With(("langfuse.observation.type", "generation"), ("callwatch.kind", "node")).Kind);
    }

    [Fact]
    public void Old_langfuse_labels_generations_as_spans_but_names_their_model() =>
        Assert.Equal(SpanKind.Chat, Normalized.With(("langfuse.observation.type", "span"), ("langfuse.observation.model.name", "gpt-4o")).Kind);

    [Theory]
    [InlineData("gen_ai.content.prompt")]
    [InlineData("gen_ai.user.message")]
    [InlineData("gen_ai.choice")]
    public void An_event_of_a_conversation_makes_a_chat(string name) => Assert.Equal(SpanKind.Chat, Normalized.Of(A.Span().Event(name)).Kind);

    [Fact]
    public void A_model_with_a_count_makes_a_chat_and_a_model_alone_does_not()
    {
        Assert.Equal(SpanKind.Chat, Normalized.With(("gen_ai.request.model", "gpt-4o"), ("gen_ai.usage.input_tokens", 5)).Kind);
        Assert.Equal(SpanKind.Other, Normalized.With(("gen_ai.request.model", "gpt-4o")).Kind);
        Assert.Equal(SpanKind.Other, Normalized.With(("gen_ai.request.model", "gpt-4o"), ("gen_ai.usage.input_tokens", -1)).Kind);
    }

    [Theory]
    [InlineData("gen_ai.operation.name", "invoke_agent", "gen_ai.agent.name", "planner", "planner")]
    [InlineData("gen_ai.operation.name", "execute_tool", "gen_ai.tool.name", "get_weather", "get_weather")]
    [InlineData("traceloop.span.kind", "tool", "traceloop.entity.name", "lookup", "lookup")]
    [InlineData("traceloop.span.kind", "task", "traceloop.entity.name", "retrieve", "retrieve")]
    [InlineData("gen_ai.operation.name", "chat", "gen_ai.agent.name", "planner", "sent name")]
    public void People_see_the_name_of_agents_tools_and_tasks(string key, string value, string nameKey, string name, string shown)
    {
        var span = Normalized.Of(A.Span("sent name").With((key, value), (nameKey, name)));
        Assert.Equal((shown, "sent name"), (span.DisplayName, span.Name));
    }

    [Fact]
    public void The_function_is_taken_off_an_ai_sdk_name() =>
        Assert.Equal("ai.generateText", Normalized.Of(A.Span("ai.generateText answer").With(("ai.operationId", "ai.generateText"), ("ai.telemetry.functionId", "answer"))).DisplayName);

    [Fact]
    public void Only_calls_and_agents_with_usage_have_call_facts()
    {
        Assert.Null(Normalized.With(("ai.operationId", "ai.generateText"), ("ai.usage.inputTokens", 5)).Call);
        Assert.Null(Normalized.With(("gen_ai.operation.name", "invoke_agent")).Call);
        Assert.Equal(CallSource.Summary, Normalized.With(("gen_ai.operation.name", "invoke_agent"), ("gen_ai.aggregated_usage.input_tokens", 5)).Call!.Source);
        Assert.Equal(CallSource.Synthetic, Normalized.Chat(("callwatch.call_source", "synthetic")).Source);
    }
}
