using System.Text.Json.Nodes;

namespace Callwatch.Cli.Demo.Dialects;

/// <summary>OpenTelemetry's current GenAI conventions: messages as JSON in attributes.</summary>
internal static class GenAi
{
    public static void Write(DemoSpan span, ModelCall call, Dice dice, bool content = true)
    {
        span.With("gen_ai.operation.name", "chat")
            .With("gen_ai.provider.name", call.Provider)
            .With("gen_ai.request.model", call.Model)
            .With("gen_ai.request.temperature", call.Temperature)
            .With("gen_ai.request.max_tokens", call.MaxTokens)
            .With("gen_ai.request.stream", call.FirstToken is null ? null : true)
            .With("gen_ai.conversation.id", call.Session)
            .With("user.id", call.User)
            .With("langfuse.observation.prompt.name", call.PromptName)
            .With("langfuse.observation.prompt.version", call.PromptVersion);
        if (content)
        {
            span.With("gen_ai.input.messages", Json.Text(new JsonArray([.. call.Messages.Select(Message)])));
            if (call.Tools is not null) span.With("gen_ai.tool.definitions", Json.Text(call.Tools));
        }

        if (call.Failure is { } failure)
        {
            span.With("error.type", failure.Type).With("http.response.status_code", failure.Status).Fail(failure.Message);
            return;
        }

        span.With("gen_ai.response.model", call.Model)
            .With("gen_ai.response.id", "chatcmpl-" + dice.Word(22))
            .With("gen_ai.response.finish_reasons", new[] { call.Finish })
            .With("gen_ai.response.time_to_first_chunk", call.FirstToken)
            .With("gen_ai.usage.input_tokens", call.Input)
            .With("gen_ai.usage.output_tokens", call.Output)
            .With("gen_ai.usage.cache_read.input_tokens", call.CacheRead > 0 ? call.CacheRead : null)
            .With("gen_ai.usage.reasoning.output_tokens", call.Reasoning > 0 ? call.Reasoning : null);
        if (content) span.With("gen_ai.output.messages", Json.Text(new JsonArray(Output(call))));
    }

    private static JsonObject Message(Said said) => new()
    {
        ["role"] = said.Role,
        ["parts"] = new JsonArray(said switch
        {
            { ToolCallId: { } id, ToolName: { } name } =>
                new JsonObject { ["type"] = "tool_call", ["id"] = id, ["name"] = name, ["arguments"] = JsonNode.Parse(said.Text) },
            { ToolCallId: { } id } => new JsonObject { ["type"] = "tool_call_response", ["id"] = id, ["response"] = said.Text },
            _ => new JsonObject { ["type"] = "text", ["content"] = said.Text },
        }),
    };

    private static JsonObject Output(ModelCall call)
    {
        var message = Message(call.ToolCall is { } tool ? new Said("assistant", tool.Arguments, tool.Id, tool.Name) : new Said("assistant", call.Answer ?? ""));
        message["finish_reason"] = call.Finish;
        return message;
    }
}
