using Callwatch.Spans;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Normalize.Messages;

/// <summary>The published convention: messages in attributes, in events, in log records.</summary>
public sealed class GenAiMessagesTests
{
    private const string Input =
        """
        [{"role":"user","parts":[{"type":"text","content":"Weather in Paris?"},{"type":"uri","modality":"image","mime_type":"image/png","uri":"https://x/y.png"}]},
         {"role":"assistant","parts":[{"type":"reasoning","content":"look it up"},{"type":"tool_call","id":"c1","name":"get_weather","arguments":{"city":"Paris"}}]},
         {"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":"{\"temp\":14}"}]}]
        """;

    private static readonly string[] InputLines =
    [
        "user: Weather in Paris? | <image https://x/y.png image/png>",
        "assistant: (look it up) | get_weather({\"city\":\"Paris\"})#c1",
        "tool: #c1={\"temp\":14}",
    ];

    [Fact]
    public void Parts_of_every_type_are_read()
    {
        var content = Normalized.ChatContent(("gen_ai.input.messages", Input), ("gen_ai.output.messages", """[{"role":"assistant","parts":[{"type":"text","content":"14 degrees."}],"finish_reason":"stop"}]"""));
        Assert.Equal(InputLines, Talk.Lines(content.InputMessages));
        Assert.Equal(["assistant: 14 degrees. [stop]"], Talk.Lines(content.OutputMessages));
        Assert.Equal(ContentState.Present, content.State);
    }

    [Fact]
    public void The_same_may_come_as_a_structure_instead_of_json()
    {
        object?[] messages = [new Dictionary<string, object?> { ["role"] = "user", ["parts"] = new object?[] { new Dictionary<string, object?> { ["type"] = "text", ["content"] = "Hi" } } }];
        Assert.Equal(["user: Hi"], Talk.Lines(Normalized.ChatContent(("gen_ai.input.messages", messages)).InputMessages));
        Assert.Equal("Hi", Normalized.With(("gen_ai.operation.name", "chat"), ("gen_ai.input.messages", messages)).InputPreview);
    }

    [Fact]
    public void Plain_role_and_content_are_accepted_there_too() =>
        Assert.Equal(["user: Hi"], Talk.Lines(Normalized.ChatContent(("gen_ai.input.messages", """[{"role":"user","content":"Hi"}]""")).InputMessages));

    [Fact]
    public void System_instructions_come_first_unless_they_are_there_already()
    {
        var user = """[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]""";
        var both = """[{"role":"system","parts":[{"type":"text","content":"Be brief."}]},{"role":"user","parts":[{"type":"text","content":"Hi"}]}]""";
        var instructions = """[{"type":"text","content":"Be brief."}]""";
        Assert.Equal(["system: Be brief.", "user: Hi"], Talk.Lines(Normalized.ChatContent(("gen_ai.input.messages", user), ("gen_ai.system_instructions", instructions)).InputMessages));
        Assert.Equal(["system: Be brief.", "user: Hi"], Talk.Lines(Normalized.ChatContent(("gen_ai.input.messages", both), ("gen_ai.system_instructions", instructions)).InputMessages));
        Assert.Equal(["system: Be brief.", "user: Hi"], Talk.Lines(Normalized.ChatContent(("gen_ai.input.messages", user), ("gen_ai.system_instructions", "Be brief.")).InputMessages));
    }

    [Fact]
    public void A_details_event_or_log_carries_the_same_attributes()
    {
        var chat = A.Span().With("gen_ai.operation.name", "chat");
        var spanEvent = Normalized.Content(chat.Event("gen_ai.client.inference.operation.details", ("gen_ai.input.messages", Input)));
        var log = Normalized.Content(A.Span().With("gen_ai.operation.name", "chat"), A.Log("gen_ai.client.inference.operation.details").With("gen_ai.input.messages", Input));
        Assert.Equal(InputLines, Talk.Lines(spanEvent.InputMessages));
        Assert.Equal(InputLines, Talk.Lines(log.InputMessages));
    }

