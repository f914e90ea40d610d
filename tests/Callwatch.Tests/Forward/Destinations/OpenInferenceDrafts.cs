using Callwatch.Testing.StandIns;

namespace Callwatch.Tests.Forward.Destinations;

/// <summary>Good spans in OpenInference's names, and what makes them bad.</summary>
internal static class OpenInferenceDrafts
{
    /// <summary>What is wrong with a span, by its name: taken out, or put wrong.</summary>
    public static IReadOnlyDictionary<string, Func<WireDraft>> Wrong { get; } = new Dictionary<string, Func<WireDraft>>(StringComparer.Ordinal)
    {
        ["no span kind"] = () => Llm().Without("openinference.span.kind"),
        ["a span kind in lower case"] = () => Llm().With("openinference.span.kind", "llm"),
        ["no system on a call"] = () => Llm().Without("llm.system"),
        ["no model on a call"] = () => Llm().Without("llm.model_name"),
        ["no role of a message"] = () => Llm().Without("llm.input_messages.0.message.role"),
        ["an unknown role"] = () => Llm().With("llm.input_messages.0.message.role", "human"),
        ["a gap in the messages"] = () => Llm().With("llm.input_messages.2.message.role", "user"),
        ["a message without an index"] = () => Llm().With("llm.input_messages.message.role", "user"),
        ["tokens as text"] = () => Llm().With("llm.token_count.prompt", "18"),
        ["tokens as a double"] = () => Llm().With("llm.token_count.total", 22.0),
        ["tokens on a chain"] = () => Llm().With("openinference.span.kind", "CHAIN"),
        ["cost as an integer"] = () => Llm().With("llm.cost.total", 1L),
        ["metadata that is no JSON"] = () => Llm().With("metadata", "{'plan': 'pro'}"),
        ["metadata as a map"] = () => Llm().With("metadata", new Dictionary<string, object?> { ["plan"] = "pro" }),
        ["an empty session"] = () => Llm().With("session.id", ""),
        ["an unknown mime type"] = () => Llm().With("input.mime_type", "text/markdown"),
        ["a mime type without a value"] = () => Llm().Without("input.value"),
        ["text said to be JSON"] = () => Llm().With("output.mime_type", "application/json"),
        ["arguments of a tool call that are no JSON"] = () => Llm().With("llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments", "city=Rome"),
        ["a score as text"] = () => Llm().With("retrieval.documents.0.document.score", "0.9"),
        ["tags as one text"] = () => Llm().With("tag.tags", "a,b"),
        ["no name of a tool"] = () => Tool().Without("tool.name"),
        ["parameters of a tool that are no object"] = () => Tool().With("tool.parameters", "[1]"),
        ["an unset status"] = () => Of(draft => draft.StatusCode = null),
        ["an error without its event"] = () => Of(draft => (draft.StatusCode, draft.StatusMessage) = (2, "failed")),
        ["an exception without a message"] = () => Of(draft =>
        {
            (draft.StatusCode, draft.StatusMessage) = (2, "failed");
            draft.Events.Add(("exception", draft.End, [("exception.type", "Error")]));
        }),
        ["no name of the model that embeds"] = () => new WireDraft().With("openinference.span.kind", "EMBEDDING"),
        ["no name of an agent"] = () => new WireDraft().With("openinference.span.kind", "AGENT"),
    };

    public static WireDraft Llm()
    {
        var draft = new WireDraft();
        draft.Resource.AddRange([("openinference.project.name", "support-bot"), ("model_id", "support-bot")]);
        return draft.With("openinference.span.kind", "LLM").With("llm.system", "openai").With("llm.provider", "openai").With("llm.model_name", "gpt-4o")
            .With("llm.input_messages.0.message.role", "user").With("llm.input_messages.0.message.content", "Hello?").With("input.value", "{}").With("input.mime_type", "application/json")
            .With("output.value", "Hi there.").With("output.mime_type", "text/plain").With("llm.token_count.prompt", 18L).With("llm.token_count.completion", 4L).With("llm.token_count.total", 22L)
            .With("llm.cost.total", 8.5e-5).With("metadata", """{"plan":"pro"}""").With("session.id", "conv-42").With("tag.tags", new[] { "chat" });
    }

    public static WireDraft Tool()
    {
        var draft = new WireDraft();
        draft.Resource.Add(("openinference.project.name", "support-bot"));
        return draft.With("openinference.span.kind", "TOOL").With("tool.name", "get_weather").With("tool.parameters", """{"city":"Rome"}""");
    }

    private static WireDraft Of(Action<WireDraft> change)
    {
        var draft = Llm();
        change(draft);
        return draft;
    }
}
