namespace Callwatch.Cli.Demo.Dialects;

/// <summary>OpenLLMetry of 2025: numbered prompt and completion attributes.</summary>
internal static class Traceloop
{
    public static void Write(DemoSpan span, ModelCall call)
    {
        span.With("llm.request.type", "chat")
            .With("gen_ai.system", call.Provider)
            .With("gen_ai.request.model", call.Model)
            .With("gen_ai.request.temperature", call.Temperature)
            .With("gen_ai.request.max_tokens", call.MaxTokens)
            .With("traceloop.association.properties.session_id", call.Session);
        for (var i = 0; i < call.Messages.Count; i++)
            span.With($"gen_ai.prompt.{i}.role", call.Messages[i].Role).With($"gen_ai.prompt.{i}.content", call.Messages[i].Text);
        if (call.Failure is { } failure)
        {
            span.With("error.type", failure.Type).Fail(failure.Message);
            return;
        }

        span.With("gen_ai.response.model", call.Model)
            .With("gen_ai.completion.0.role", "assistant")
            .With("gen_ai.completion.0.content", call.Answer)
            .With("gen_ai.completion.0.finish_reason", call.Finish)
            .With("gen_ai.usage.prompt_tokens", call.Input)
            .With("gen_ai.usage.completion_tokens", call.Output)
            .With("llm.usage.total_tokens", call.Input + call.Output);
    }
}
