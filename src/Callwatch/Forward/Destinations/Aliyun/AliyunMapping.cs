using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Aliyun;

/// <summary>Spans in the names of Alibaba Cloud's "LLM Trace field definitions" (2025 and 2026 tables). Pure.</summary>
internal static class AliyunMapping
{
    public static IReadOnlyList<OutboundItem> Items(TraceToSend trace, Anchor anchor, string appName, string version)
    {
        // Without the feature it is an ordinary application there, and no LLM view shows it.
        var head = OtlpBatch.Head(
            new OutboundAttributes().Add("service.name", appName).Add("service.version", anchor.Release ?? "callwatch-" + version)
                .Add("deployment.environment", anchor.Environment).Add("acs.arms.service.feature", "genai_app"),
            "callwatch", version);
        var firstToken = trace.Spans.Select(span => span.Span.FirstTokenAt()?.UnixNanoseconds).Min();
        return [.. RecordSpans.Folded(trace).Spans.Select(span => Item(span, anchor, head, firstToken))];
    }

    private static OutboundItem Item(SpanToSend span, Anchor anchor, byte[] head, long? firstToken)
    {
        var isRoot = span.Span.ParentSpanId.IsNone;
        var attributes = Attributes(span, anchor);

        // What the user waited for until something was to be seen.
        if (isRoot && firstToken - span.Span.Start.UnixNanoseconds is > 0 and var waited) attributes.Add("gen_ai.user.time_to_first_token", waited);
        return PlainSpan.Item(span, span.Span.IsCall() ? 3 : isRoot ? 2 : 1, attributes, head);
    }

    private static OutboundAttributes Attributes(SpanToSend span, Anchor anchor)
    {
        var (kind, operation) = KindOf(span);
        var attributes = new OutboundAttributes()
            .Add("gen_ai.session.id", NotEmpty(span.Span.SessionId ?? anchor.SessionId))
            .Add("gen_ai.user.id", NotEmpty(span.Span.UserId ?? anchor.UserId))
            .Add("gen_ai.framework", "callwatch")
            .Add("gen_ai.span.kind", kind)
            .Add("gen_ai.operation.name", operation)
            .AddJson("input.value", LastQuestion(span) ?? span.Input())
            .AddJson("output.value", span.Span.Kind.IsCall() && MessageForms.TextOf(span.Content.OutputMessages) is { } text ? JsonValue.Create(text) : span.Output());
        switch (kind)
        {
            case "LLM" or "EMBEDDING":
                AddCall(attributes, span);
                break;
            case "TOOL":
                AddTool(attributes, span);
                break;
            case "RETRIEVER":
                AddRetrieval(attributes, span);
                break;
            case "AGENT":
                attributes.Add("gen_ai.agent.name", span.Span.DisplayName);
                if (span.Span.Call is { } summary) AddTokens(attributes, summary.Usage);
                break;
        }

        attributes.Add("error.type", span.Span.Outcome == Outcome.Error ? span.Span.Error?.Type : null);
        foreach (var (key, value) in span.Metadata()) attributes.AddJson("metadata." + key, value);
        return attributes.Add("tags", span.Span.Tags);
    }

    private static (string Kind, string Operation) KindOf(SpanToSend span) => span.Span.Kind switch
    {
        // A call that is told twice is shown twice and counted once.
        _ when span.Span.Kind.IsCall() && !span.Span.IsCall() && span.Span.Kind != SpanKind.Rerank => ("CHAIN", "chain"),
        SpanKind.Chat => ("LLM", "chat"),
        SpanKind.Completion => ("LLM", "text_completion"),
        SpanKind.Image or SpanKind.Speech or SpanKind.Transcription => ("LLM", "generate_content"),
        SpanKind.Embedding => ("EMBEDDING", "embeddings"),
        SpanKind.Rerank => ("RERANKER", "rerank"),
        SpanKind.Retrieval => ("RETRIEVER", "retrieval"),
        SpanKind.Tool when span.Field("node_type") is null or "tool" => ("TOOL", "execute_tool"),
        SpanKind.Agent => ("AGENT", "invoke_agent"),
        SpanKind.Moderation or SpanKind.Guardrail => ("CHAIN", "moderation"),
        SpanKind.Message or SpanKind.Workflow or SpanKind.Conversation or SpanKind.SuggestedQuestion or SpanKind.GenerateConversationName or SpanKind.Chain => ("CHAIN", span.Span.Kind.Word()),
        _ => ("TASK", "task"),
    };

    // What was asked last: the whole conversation has a field of its own.
    private static JsonValue? LastQuestion(SpanToSend span) =>
        span.Span.Kind.IsCall() && span.Content.InputMessages.LastOrDefault(message => message.Role == "user") is { } question && MessageForms.TextOf([question]) is { } text ? JsonValue.Create(text) : null;

    private static void AddCall(OutboundAttributes attributes, SpanToSend span)
    {
        var call = span.Span.Call!;
        attributes
            .Add("gen_ai.request.model", call.RequestModel ?? call.Model)
            .Add("gen_ai.response.model", call.Model)
            .Add("gen_ai.provider.name", GenAiNames.ProviderOf(call))
            .Add("gen_ai.request.temperature", call.Temperature)
            .Add("gen_ai.request.top_p", call.TopP)
            .Add("gen_ai.request.top_k", call.TopK)
            .Add("gen_ai.request.max_tokens", call.MaxTokens)
            .Add("gen_ai.request.frequency_penalty", call.FrequencyPenalty)
            .Add("gen_ai.request.presence_penalty", call.PresencePenalty)
            .Add("gen_ai.request.seed", call.Seed);
        AddTokens(attributes, call.Usage);
        attributes
            .Add("gen_ai.response.time_to_first_token", call.TtftNanoseconds)
            .Add("gen_ai.response.finish_reasons", call.FinishReasonsRaw)
            .AddJson("gen_ai.input.messages", MessageForms.GenAi(span.Content.InputMessages, "result"))
            .AddJson("gen_ai.output.messages", MessageForms.GenAi(span.Content.OutputMessages, "result"));
        if (span.Content.Tools.Count > 0) attributes.AddJson("gen_ai.tool.definitions", new JsonArray([.. span.Content.Tools.Select(tool => tool.DeepClone())]));
    }

    private static void AddTokens(OutboundAttributes attributes, TokenUsage usage) => attributes
        .Add("gen_ai.usage.input_tokens", usage.Input)
        .Add("gen_ai.usage.output_tokens", usage.Output)
        .Add("gen_ai.usage.total_tokens", usage.Total ?? (usage.Input is { } input && usage.Output is { } output ? input + output : null));

    private static void AddTool(OutboundAttributes attributes, SpanToSend span) => attributes
        .Add("gen_ai.tool.name", span.ToolName())
        .Add("gen_ai.tool.type", "function")
        .Add("gen_ai.tool.description", span.ToolDescription())
        .Add("gen_ai.tool.call.id", span.ToolCallId())
        .AddJson("gen_ai.tool.call.arguments", span.Content.Input)
        .AddJson("gen_ai.tool.call.result", span.Content.Output);

    // Older and newer names: which of them a console reads is not told.
    private static void AddRetrieval(OutboundAttributes attributes, SpanToSend span)
    {
        attributes.AddJson("retrieval.query", span.Content.Input).AddJson("gen_ai.retrieval.query.text", span.Content.Input);
        if (span.FoundDocuments() is not { Count: > 0 } documents) return;
        var list = new JsonArray([.. documents.Select(document => document.DeepClone())]);
        attributes.AddJson("retrieval.document", list).AddJson("gen_ai.retrieval.documents", list);
    }

    private static string? NotEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
