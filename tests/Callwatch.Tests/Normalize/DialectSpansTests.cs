using Callwatch.Normalize;
using Callwatch.Spans;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Normalize;

/// <summary>
/// Whole spans of dialects of which no export is recorded, shaped by hand after genai-attributes section 11. What a recorded export shows is
/// tested in <see cref="FixtureFactsTests"/>.
/// </summary>
public sealed class DialectSpansTests
{
    [Fact]
    public void Semantic_kernel_before_2025()
    {
        var span = Normalized.Of(
            A.Resource().Scope("Microsoft.SemanticKernel.Diagnostics"),
            A.Span("chat.completions gpt-4o").With(
                ("gen_ai.operation.name", "chat.completions"), ("gen_ai.system", "openai"), ("gen_ai.request.model", "gpt-4o"), ("gen_ai.request.max_token", 64),
                ("gen_ai.response.prompt_tokens", 57), ("gen_ai.response.completion_tokens", -1), ("gen_ai.response.finish_reason", "[Stop]"), ("gen_ai.response.id", "N/A"))
                .Event("gen_ai.content.prompt", ("gen_ai.prompt", """[{"role":"user","content":"Hi"}]""")));
        var call = span.Call!;
        Assert.Equal((SpanKind.Chat, 64, 57, null, null), (span.Kind, call.MaxTokens, call.Usage.Input, call.Usage.Output, call.ResponseId));
        Assert.Equal(("Stop", "stop", "Hi"), (Assert.Single(call.FinishReasonsRaw), Assert.Single(call.FinishReasons), span.InputPreview!));
    }

    [Fact]
    public void LiteLlm_and_its_raw_child()
    {
        var span = Normalized.Of(A.Span("litellm_request").With(
            ("gen_ai.system", "azure"), ("llm.request.type", "acompletion"), ("gen_ai.request.model", "gpt-4o"), ("llm.is_streaming", "True"),
            ("gen_ai.usage.prompt_tokens", 57), ("gen_ai.usage.completion_tokens", 23), ("gen_ai.response.time_to_first_token", 0.04),
            ("gen_ai.cost.total_cost", 0.003), ("gen_ai.cost.input_cost", 0.001), ("gen_ai.cost.output_cost", 0.002),
            ("metadata.user_api_key_end_user_id", "anna"), ("metadata.plan", "pro"), ("gen_ai.prompt.0.role", "user"), ("gen_ai.prompt.0.content", "Hi"),
            ("gen_ai.completion.0.role", "assistant"), ("gen_ai.completion.0.content", "Hello"), ("gen_ai.completion.0.finish_reason", "stop")));
        var call = span.Call!;
        Assert.Equal((SpanKind.Chat, "azure", true, 40_000_000, true), (span.Kind, call.Provider, call.Streaming, call.TtftNanoseconds, call.TtftIsWeak));
        Assert.Equal((new GivenCost(0.003m, 0.001m, 0.002m), "anna", "pro"), (call.Given, span.UserId, span.Metadata["plan"]));
        Assert.Equal(("Hi", "Hello", "stop"), (span.InputPreview, span.OutputPreview, call.FinishReasons[0]));
        Assert.Equal(SpanKind.Other, Normalized.Of(A.Span("raw_gen_ai_request").With(("llm.azure.model", "gpt-4o"), ("llm.azure.messages", "[]"))).Kind);
    }

