using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Normalize.Fields;

public sealed class ModelTests
{
    [Theory]
    [InlineData("openai", "openai")]
    [InlineData("OpenAI", "openai")]
    [InlineData("openai.chat", "openai")]
    [InlineData("openai.responses", "openai")]
    [InlineData("anthropic.messages", "anthropic")]
    [InlineData("google.generative-ai", "google")]
    [InlineData("google.vertex.chat", "google")]
    [InlineData("amazon-bedrock", "aws")]
    [InlineData("azure-openai.chat", "azure")]
    [InlineData("az.ai.openai", "azure")]
    [InlineData("azure.ai.inference", "azure")]
    [InlineData("azure_openai", "azure")]
    [InlineData("aws.bedrock", "aws")]
    [InlineData("AWS", "aws")]
    [InlineData("gcp.vertex_ai", "google")]
    [InlineData("gcp.gemini", "google")]
    [InlineData("Google", "google")]
    [InlineData("x_ai", "x-ai")]
    [InlineData("xai", "x-ai")]
    [InlineData("mistralai", "mistral")]
    [InlineData("together_ai", "together")]
    [InlineData("moonshot_ai", "moonshotai")]
    [InlineData("ibm.watsonx.ai", "ibm.watsonx.ai")]
    [InlineData("perplexity", "perplexity")]
    [InlineData("langgenius/openai/openai", "openai")]
    [InlineData("acme", "acme")]
    public void Spellings_of_a_provider_are_folded_and_the_raw_one_is_kept(string raw, string folded)
    {
        var call = Normalized.Chat(("gen_ai.system", raw));
        Assert.Equal((raw, folded), (call.ProviderRaw, call.Provider));
    }

    [Fact]
    public void The_first_name_that_is_a_provider_counts()
    {
        Assert.Equal("azure", Normalized.Chat(("gen_ai.provider.name", "azure.ai.openai"), ("gen_ai.system", "openai")).Provider);
        Assert.Equal("openai", Normalized.Chat(("gen_ai.system", "langchain"), ("langsmith.metadata.ls_provider", "openai")).Provider);
        Assert.Equal("groq", Normalized.Chat(("gen_ai.system", "Unknown"), ("llm.system", "groq")).Provider);
        Assert.Equal("acme", Normalized.Chat(("ai.model.provider", "acme.chat")).Provider);
        Assert.Equal("anthropic", Normalized.Chat(("metadata", "{\"ls_provider\":\"anthropic\"}")).Provider);
        Assert.Equal("openai", Normalized.Chat(("mlflow.llm.provider", "\"openai\"")).Provider);
    }

    [Theory]
    [InlineData("OpenAI.ChatClient", "openai")]
    [InlineData("com.anthropic.sdk.typescript", "anthropic")]
    [InlineData("something.else", null)]
    public void Without_a_name_the_scope_may_tell_the_provider(string scope, string? provider) =>
        Assert.Equal(provider, Normalized.Of(A.Resource().Scope(scope), A.Span().With("gen_ai.operation.name", "chat")).Call!.Provider);

    [Fact]
    public void Without_a_name_the_endpoint_may_tell_the_provider()
    {
        Assert.Equal("deepseek", Normalized.Chat(("server.address", "api.deepseek.com")).Provider);
        Assert.Equal("azure", Normalized.Chat(("url.full", "https://mine.openai.azure.com/openai/deployments/x")).Provider);
        Assert.Null(Normalized.Chat(("server.address", "127.0.0.1")).Provider);
    }

    [Fact]
    public void The_endpoint_is_kept_for_pricing_unless_it_says_nothing()
    {
        Assert.Equal("openrouter.ai", Normalized.Chat(("gen_ai.system", "openai"), ("server.address", "openrouter.ai")).ServerAddress);
        Assert.Null(Normalized.Chat(("server.address", "localhost")).ServerAddress);
        Assert.Null(Normalized.Of(A.Resource(null, ("telemetry.sdk.name", "openlit")), A.Span().With(("gen_ai.operation.name", "chat"), ("server.address", "api.openai.com"))).Call!.ServerAddress);
    }

    [Theory]
    [InlineData("gen_ai.request.model", "m", "m")]
    [InlineData("llm.request.model_name", "m", "m")]
    [InlineData("ai.model.id", "m", "m")]
    [InlineData("llm.invocation_parameters", "{\"model\":\"m\"}", "m")]
    [InlineData("llm.invocation_parameters", "{\"model_name\":\"m\"}", "m")]
    [InlineData("embedding.model_name", "m", "m")]
    [InlineData("mlflow.llm.model", "\"m\"", "m")]
    [InlineData("langsmith.metadata.ls_model_name", "m", "m")]
    [InlineData("metadata", "{\"ls_model_name\":\"m\"}", "m")]
    [InlineData("input.value", "{\"messages\":[],\"model\":\"m\"}", "m")]
    [InlineData("input.value", "not json", null)]
    [InlineData("gcp.vertex.agent.llm_request", "{\"model\":\"m\"}", "m")]
    public void The_request_model_is_found_wherever_it_stands(string key, string value, string? model) => Assert.Equal(model, Normalized.Chat((key, value)).RequestModel);

    [Fact]
    public void Genkit_names_its_model_only_on_model_spans()
    {
        Assert.Equal("googleai/gemini", Normalized.With(("genkit:metadata:subtype", "model"), ("genkit:name", "googleai/gemini")).Call!.RequestModel);
        Assert.Null(Normalized.Chat(("genkit:name", "flow")).RequestModel);
    }

    [Theory]
    [InlineData("gen_ai.response.model")]
    [InlineData("ai.response.model")]
    [InlineData("llm.response.model_name")]
    [InlineData("langfuse.observation.model.name")]
    [InlineData("llm.model_name")]
    [InlineData("llm.response.model")]
    public void The_response_model_is_found_wherever_it_stands(string key) => Assert.Equal("m-2024", Normalized.Chat((key, "m-2024")).ResponseModel);

    [Fact]
    public void Response_ids_that_mean_none_are_none()
    {
        Assert.Null(Normalized.Chat(("gen_ai.response.id", "N/A")).ResponseId);
        Assert.Equal("r1", Normalized.Chat(("gen_ai.response.id", ""), ("ai.response.id", "r1")).ResponseId);
        Assert.Equal("r2", Normalized.Chat(("output.value", "{\"id\":\"r2\",\"choices\":[]}")).ResponseId);
    }

    [Fact]
    public void Operation_is_the_feature_then_the_prompt_then_the_name()
    {
        Assert.Equal("answer", Normalized.Chat(("ai.telemetry.functionId", "answer"), ("gen_ai.agent.name", "a")).Operation);
        Assert.Equal("flow", Normalized.Chat(("traceloop.workflow.name", "flow")).Operation);
        Assert.Equal("geo-prompt", Normalized.Chat(("langfuse.observation.prompt.name", "geo-prompt")).Operation);
        Assert.Equal("chat", Normalized.Chat().Operation);
    }
}
