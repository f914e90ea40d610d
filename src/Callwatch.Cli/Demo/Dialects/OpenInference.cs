using System.Globalization;

namespace Callwatch.Cli.Demo.Dialects;

/// <summary>OpenInference: messages flattened into indexed attributes, the first token as an event.</summary>
internal static class OpenInference
{
    public static void Write(DemoSpan span, ModelCall call)
    {
        span.With("openinference.span.kind", "LLM")
            .With("llm.provider", call.Provider)
            .With("llm.system", call.Provider)
            .With("llm.model_name", call.Model)
            .With("llm.invocation_parameters", string.Create(CultureInfo.InvariantCulture, $$"""{"model":"{{call.Model}}","max_tokens":{{call.MaxTokens}},"temperature":{{call.Temperature}}}"""))
            .With("session.id", call.Session)
            .With("user.id", call.User)
            .With("llm.prompt_template.version", call.PromptVersion?.ToString(CultureInfo.InvariantCulture));
        for (var i = 0; i < call.Messages.Count; i++)
        {
            span.With($"llm.input_messages.{i}.message.role", call.Messages[i].Role)
                .With($"llm.input_messages.{i}.message.content", call.Messages[i].Text);
        }

        if (call.Failure is { } failure)
        {
            span.Events.Add(new DemoEvent("exception", span.End, [("exception.type", failure.Type), ("exception.message", failure.Message)]));
            span.Fail(failure.Message);
            return;
        }

        if (call.FirstToken is { } first) span.Events.Add(new DemoEvent("First Token Stream Event", span.Start.Plus(TimeSpan.FromSeconds(first)), []));
        span.With("llm.output_messages.0.message.role", "assistant")
            .With("llm.output_messages.0.message.content", call.Answer)
            .With("llm.finish_reason", call.Finish)
            .With("llm.token_count.prompt", call.Input)
            .With("llm.token_count.completion", call.Output)
            .With("llm.token_count.total", call.Input + call.Output)
            .With("llm.token_count.prompt_details.cache_read", call.CacheRead)
            .With("llm.token_count.prompt_details.cache_write", call.CacheWrite);
    }
}