    [Fact]
    public void What_the_span_lacks_is_taken_from_its_events_and_what_it_has_is_not()
    {
        var call = Normalized.Of(
            A.Span().With(("gen_ai.operation.name", "chat"), ("gen_ai.request.model", "mine")),
            A.Log("gen_ai.client.inference.operation.details").With("gen_ai.request.model", "other").With("gen_ai.usage.input_tokens", 5)).Call!;
        Assert.Equal(("mine", 5), (call.RequestModel, call.Usage.Input));
    }

    [Fact]
    public void Messages_told_one_by_one_by_logs_are_put_together_in_order_of_time()
    {
        LogBuilder[] logs =
        [
            A.Log("gen_ai.choice").NamedByAttribute().At(9).Body(new Dictionary<string, object?>
            {
                ["index"] = 0,
                ["finish_reason"] = "tool_calls",
                ["message"] = new Dictionary<string, object?> { ["tool_calls"] = new object?[] { ToolCall() } },
            }),
            A.Log("gen_ai.user.message").At(2).Body(new Dictionary<string, object?> { ["content"] = "Weather in Paris?" }),
            A.Log("gen_ai.system.message").At(1).Body(new Dictionary<string, object?> { ["content"] = "Be brief." }),
            A.Log("gen_ai.assistant.message").At(3).Body(new Dictionary<string, object?> { ["tool_calls"] = new object?[] { ToolCall() } }),
            A.Log("gen_ai.tool.message").At(4).Body(new Dictionary<string, object?> { ["id"] = "c1", ["content"] = "{\"temp\":14}" }),
        ];
        var content = Normalized.Content(A.Span().With("gen_ai.operation.name", "chat"), logs);
        Assert.Equal(
            ["system: Be brief.", "user: Weather in Paris?", "assistant: get_weather({\"city\":\"Paris\"})#c1", "tool: #c1={\"temp\":14}"],
            Talk.Lines(content.InputMessages));
        Assert.Equal(["assistant: get_weather({\"city\":\"Paris\"})#c1 [tool_calls]"], Talk.Lines(content.OutputMessages));

        var span = Normalized.Of(A.Span().With("gen_ai.operation.name", "chat"), logs);
        Assert.Equal(("Weather in Paris?", "get_weather(…)"), (span.InputPreview, span.OutputPreview));
        Assert.Equal(["tool_calls"], span.Call!.FinishReasonsRaw);
        Assert.Equal([new ToolCallRef("c1", "get_weather")], span.Call.ToolCalls);

        static Dictionary<string, object?> ToolCall() => new()
        {
            ["id"] = "c1",
            ["type"] = "function",
            ["function"] = new Dictionary<string, object?> { ["name"] = "get_weather", ["arguments"] = "{\"city\":\"Paris\"}" },
        };
    }

    [Fact]
    public void Logs_without_captured_content_say_nothing()
    {
        var span = Normalized.Of(A.Span().With("gen_ai.operation.name", "chat"), A.Log("gen_ai.user.message").With("gen_ai.system", "openai"));
        Assert.Equal((ContentState.NotCaptured, null, "openai"), (span.Content, span.InputPreview, span.Call!.Provider));
    }

    [Fact]
    public void Span_events_of_the_same_names_carry_the_body_as_attributes_or_as_json()
    {
        var content = Normalized.Content(A.Span().With("gen_ai.operation.name", "chat")
            .EventAt(1, "gen_ai.user.message", ("content", "Hi"), ("role", "user"))
            .EventAt(2, "gen_ai.choice", ("gen_ai.event.content", """{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}""")));
        Assert.Equal(["user: Hi"], Talk.Lines(content.InputMessages));
        Assert.Equal(["assistant: Hello [stop]"], Talk.Lines(content.OutputMessages));
    }

    [Fact]
    public void Old_content_events_hold_json_or_almost_json()
    {
        var content = Normalized.Content(A.Span()
            .Event("gen_ai.content.prompt", ("gen_ai.prompt", """[{"role":"user","content":"Hi"}]"""))
            .Event("gen_ai.content.completion", ("gen_ai.completion", """{"role:" assistant, "content":"Hello"}""")));
        Assert.Equal(["user: Hi"], Talk.Lines(content.InputMessages));
        Assert.Equal(["assistant: {\"role:\" assistant, \"content\":\"Hello\"}"], Talk.Lines(content.OutputMessages));
    }
}
