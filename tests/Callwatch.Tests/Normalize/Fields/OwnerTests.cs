using Callwatch.Normalize;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Normalize.Fields;

public sealed class OwnerTests
{
    [Theory]
    [InlineData("langfuse.user.id")]
    [InlineData("user.id")]
    [InlineData("gen_ai.user.id")]
    [InlineData("enduser.id")]
    [InlineData("ai.telemetry.metadata.userId")]
    [InlineData("traceloop.association.properties.user_id")]
    [InlineData("langsmith.metadata.user_id")]
    [InlineData("gen_ai.request.user")]
    [InlineData("llm.user")]
    [InlineData("metadata.user_api_key_end_user_id")]
    [InlineData("metadata.user_id")]
    [InlineData("langfuse.trace.metadata.langfuse_user_id")]
    [InlineData("mlflow.trace.user")]
    public void The_user_is_found_in_every_dialect(string key) => Assert.Equal("anna", Normalized.With((key, "anna")).UserId);

    [Theory]
    [InlineData("langfuse.session.id")]
    [InlineData("session.id")]
    [InlineData("gen_ai.conversation.id")]
    [InlineData("ai.telemetry.metadata.sessionId")]
    [InlineData("langsmith.metadata.thread_id")]
    [InlineData("traceloop.association.properties.session_id")]
    [InlineData("traceloop.correlation.id")]
    [InlineData("metadata.conversation_id")]
    [InlineData("gen_ai.agent.session_id")]
    public void The_session_is_found_in_every_dialect(string key) => Assert.Equal("s1", Normalized.With((key, "s1")).SessionId);

    [Fact]
    public void Metadata_in_json_gives_user_session_and_tags()
    {
        var span = Normalized.With(("metadata", "{\"userId\":\"anna\",\"thread_id\":42,\"tags\":[\"a\",\"b\"],\"plan\":\"pro\",\"seats\":3}"));
        Assert.Equal(("anna", "42"), (span.UserId, span.SessionId));
        Assert.Equal(["a", "b"], span.Tags);
        Assert.Equal([("plan", "pro"), ("seats", "3")], span.Metadata.Select(pair => (pair.Key, pair.Value)).Order());
    }

    [Fact]
    public void A_langsmith_project_is_no_session()
    {
        Assert.Equal("s1", Normalized.With(("langsmith.trace.session_id", "s1")).SessionId);
        Assert.Null(Normalized.With(("langsmith.trace.session_id", "p1"), ("langsmith.trace.session_name", "geo")).SessionId);
    }

    [Fact]
    public void The_environment_is_the_spans_then_the_resources_then_default()
    {
        var resource = A.Resource("shop", ("deployment.environment", "staging"), ("deployment.environment.name", "prod"));
        Assert.Equal("qa", Normalized.Of(A.Resource("shop", ("deployment.environment", "staging")), A.Span().With("langfuse.environment", "qa")).Environment);
        Assert.Equal("prod", Normalized.Of(resource, A.Span()).Environment);
        Assert.Equal(Environments.Default, Normalized.Of(A.Span()).Environment);
    }

    [Fact]
    public void The_release_is_langfuses_then_the_services()
    {
        Assert.Equal("r42", Normalized.Of(A.Resource("shop", ("service.version", "1.4.2")), A.Span().With("langfuse.release", "r42")).Release);
        Assert.Equal("1.4.2", Normalized.Of(A.Resource("shop", ("service.version", "1.4.2")), A.Span()).Release);
    }

    [Theory]
    [InlineData("langfuse.trace.tags", "[\"a\",\"b\"]")]
    [InlineData("tag.tags", "a,b")]
    [InlineData("langsmith.span.tags", "a, b")]
    public void Tags_come_in_every_shape(string key, string value) => Assert.Equal(["a", "b"], Normalized.With((key, value)).Tags);

    [Fact]
    public void Tags_of_mlflow_have_names() =>
        Assert.Equal(["team:geo"], Normalized.With(("mlflow.traceTag.team", "geo"), ("mlflow.traceTag.mlflow.user", "x")).Tags);

    [Fact]
    public void Metadata_is_the_union_of_its_sources_where_the_earlier_one_counts()
    {
        var metadata = Normalized.With(
            ("traceloop.association.properties.plan", "free"), ("langfuse.trace.metadata.plan", "pro"), ("langfuse.observation.metadata.feature", "geo"),
            ("ai.telemetry.metadata.tier", 3), ("traceloop.association.properties.tenant", "acme"),
            ("langsmith.metadata.ls_model_type", "chat"), ("langsmith.metadata.LANGSMITH_TRACING", "true"), ("langsmith.metadata.langgraph_step", "1"),
            ("ai.telemetry.metadata.userId", "anna")).Metadata;
        Assert.Equal(
            [("feature", "geo"), ("plan", "pro"), ("tenant", "acme"), ("tier", "3")],
            metadata.Select(pair => (pair.Key, pair.Value)).Order());
    }

    [Theory]
    [InlineData("langfuse.observation.prompt.version", 3)]
    [InlineData("llm.prompt_template.version", "3")]
    [InlineData("traceloop.prompt.version", "3")]
    public void The_version_of_a_prompt_is_text(string key, object version) => Assert.Equal("3", Normalized.Chat((key, version)).PromptVersion);

    [Theory]
    [InlineData("gen_ai.prompt.name", "geo")]
    [InlineData("prompt.id", "geo")]
    [InlineData("mlflow.linkedPrompts", "[{\"name\":\"geo\",\"version\":\"1\"}]")]
    [InlineData("ai.telemetry.metadata.langfusePrompt", "{\"name\":\"geo\",\"version\":1}")]
    public void The_prompt_link_is_found_in_every_dialect(string key, string value) => Assert.Equal("geo", Normalized.Chat((key, value)).PromptName);

    [Fact]
    public void What_intake_mended_becomes_a_note_and_what_a_sender_claims_does_not()
    {
        var marks = new[] { "text_cut:gen_ai.input.messages", "text_cut:name", "bad_parent_id:parent_span_id", "nonsense:x", "hello" };
        Assert.Equal(["text_cut", "bad_parent_id"], Normalized.With(("callwatch.changed", marks)).Notes);
    }
}