    [Fact]
    public void Dify_nodes()
    {
        var span = Normalized.Of(A.Span("LLM").With(
            ("gen_ai.framework", "dify"), ("gen_ai.span.kind", "LLM"), ("gen_ai.provider.name", "langgenius/openai/openai"), ("gen_ai.request.model", "gpt-4o"),
            ("gen_ai.usage.input_tokens", 57), ("gen_ai.usage.output_tokens", 23), ("gen_ai.usage.total_tokens", 80), ("dify.streaming", true),
            ("gen_ai.user.time_to_first_token", 50_000_000), ("gen_ai.response.finish_reason", "stop"), ("dify.tenant_id", "t1"),
            ("gen_ai.prompt", """[{"role":"user","text":"Hi"}]"""), ("gen_ai.completion", "Hello")));
        Assert.Equal((SpanKind.Chat, "openai", true, 50_000_000), (span.Kind, span.Call!.Provider, span.Call.Streaming, span.Call.TtftNanoseconds));
        Assert.Equal(("Hi", "Hello", "stop"), (span.InputPreview, span.OutputPreview, span.Call.FinishReasons[0]));
        Assert.Equal(SpanKind.Chain, Normalized.With(("gen_ai.framework", "dify"), ("gen_ai.span.kind", "CHAIN"), ("dify.app_id", "a1")).Kind);
    }

    [Fact]
    public void Pydantic_ai()
    {
        var chat = Normalized.With(
            ("gen_ai.operation.name", "chat"), ("gen_ai.system", "openai"), ("gen_ai.request.model", "gpt-4o"), ("gen_ai.usage.input_tokens", 57), ("gen_ai.usage.output_tokens", 23),
            ("gen_ai.usage.details.cache_read_tokens", 7), ("gen_ai.usage.details.reasoning_tokens", 5), ("operation.cost", 0.0003));
        Assert.Equal((7, 5, 0.0003m), (chat.Call!.Usage.CacheRead, chat.Call.Usage.Reasoning, chat.Call.Given!.TotalUsd));
        var agent = Normalized.Of(A.Span("agent run").With(
            ("gen_ai.operation.name", "invoke_agent"), ("gen_ai.agent.name", "geo"), ("gen_ai.aggregated_usage.input_tokens", 57), ("gen_ai.aggregated_usage.output_tokens", 23),
            ("pydantic_ai.all_messages", """[{"role":"user","parts":[{"type":"text","content":"Hi"}]},{"role":"assistant","parts":[{"type":"text","content":"Hello"}]}]""")));
        Assert.Equal(("geo", CallSource.Summary, 57, "Hi", "Hello"), (agent.DisplayName, agent.Call!.Source, agent.Call.Usage.Input, agent.InputPreview, agent.OutputPreview));
        Assert.Equal(SpanKind.Tool, Normalized.With(("gen_ai.tool.name", "lookup"), ("tool_arguments", "{}")).Kind);
    }

    [Fact]
    public void Mlflow_writes_json_everywhere()
    {
        var span = Normalized.With(
            ("mlflow.spanType", "\"CHAT_MODEL\""), ("mlflow.llm.model", "\"gpt-4o\""), ("mlflow.llm.provider", "\"openai\""), ("mlflow.trace.user", "\"anna\""),
            ("mlflow.chat.tokenUsage", """{"input_tokens":57,"output_tokens":23,"total_tokens":80}"""), ("mlflow.llm.cost", """{"total_cost":0.0003}"""),
            ("mlflow.spanInputs", """{"messages":[{"role":"user","content":"Hi"}]}"""), ("mlflow.spanOutputs", """{"choices":[{"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}]}"""));
        Assert.Equal((SpanKind.Chat, "openai", "gpt-4o", 57, 0.0003m), (span.Kind, span.Call!.Provider, span.Call.RequestModel, span.Call.Usage.Input, span.Call.Given!.TotalUsd));
        Assert.Equal(("anna", "Hi", "Hello", "stop"), (span.UserId, span.InputPreview, span.OutputPreview, span.Call.FinishReasons[0]));
    }

