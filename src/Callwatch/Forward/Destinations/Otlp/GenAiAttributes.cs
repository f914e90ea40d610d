using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Otlp;

/// <summary>A span in the names of the OpenTelemetry GenAI semantic conventions, 1.37 and later (still marked as in development there).</summary>
internal static class GenAiAttributes
{
    public static void Add(OutboundAttributes attributes, SpanToSend span, Anchor anchor)
    {
        attributes.Add("gen_ai.operation.name", OperationOf(span.Span.Kind));
        attributes.Add("gen_ai.conversation.id", span.Span.SessionId ?? anchor.SessionId);
        attributes.Add("user.id", span.Span.UserId ?? anchor.UserId);
        attributes.Add("error.type", span.Span.Outcome == Outcome.Error ? span.Span.Error?.Type : null);
        switch (span.Span.Kind)
        {
            case SpanKind.Tool:
                AddTool(attributes, span);
                break;
            case SpanKind.Agent:
                attributes.Add("gen_ai.agent.name", span.Span.DisplayName).Add("gen_ai.agent.id", span.AgentId());
                AddMessages(attributes, span);
                if (span.Span.Call is { } summary) AddUsage(attributes, summary);
                break;
            case SpanKind.Retrieval:
                attributes.AddJson("gen_ai.retrieval.query.text", span.Content.Input);
                if (span.FoundDocuments() is { Count: > 0 } documents) attributes.AddJson("gen_ai.retrieval.documents", new JsonArray([.. documents.Select(document => document.DeepClone())]));
                break;
            default:
                AddMessages(attributes, span);
                AddBodies(attributes, span);
                break;
        }

        if (span.Span.IsCall()) AddCall(attributes, span.Span.Call!);
    }

    /// <summary>The operation the conventions know for the kind; null where they know none.</summary>
    public static string? OperationOf(SpanKind kind) => kind switch
    {
        SpanKind.Chat => "chat",
        SpanKind.Completion => "text_completion",
        SpanKind.Embedding => "embeddings",
        SpanKind.Image or SpanKind.Speech or SpanKind.Transcription => "generate_content",
        SpanKind.Tool => "execute_tool",
        SpanKind.Agent => "invoke_agent",
        SpanKind.Retrieval => "retrieval",
        _ => null,
    };

    private static void AddMessages(OutboundAttributes attributes, SpanToSend span)
    {
        attributes.AddJson("gen_ai.input.messages", MessageForms.GenAi(span.Content.InputMessages));
        attributes.AddJson("gen_ai.output.messages", MessageForms.GenAi(span.Content.OutputMessages));
        if (span.Content.Tools.Count > 0) attributes.AddJson("gen_ai.tool.definitions", new JsonArray([.. span.Content.Tools.Select(tool => tool.DeepClone())]));
    }

    // The conventions have no names for what goes into a step that is no call; most who show traces read these.
    private static void AddBodies(OutboundAttributes attributes, SpanToSend span)
    {
        if (span.Span.Kind.IsCall() || span.Content.InputMessages.Count > 0 || span.Content.OutputMessages.Count > 0) return;
        attributes.AddJson("input.value", span.Input()).AddJson("output.value", span.Output());
    }

    private static void AddTool(OutboundAttributes attributes, SpanToSend span) => attributes
        .Add("gen_ai.tool.name", span.ToolName())
        .Add("gen_ai.tool.type", "function")
        .Add("gen_ai.tool.description", span.ToolDescription())
        .Add("gen_ai.tool.call.id", span.ToolCallId())
        .AddJson("gen_ai.tool.call.arguments", span.Content.Input)
        .AddJson("gen_ai.tool.call.result", span.Content.Output);

    private static void AddCall(OutboundAttributes attributes, LlmCall call)
    {
        attributes
            .Add("gen_ai.provider.name", GenAiNames.ProviderOf(call))
            .Add("gen_ai.request.model", call.RequestModel)
            .Add("gen_ai.response.model", call.ResponseModel)
            .Add("gen_ai.response.id", call.ResponseId)
            .Add("gen_ai.request.temperature", call.Temperature)
            .Add("gen_ai.request.top_p", call.TopP)
            .Add("gen_ai.request.top_k", call.TopK)
            .Add("gen_ai.request.frequency_penalty", call.FrequencyPenalty)
            .Add("gen_ai.request.presence_penalty", call.PresencePenalty)
            .Add("gen_ai.request.max_tokens", call.MaxTokens)
            .Add("gen_ai.request.seed", call.Seed)
            .Add("gen_ai.request.stop_sequences", call.StopSequences)
            .Add("gen_ai.response.finish_reasons", call.FinishReasonsRaw)
            .Add("gen_ai.response.time_to_first_chunk", call.TtftNanoseconds is { } ttft ? ttft / 1e9 : (double?)null);
        AddUsage(attributes, call);
    }

    private static void AddUsage(OutboundAttributes attributes, LlmCall call) => attributes
        .Add("gen_ai.usage.input_tokens", call.Usage.Input)
        .Add("gen_ai.usage.output_tokens", call.Usage.Output)
        .Add("gen_ai.usage.cache_read.input_tokens", call.Usage.CacheRead)
        .Add("gen_ai.usage.cache_creation.input_tokens", call.Usage.CacheWrite)
        .Add("callwatch.cost_usd", call.Cost.TotalUsd);
}
