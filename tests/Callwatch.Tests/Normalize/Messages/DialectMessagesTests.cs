using Callwatch.Spans;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Normalize.Messages;

/// <summary>Conversations as each library writes them become the same conversation.</summary>
public sealed class DialectMessagesTests
{
    private const string Tool = "get_weather({\"city\":\"Paris\"})#c1";

    [Fact]
    public void OpenInference_writes_one_attribute_per_leaf_in_any_order_and_with_gaps()
    {
        var content = Normalized.ChatContent(
            ("llm.input_messages.10.message.role", "user"), ("llm.input_messages.10.message.content", "ten"),
            ("llm.input_messages.9.message.role", "user"), ("llm.input_messages.9.message.contents.1.message_content.type", "image"),
            ("llm.input_messages.9.message.contents.1.message_content.image.image.url", "https://x/y.png"),
            ("llm.input_messages.9.message.contents.0.message_content.type", "output_text"), ("llm.input_messages.9.message.contents.0.message_content.text", "nine"),
            ("llm.input_messages.2.message.role", "tool"), ("llm.input_messages.2.message.tool_call_id", "c1"), ("llm.input_messages.2.message.content", "14"),
            ("llm.output_messages.0.message.role", "assistant"), ("llm.output_messages.0.message.tool_calls.0.tool_call.id", "c1"),
            ("llm.output_messages.0.message.tool_calls.0.tool_call.function.name", "get_weather"),
            ("llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments", "{\"city\":\"Paris\"}"));
        Assert.Equal(["tool: #c1=\"14\"", "user: nine | <image https://x/y.png >", "user: ten"], Talk.Lines(content.InputMessages));
        Assert.Equal(["assistant: " + Tool], Talk.Lines(content.OutputMessages));
    }

    [Fact]
    public void A_call_that_stands_in_contents_and_in_tool_calls_is_one()
    {
        (string, object?)[] attributes =
        [
            ("llm.output_messages.0.message.role", "assistant"),
            ("llm.output_messages.0.message.contents.0.message_content.type", "text"), ("llm.output_messages.0.message.contents.0.message_content.text", "Looking."),
            ("llm.output_messages.0.message.contents.1.message_content.type", "tool_use"),
            ("llm.output_messages.0.message.contents.1.tool_call.id", "c1"), ("llm.output_messages.0.message.contents.1.tool_call.function.name", "get_weather"),
            ("llm.output_messages.0.message.contents.1.tool_call.function.arguments", "{\"city\":\"Paris\"}"),
            ("llm.output_messages.0.message.tool_calls.0.tool_call.id", "c1"), ("llm.output_messages.0.message.tool_calls.0.tool_call.function.name", "get_weather"),
        ];
        Assert.Equal(["assistant: Looking. | " + Tool], Talk.Lines(Normalized.ChatContent(attributes).OutputMessages));
        Assert.Equal([new ToolCallRef("c1", "get_weather")], Normalized.Chat(attributes).ToolCalls);
    }

    [Fact]
    public void Completions_of_openinference_have_prompts_and_choices()
    {
        var content = Normalized.ChatContent(("llm.prompts.0.prompt.text", "Once upon"), ("llm.choices.0.completion.text", "a time"));
        Assert.Equal(["user: Once upon"], Talk.Lines(content.InputMessages));
        Assert.Equal(["assistant: a time"], Talk.Lines(content.OutputMessages));
    }

    [Fact]
    public void Old_traceloop_writes_indexed_prompts_and_completions()
    {
        var content = Normalized.ChatContent(
            ("gen_ai.prompt.0.role", "system"), ("gen_ai.prompt.0.content", "Be brief."),
            ("gen_ai.prompt.1.role", "user"), ("gen_ai.prompt.1.content", "[{\"type\":\"text\",\"text\":\"Weather?\"}]"),
            ("gen_ai.completion.0.role", "assistant"), ("gen_ai.completion.0.finish_reason", "tool_calls"),
            ("gen_ai.completion.0.tool_calls.0.id", "c1"), ("gen_ai.completion.0.tool_calls.0.name", "get_weather"), ("gen_ai.completion.0.tool_calls.0.arguments", "{\"city\":\"Paris\"}"));
        Assert.Equal(["system: Be brief.", "user: Weather?"], Talk.Lines(content.InputMessages));
        Assert.Equal(["assistant: " + Tool + " [tool_calls]"], Talk.Lines(content.OutputMessages));
    }

    [Fact]
    public void LiteLlm_writes_function_calls_of_old() =>
        Assert.Equal(["assistant: get_weather({\"city\":\"Paris\"})#"], Talk.Lines(Normalized.ChatContent(
            ("gen_ai.completion.0.role", "assistant"), ("gen_ai.completion.0.function_call.name", "get_weather"), ("gen_ai.completion.0.function_call.arguments", "{\"city\":\"Paris\"}")).OutputMessages));