    [Fact]
    public void OpenLit_writes_a_zero_cost_and_a_made_up_address()
    {
        var span = Normalized.Of(
            A.Resource("shop", ("telemetry.sdk.name", "openlit")).Scope("openlit.openai"),
            A.Span("chat acme").With(
                ("gen_ai.operation.name", "chat"), ("gen_ai.system", "openai"), ("gen_ai.request.model", "acme"), ("gen_ai.usage.input_tokens", 57), ("gen_ai.usage.output_tokens", 23),
                ("gen_ai.usage.cost", 0.0), ("server.address", "api.openai.com"), ("gen_ai.request.is_stream", true), ("gen_ai.server.time_to_first_token", 0.005), ("deployment.environment", "staging"),
                ("gen_ai.system_instructions", """[{"type":"text","content":"Be brief."}]"""),
                ("gen_ai.input.messages", """[{"role":"system","parts":[{"type":"text","content":"Be brief."}]},{"role":"user","parts":[{"type":"text","content":"Hi"}]}]""")));
        Assert.Equal((null, null, true, true), (span.Call!.Given, span.Call.ServerAddress, span.Call.Streaming, span.Call.TtftIsWeak));
        Assert.Equal(("staging", "Hi"), (span.Environment, span.InputPreview));
    }

    [Fact]
    public void The_ai_sdk_of_version_7()
    {
        var chat = Normalized.Of(A.Span("chat gpt-4o").Id(3, under: 2).With(
            ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt-4o"), ("gen_ai.response.id", "r1"),
            ("gen_ai.usage.input_tokens", 57), ("gen_ai.usage.output_tokens", 23), ("gen_ai.client.operation.time_to_first_chunk", 0.05),
            ("gen_ai.tool.definitions", """[{"type":"function","name":"f","inputSchema":{}}]""")));
        var step = Normalized.Of(A.Span("step 1").Id(2, under: 1).With("gen_ai.operation.name", "agent_step"));
        var agent = Normalized.Of(A.Span("invoke_agent gpt-4o").Id(1).With(
            ("gen_ai.operation.name", "invoke_agent"), ("gen_ai.agent.name", "answer"), ("gen_ai.usage.input_tokens", 57), ("gen_ai.usage.output_tokens", 23), ("gen_ai.request.model", "gpt-4o")));
        var verdicts = TraceJudge.Judge([agent, step, chat]);
        Assert.Equal([false, false, true], verdicts.Select(verdict => verdict.Counts));
        Assert.Equal((SpanKind.Chain, 50_000_000, "answer"), (step.Kind, chat.Call!.TtftNanoseconds, agent.DisplayName));
    }

    [Fact]
    public void Nested_embedding_spans_are_one_call()
    {
        SpanBuilder Embeddings(ulong id, ulong under) => A.Span("embeddings m").Id(id, under).With(
            ("gen_ai.operation.name", "embeddings"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "text-embedding-3-small"), ("gen_ai.usage.input_tokens", 18));
        var verdicts = TraceJudge.Judge([Normalized.Of(Embeddings(2, 1)), Normalized.Of(Embeddings(1, 0))]);
        Assert.Equal([new SpanId(1), null], verdicts.Select(verdict => verdict.MergedInto));
        Assert.Equal(18, verdicts[1].Call!.Usage.Input);
    }

    [Fact]
    public void Googles_agent_kit()
    {
        var span = Normalized.With(
            ("gen_ai.system", "gcp.vertex.agent"), ("gen_ai.request.model", "gemini-2.5-flash"), ("gen_ai.usage.input_tokens", 57), ("gen_ai.usage.output_tokens", 23),
            ("gcp.vertex.agent.llm_request", """{"model":"gemini-2.5-flash","contents":[{"role":"user","parts":[{"text":"Hi"}]}]}"""),
            ("gcp.vertex.agent.llm_response", """{"content":{"role":"model","parts":[{"text":"Hello"}]}}"""));
        Assert.Equal((SpanKind.Chat, "google", "Hi", "Hello"), (span.Kind, span.Call!.Provider, span.InputPreview, span.OutputPreview));
    }

    [Fact]
    public void Azure_ai_inference()
    {
        var call = Normalized.Chat(("gen_ai.system", "az.ai.inference"), ("gen_ai.request.model", "Phi-4"), ("server.address", "mine.services.ai.azure.com"), ("az.namespace", "Microsoft.CognitiveServices"));
        Assert.Equal(("azure", "az.ai.inference", "mine.services.ai.azure.com"), (call.Provider, call.ProviderRaw, call.ServerAddress));
    }
}
