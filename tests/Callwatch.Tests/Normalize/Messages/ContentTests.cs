using Callwatch.Spans;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Normalize.Messages;

public sealed class ContentTests
{
    [Theory]
    [InlineData("gen_ai.tool.call.arguments", "gen_ai.tool.call.result")]
    [InlineData("tool.parameters", "output.value")]
    [InlineData("ai.toolCall.args", "ai.toolCall.result")]
    [InlineData("tool_arguments", "tool_response")]
    [InlineData("input.value", "output.value")]
    [InlineData("traceloop.entity.input", "traceloop.entity.output")]
    [InlineData("langfuse.observation.input", "langfuse.observation.output")]
    public void Tools_have_arguments_and_a_result(string arguments, string result)
    {
        var tool = A.Span().With(("gen_ai.operation.name", "execute_tool"), (arguments, "{\"city\":\"Paris\"}"), (result, "14 degrees"));
        var content = Normalized.Content(tool);
        Assert.Equal(("{\"city\":\"Paris\"}", "14 degrees"), (content.Input!.ToJsonString(), (string?)content.Output));
        Assert.Equal(("{\"city\":\"Paris\"}", "14 degrees"), (Normalized.Of(tool).InputPreview, Normalized.Of(tool).OutputPreview));
    }

    [Theory]
    [InlineData("gen_ai.tool.definitions", """[{"type":"function","name":"f","parameters":{}}]""")]
    [InlineData("llm.invocation_parameters", """{"tools":[{"type":"function","function":{"name":"f"}}]}""")]
    [InlineData("llm.tools.0.tool.json_schema", """{"name":"f"}""")]
    [InlineData("llm.request.functions.0.name", "f")]
    [InlineData("mlflow.chat.tools", """[{"name":"f"}]""")]
    [InlineData("input.value", """{"messages":[],"tools":[{"name":"f"}]}""")]
    [InlineData("langfuse.observation.input", """{"messages":[],"tools":[{"name":"f"}]}""")]
    public void Tool_definitions_are_found_in_every_dialect(string key, string value) =>
        Assert.Contains("\"name\":\"f\"", Assert.Single(Normalized.ChatContent((key, value)).Tools).ToJsonString(), StringComparison.Ordinal);

    [Fact]
    public void The_ai_sdk_writes_tools_as_an_array_of_json() =>
        Assert.Equal("""{"name":"f"}""", Assert.Single(Normalized.ChatContent(("ai.prompt.tools", new[] { """{"name":"f"}""" })).Tools).ToJsonString());

    [Theory]
    [InlineData("gen_ai.retrieval.documents", """[{"id":"d1","content":"Paris","score":0.9}]""")]
    [InlineData("retrieval.document", """[{"document":{"id":"d1","content":"Paris","score":0.9}}]""")]
    [InlineData("langfuse.observation.output", """[{"id":"d1","content":"Paris","score":0.9}]""")]
    [InlineData("gen_ai.completion", """{"outputs":[{"id":"d1","page_content":"Paris","score":0.9}]}""")]
    public void Documents_are_found_in_every_dialect(string key, string value) =>
        Assert.Equal("""{"id":"d1","content":"Paris","score":0.9}""", Assert.Single(Normalized.Content(A.Span().With(("langsmith.span.kind", "retriever"), (key, value))).Documents).ToJsonString());

    [Fact]
    public void Indexed_documents_are_put_in_order()
    {
        var retrieval = A.Span().With(
            ("openinference.span.kind", "RETRIEVER"), ("input.value", "capital of France"),
            ("retrieval.documents.1.document.id", "d2"), ("retrieval.documents.0.document.id", "d1"), ("retrieval.documents.0.document.metadata", "{\"source\":\"atlas\"}"));
        var content = Normalized.Content(retrieval);
        Assert.Equal(["""{"id":"d1","metadata":{"source":"atlas"}}""", """{"id":"d2"}"""], content.Documents.Select(document => document.ToJsonString()));
        Assert.Equal("capital of France", (string?)content.Input);
    }

    [Fact]
    public void Attributes_of_span_scope_and_resource_stand_side_by_side()
    {
        var payload = A.Resource("shop", ("host.name", "web-7")).Scope("lib", "2.0", ("team", "geo")).Holding(
            A.Span().With(("n", 42), ("list", new object?[] { 1, "two", null }), ("map", new Dictionary<string, object?> { ["a"] = true }), ("bytes", new byte[] { 1, 2 }), ("nan", double.NaN))
                .EventAt(1, "checkpoint", ("n", 1)).Link(A.TraceId(9), 8, ("why", "retry"))).Traces();
        foreach (var span in Callwatch.Receive.Otlp.OtlpSpan.In(payload))
        {
            var content = new Callwatch.Normalize.SpanNormalizer(new Callwatch.Normalize.Pricing.PriceBooks()).Content(span, []);
            Assert.Equal(
                """{"n":42,"list":[1,"two",null],"map":{"a":true},"bytes":"AQI=","nan":"NaN","scope.team":"geo","scope.name":"lib","scope.version":"2.0","resource.service.name":"shop","resource.host.name":"web-7"}""",
                content.Attributes.ToJsonString());
            var checkpoint = Assert.Single(content.Events);
            Assert.Equal(("checkpoint", "{\"n\":1}"), (checkpoint.Name, checkpoint.Attributes.ToJsonString()));
            Assert.Equal((A.TraceId(9), new SpanId(8)), (Assert.Single(content.Links).TraceId, content.Links[0].SpanId));
        }
    }

    [Fact]
    public void A_preview_is_the_newest_user_message_on_one_line()
    {
        var messages = $$"""[{"role":"user","content":"old"},{"role":"user","content":"new\n\tand   {{new string('x', 300)}}"},{"role":"assistant","content":"answer"}]""";
        var preview = Normalized.With(("gen_ai.operation.name", "chat"), ("gen_ai.input.messages", messages)).InputPreview!;
        Assert.StartsWith("new and xxx", preview, StringComparison.Ordinal);
        Assert.Equal(160, preview.Length);
    }

    [Fact]
    public void A_preview_never_ends_in_half_a_character() =>
        Assert.Equal(159, Normalized.With(("gen_ai.operation.name", "chat"), ("input.value", "x" + string.Concat(Enumerable.Repeat("\U0001F40E", 200)))).InputPreview!.Length);

    [Fact]
    public void Plain_spans_have_no_content()
    {
        var span = Normalized.With(("http.request.method", "GET"), ("url.path", "/"));
        Assert.Equal((ContentState.NotCaptured, null, null), (span.Content, span.InputPreview, span.OutputPreview));
    }
}
