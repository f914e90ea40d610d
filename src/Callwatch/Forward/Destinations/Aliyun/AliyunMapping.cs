using Callwatch.Forward.Destinations.Shared;
using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Aliyun;

/// <summary>Spans in the names of Alibaba Cloud's "LLM Trace field definitions" (2025 and 2026 tables). Pure.</summary>
internal static class AliyunMapping
{
    public static IReadOnlyList<OutboundItem> Items(TraceToSend trace, Anchor anchor, string appName, string version)
    {
        var head = OtlpBatch.Head(
            new OutboundAttributes().Add("service.name", appName).Add("service.version", anchor.Release ?? "callwatch-" + version)
                .Add("deployment.environment", anchor.Environment).Add("acs.arms.service.feature", "genai_app"),
            "callwatch", version);
        return [.. trace.Spans.Select(span => Item(span, anchor, head))];
    }

    private static OutboundItem Item(SpanToSend span, Anchor anchor, byte[] head)
    {
        var failed = span.Span.Outcome == Outcome.Error;
        var outbound = new OutboundSpan
        {
            TraceId = span.Span.TraceId,
            SpanId = span.Span.SpanId,
            ParentSpanId = span.Span.ParentSpanId,
            Name = span.Span.DisplayName,
            Kind = span.Span.SpanId == anchor.RootSpanId ? 2 : span.Span.Kind.IsCall() ? 3 : 1,
            Start = span.Span.Start,
            End = span.Span.End,
            Attributes = Attributes(span, anchor),
            Events = failed && span.Span.Error is { } error ? [OutboundSpan.Exception(error, span.Span.End)] : [],
            StatusCode = failed ? 2 : 1,
            StatusMessage = failed ? span.Span.Error?.Message ?? span.Span.Error?.Type : null,
        };
        return new OutboundItem
        {
            Route = OtlpBatch.Route,
            TraceId = span.Span.TraceId,
            SpanIds = [span.Span.SpanId],
            Id = span.Span.SpanId.ToString(),
            Head = head,
            Payload = outbound.ToBytes(),
        };
    }

    private static OutboundAttributes Attributes(SpanToSend span, Anchor anchor)
    {
        var (kind, operation) = KindOf(span.Span);
        var attributes = new OutboundAttributes()
            .Add("gen_ai.session.id", span.Span.SessionId ?? anchor.SessionId)
            .Add("gen_ai.user.id", span.Span.UserId ?? anchor.UserId)
            .Add("gen_ai.framework", "callwatch")
            .Add("gen_ai.span.kind", kind)
            .Add("gen_ai.operation.name", operation)
            .AddJson("input.value", span.Input())
            .AddJson("output.value", span.Output());
        if (span.Span.SpanId == anchor.RootSpanId && span.Span.Call?.TtftNanoseconds is { } first) attributes.Add("gen_ai.user.time_to_first_token", first);
        if (span.Span.IsCall()) AddCall(attributes, span);
        if (span.Span.Kind == SpanKind.Tool) AddTool(attributes, span);
        if (span.Span.Kind == SpanKind.Agent) attributes.Add("gen_ai.agent.name", span.Span.DisplayName);
        if (span.Span.Kind == SpanKind.Retrieval)
        {
            attributes.AddJson("retrieval.query", span.Content.Input);
            if (span.Content.Documents.Count > 0) attributes.AddJson("retrieval.document", span.Documents());
        }

        foreach (var (key, value) in span.Span.Metadata) attributes.Add("metadata." + key, value);
        return attributes.Add("tags", span.Span.Tags);
    }

    private static (string Kind, string Operation) KindOf(Span span) => span.Kind switch
    {
        SpanKind.Chat => ("LLM", "chat"),
        SpanKind.Completion => ("LLM", "text_completion"),
        SpanKind.Image or SpanKind.Speech or SpanKind.Transcription => ("LLM", "generate_content"),
        SpanKind.SuggestedQuestion => ("LLM", "suggested_question"),
        SpanKind.GenerateConversationName => ("LLM", "generate_conversation_name"),
        SpanKind.Embedding => ("EMBEDDING", "embeddings"),
        SpanKind.Rerank => ("RERANKER", "rerank"),
        SpanKind.Retrieval => ("RETRIEVER", "retrieval"),
        SpanKind.Tool => ("TOOL", "execute_tool"),
        SpanKind.Agent => ("AGENT", "invoke_agent"),
        SpanKind.Message => ("CHAIN", "message"),
        SpanKind.Workflow => ("CHAIN", "workflow"),
        SpanKind.Moderation or SpanKind.Guardrail => ("CHAIN", "moderation"),
        SpanKind.Chain => ("CHAIN", "chain"),
        _ => ("TASK", "task"),
    };

    private static void AddCall(OutboundAttributes attributes, SpanToSend span)
    {
        var call = span.Span.Call!;
        attributes
            .Add("gen_ai.request.model", call.RequestModel ?? call.Model)
            .Add("gen_ai.response.model", call.Model)
            .Add("gen_ai.provider.name", call.Provider)
            .Add("gen_ai.request.temperature", call.Temperature)
            .Add("gen_ai.request.top_p", call.TopP)
            .Add("gen_ai.request.top_k", call.TopK)
            .Add("gen_ai.request.max_tokens", call.MaxTokens)
            .Add("gen_ai.request.frequency_penalty", call.FrequencyPenalty)
            .Add("gen_ai.request.presence_penalty", call.PresencePenalty)
            .Add("gen_ai.request.seed", call.Seed)
            .Add("gen_ai.usage.input_tokens", call.Usage.Input)
            .Add("gen_ai.usage.output_tokens", call.Usage.Output)
            .Add("gen_ai.usage.total_tokens", call.Usage.Total)
            .Add("gen_ai.response.time_to_first_token", call.TtftNanoseconds)
            .Add("gen_ai.response.finish_reasons", call.FinishReasonsRaw)
            .AddJson("gen_ai.input.messages", MessageForms.GenAi(span.Content.InputMessages, "result"))
            .AddJson("gen_ai.output.messages", MessageForms.GenAi(span.Content.OutputMessages, "result"));
        if (span.Content.Tools.Count > 0) attributes.AddJson("gen_ai.tool.definitions", new System.Text.Json.Nodes.JsonArray([.. span.Content.Tools.Select(tool => tool.DeepClone())]));
    }

    private static void AddTool(OutboundAttributes attributes, SpanToSend span) => attributes
        .Add("gen_ai.tool.name", span.Span.DisplayName)
        .Add("gen_ai.tool.type", "function")
        .AddJson("gen_ai.tool.description", span.Content.Attributes["gen_ai.tool.description"])
        .AddJson("gen_ai.tool.call.id", span.Content.Attributes["gen_ai.tool.call.id"])
        .AddJson("gen_ai.tool.call.arguments", span.Content.Input)
        .AddJson("gen_ai.tool.call.result", span.Content.Output);
}