    [Fact]
    public void The_ai_sdk_writes_the_answer_in_pieces()
    {
        var content = Normalized.ChatContent(
            ("ai.prompt.messages", """[{"role":"user","content":[{"type":"text","text":"Weather?"}]},{"role":"tool","content":[{"type":"tool-result","toolCallId":"c0","toolName":"x","output":{"type":"json","value":1}}]}]"""),
            ("ai.response.text", "Looking."), ("ai.response.reasoning", "must look"),
            ("ai.response.toolCalls", """[{"toolCallId":"c1","toolName":"get_weather","input":{"city":"Paris"}}]"""));
        Assert.Equal(["user: Weather?", "tool: #c0={\"type\":\"json\",\"value\":1}"], Talk.Lines(content.InputMessages));
        Assert.Equal(["assistant: (must look) | Looking. | " + Tool], Talk.Lines(content.OutputMessages));
    }

    [Theory]
    [InlineData("""{"system":"Be brief.","prompt":"Hi"}""")]
    [InlineData("""{"system":"Be brief.","messages":[{"role":"user","content":"Hi"}]}""")]
    public void The_outer_span_of_the_ai_sdk_has_a_prompt(string prompt) =>
        Assert.Equal(["system: Be brief.", "user: Hi"], Talk.Lines(Normalized.Content(A.Span().With(("ai.operationId", "ai.generateText"), ("ai.prompt", prompt))).InputMessages));

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"Hi"}],"model":"m"}""", """{"role":"assistant","content":"Hello"}""")]
    [InlineData("""[{"role":"user","content":"Hi"}]""", "Hello")]
    [InlineData("Hi", """{"choices":[{"message":{"role":"assistant","content":"Hello"}}]}""")]
    [InlineData("\"Hi\"", "\"Hello\"")]
    public void Langfuse_holds_requests_lists_and_text(string input, string output)
    {
        var content = Normalized.Content(A.Span().With(("langfuse.observation.type", "generation"), ("langfuse.observation.input", input), ("langfuse.observation.output", output)));
        Assert.Equal(["user: Hi"], Talk.Lines(content.InputMessages));
        Assert.Equal(["assistant: Hello"], Talk.Lines(content.OutputMessages));
        var span = Normalized.With(("langfuse.observation.type", "generation"), ("langfuse.observation.input", input), ("langfuse.observation.output", output));
        Assert.Equal(("Hi", "Hello"), (span.InputPreview!.Trim('"'), span.OutputPreview!.Trim('"')));
    }

    [Fact]
    public void Anthropic_requests_and_answers_are_read()
    {
        var content = Normalized.ChatContent(
            ("gen_ai.prompt", """{"system":"Be brief.","messages":[{"role":"user","content":[{"type":"text","text":"Hi"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAAAAAA"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c0","content":"14"}]}]}"""),
            ("gen_ai.completion", """{"id":"msg","role":"assistant","content":[{"type":"thinking","thinking":"hm"},{"type":"tool_use","id":"c1","name":"get_weather","input":{"city":"Paris"}}],"stop_reason":"tool_use"}"""));
        Assert.Equal(["system: Be brief.", "user: Hi | <image 6B image/png>", "user: #c0=\"14\""], Talk.Lines(content.InputMessages));
        Assert.Equal(["assistant: (hm) | " + Tool + " [tool_use]"], Talk.Lines(content.OutputMessages));
    }

    [Fact]
    public void Responses_of_openai_are_read()
    {
        var content = Normalized.ChatContent(
            ("input.value", """{"instructions":"Be brief.","input":[{"role":"user","content":[{"type":"input_text","text":"Hi"},{"type":"input_image","image_url":"data:image/png;base64,AAAA"}]},{"type":"function_call_output","call_id":"c0","output":"14"}]}"""),
            ("output.value", """{"id":"resp","output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]},{"type":"function_call","call_id":"c1","name":"get_weather","arguments":"{\"city\":\"Paris\"}"},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hello"}]}]}"""));
        Assert.Equal(["system: Be brief.", "user: Hi | <image 3B image/png>", "tool: #c0=\"14\""], Talk.Lines(content.InputMessages));
        Assert.Equal(["assistant: (hm)", "assistant: " + Tool, "assistant: Hello"], Talk.Lines(content.OutputMessages));
    }

    [Fact]
    public void Gemini_requests_and_answers_are_read()
    {
        var content = Normalized.ChatContent(
            ("gcp.vertex.agent.llm_request", """{"model":"gemini","config":{"system_instruction":"Be brief."},"contents":[{"role":"user","parts":[{"text":"Hi"}]},{"role":"user","parts":[{"functionResponse":{"name":"x","response":{"t":14}}}]}]}"""),
            ("gcp.vertex.agent.llm_response", """{"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"name":"get_weather","args":{"city":"Paris"}}}]},"finishReason":"STOP"}]}"""));
        Assert.Equal(["system: Be brief.", "user: Hi", "user: #={\"t\":14}"], Talk.Lines(content.InputMessages));
        Assert.Equal(["assistant: get_weather({\"city\":\"Paris\"})# [STOP]"], Talk.Lines(content.OutputMessages));
    }

    [Fact]
    public void Serialised_langchain_messages_are_read()
    {
        var content = Normalized.ChatContent(
            ("input.value", """{"messages":[[{"lc":1,"type":"constructor","id":["langchain_core","messages","SystemMessage"],"kwargs":{"content":"Be brief."}},{"lc":1,"type":"constructor","id":["langchain_core","messages","HumanMessage"],"kwargs":{"content":"Hi"}}]]}"""),
            ("output.value", """{"generations":[[{"text":"","message":{"lc":1,"type":"constructor","id":["langchain_core","messages","AIMessage"],"kwargs":{"content":"","tool_calls":[{"id":"c1","name":"get_weather","args":{"city":"Paris"}}],"additional_kwargs":{"tool_calls":[{"id":"c1","type":"function","function":{"name":"get_weather","arguments":"{}"}}]}}}}]]}"""));
        Assert.Equal(["system: Be brief.", "user: Hi"], Talk.Lines(content.InputMessages));
        Assert.Equal(["assistant: " + Tool], Talk.Lines(content.OutputMessages));
    }

    [Theory]
    [InlineData("pydantic_ai.all_messages", """[{"role":"user","parts":[{"type":"text","content":"Hi"}]},{"role":"assistant","parts":[{"type":"text","content":"Hello"}]}]""")]
    [InlineData("events", """[{"event.name":"gen_ai.user.message","content":"Hi","role":"user"},{"event.name":"gen_ai.choice","index":0,"message":{"role":"assistant","content":"Hello"}}]""")]
    public void Histories_of_pydantic_are_split_into_question_and_answer(string key, string value)
    {
        var content = Normalized.Content(A.Span().With(("gen_ai.operation.name", "invoke_agent"), (key, value)));
        Assert.Equal(["user: Hi"], Talk.Lines(content.InputMessages));
        Assert.Equal(["assistant: Hello"], Talk.Lines(content.OutputMessages));
    }

    [Fact]
    public void Content_hidden_on_purpose_is_not_captured()
    {
        var content = Normalized.ChatContent(("input.value", "__REDACTED__"), ("output.value", "__REDACTED__"),
            ("llm.input_messages.0.message.role", "user"), ("llm.input_messages.0.message.content", "__REDACTED__"));
        Assert.Equal((ContentState.NotCaptured, null, null), (content.State, content.Input, content.Output));
        Assert.Empty(content.InputMessages);
        var span = Normalized.With(("openinference.span.kind", "LLM"), ("input.value", "__REDACTED__"), ("llm.input_messages.0.message.role", "user"), ("llm.input_messages.0.message.content", "__REDACTED__"));
        Assert.Equal((ContentState.NotCaptured, null), (span.Content, span.InputPreview));
    }

    [Theory]
    [InlineData("llm.input_messages.0.message.content", "__REDACTED__")]
    [InlineData("llm.input_messages.0.message.contents.1.message_content.image.image.url", "__REDACTED__")]
    [InlineData("input.value", "__REDACTED__")]
    [InlineData("logfire.scrubbed", """[{"path":["attributes","x"],"matched_substring":"secret"}]""")]
    [InlineData("callwatch.changed", "masked:input.value")]
    public void Content_of_which_a_part_is_hidden_is_masked(string key, string value)
    {
        (string, object?)[] attributes = [("openinference.span.kind", "LLM"), ("output.value", "The answer."), (key, key == "callwatch.changed" ? new[] { "text_cut:output.value", value } : value)];
        Assert.Equal(ContentState.Masked, Normalized.With(attributes).Content);
        Assert.Equal(ContentState.Masked, Normalized.Content(A.Span().With(attributes)).State);
    }

    [Theory]
    [InlineData("callwatch.changed", "text_cut:output.value")]
    [InlineData("input.value", "What does __REDACTED__ mean?")]
    [InlineData("user.id", "__REDACTED__")]
    public void What_only_resembles_a_mask_is_none(string key, string value) =>
        Assert.Equal(ContentState.Present, Normalized.With(("openinference.span.kind", "LLM"), ("output.value", "The answer."), (key, value)).Content);

    [Fact]
    public void Vectors_are_no_content()
    {
        var content = Normalized.Content(A.Span().With(
            ("openinference.span.kind", "EMBEDDING"), ("embedding.embeddings.0.embedding.text", "a"), ("embedding.embeddings.1.embedding.text", "b"),
            ("embedding.embeddings.0.embedding.vector", new[] { 0.1, 0.2 }), ("output.value", "[[0.1,0.2]]")));
        Assert.Equal("[\"a\",\"b\"]", content.Input!.ToJsonString());
        Assert.Null(content.Output);
    }

    [Fact]
    public void Texts_to_embed_of_the_ai_sdk_lose_their_quotes()
    {
        var embed = A.Span().With(("ai.operationId", "ai.embedMany.doEmbed"), ("ai.values", new[] { "\"capital of France\"", "\"[a] list\"" }));
        Assert.Equal("[\"capital of France\",\"[a] list\"]", Normalized.Content(embed).Input!.ToJsonString());
        Assert.Equal("capital of France", Normalized.Of(embed).InputPreview);
    }
}
