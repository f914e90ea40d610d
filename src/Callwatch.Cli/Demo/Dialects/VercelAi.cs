using System.Text.Json.Nodes;

namespace Callwatch.Cli.Demo.Dialects;

/// <summary>The AI SDK before its version 7: an outer span for the function, an inner one for the call.</summary>
internal static class VercelAi
{
    public static DemoSpan Generate(TraceScript script, DemoSpan parent, string function, ModelCall call)
    {
        var outer = Begin(script, parent, "ai.generateText", function, call);
        var inner = Begin(script, outer, "ai.generateText.doGenerate", function, call);
        HttpClientSpan.Send(script, inner, "https://api.openai.com/v1/chat/completions", call.Seconds, call.Failure);
        script.End(inner);
        script.End(outer);
        inner.With("ai.prompt.messages", Json.Text(new JsonArray([.. call.Messages.Select(said => new JsonObject { ["role"] = said.Role, ["content"] = said.Text })])))
            .With("gen_ai.system", call.Provider)
            .With("gen_ai.request.model", call.Model)
            .With("gen_ai.request.temperature", call.Temperature)
            .With("gen_ai.request.max_tokens", call.MaxTokens);
        if (call.Failure is { } failure)
        {
            foreach (var span in new[] { inner, outer })
            {
                span.Events.Add(new DemoEvent("exception", span.End, [("exception.type", "AI_APICallError"), ("exception.message", failure.Message)]));
                span.Fail(failure.Message);
            }

            // Left out by the SDK itself; proxies in front of it add it.
            inner.With("http.response.status_code", failure.Status);
            return outer;
        }

        outer.With("ai.response.text", call.Answer).With("ai.usage.inputTokens", call.Input).With("ai.usage.outputTokens", call.Output);
        inner.With("ai.response.text", call.Answer)
            .With("ai.response.finishReason", call.Finish)
            .With("ai.response.model", call.Model)
            .With("ai.response.id", "chatcmpl-" + script.Dice.Word(22))
            .With("ai.usage.inputTokens", call.Input)
            .With("ai.usage.outputTokens", call.Output)
            .With("ai.usage.cachedInputTokens", call.CacheRead)
            .With("gen_ai.response.model", call.Model)
            .With("gen_ai.response.finish_reasons", new[] { call.Finish })
            .With("gen_ai.usage.input_tokens", call.Input)
            .With("gen_ai.usage.output_tokens", call.Output);
        return outer;
    }

    public static void Embed(TraceScript script, DemoSpan parent, string function, ModelCall call, string text)
    {
        var outer = Begin(script, parent, "ai.embed", function, call);
        var inner = Begin(script, outer, "ai.embed.doEmbed", function, call);
        HttpClientSpan.Send(script, inner, "https://api.openai.com/v1/embeddings", call.Seconds, call.Failure);
        script.End(inner);
        script.End(outer);
        outer.With("ai.value", Json.Text(JsonValue.Create(text))).With("ai.usage.tokens", call.Input);
        inner.With("ai.values", new[] { Json.Text(JsonValue.Create(text)) }).With("ai.usage.tokens", call.Input).With("gen_ai.embeddings.dimension.count", 3072);
    }

    private static DemoSpan Begin(TraceScript script, DemoSpan parent, string operation, string function, ModelCall call) =>
        script.Begin(operation, parent)
            .With("operation.name", $"{operation} {function}")
            .With("ai.operationId", operation)
            .With("ai.telemetry.functionId", function)
            .With("ai.model.id", call.Model)
            .With("ai.model.provider", call.Provider + ".chat")
            .With("ai.telemetry.metadata.userId", call.User)
            .With("ai.telemetry.metadata.sessionId", call.Session);
}
