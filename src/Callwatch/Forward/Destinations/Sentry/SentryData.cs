using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Receive.Otlp;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Sentry;

/// <summary>The <c>data</c> of a span: attributes of the Sentry conventions <c>gen_ai</c>, and what they have no name for as <c>callwatch.</c></summary>
internal static class SentryData
{
    public static JsonObject Of(SpanToSend span, Anchor anchor, SentryOptions options)
    {
        var data = new JsonObject();
        var op = SentryOps.Of(span);
        if (SentryOps.OperationOf(op) is { } operation)
        {
            data["gen_ai.operation.name"] = operation;
            Put(data, "gen_ai.agent.name", SentryOps.AgentName(span) ?? (operation == "invoke_agent" ? SentryOps.AgentOf(span) : null));
        }

        Put(data, "gen_ai.conversation.id", span.Span.SessionId ?? anchor.SessionId);
        if (span.Span.Kind == SpanKind.Workflow) data["gen_ai.pipeline.name"] = span.Span.DisplayName;
        if (span.Span.Call is { } call) Call(data, call);
        if (op == "gen_ai.execute_tool") Tool(data, span, options);
        else if (options.SendPii && SentryOps.OperationOf(op) is not null) Messages(data, span);
        else if (options.SendPii) Content(data, span);
        Put(data, "callwatch.flagged", SentryOps.Attribute(span, "callwatch.flagged"));
        Put(data, "callwatch.action", SentryOps.Attribute(span, "callwatch.action"));
        Put(data, "callwatch.app", span.App);
        Put(data, "callwatch.node.type", SentryOps.NodeType(span));
        Put(data, "callwatch.error", span.Span.ErrorText() is { } error ? SentryText.Cut(error, SentryText.MostOfMessage) : null);
        if (span.Span.HttpStatus is { } status) data["http.response.status_code"] = status;
        if (span.Span.MergedInto is { } merged) data["callwatch.merged_into"] = merged.ToString();
        if (options.SendPii)
            foreach (var (key, value) in span.Span.Metadata) data["callwatch.metadata." + key] = SentryText.Cut(value, 1_000);
        foreach (var score in span.Span.Scores)
        {
            if (score.Value is { } value) data["callwatch.score." + score.Name] = value;
            if (options.SendPii) Put(data, $"callwatch.score.{score.Name}.comment", score.Comment);
        }

        return data;
    }

    private static void Call(JsonObject data, LlmCall call)
    {
        Put(data, "gen_ai.request.model", call.RequestModel ?? call.Model);
        Put(data, "gen_ai.response.model", call.ResponseModel);
        Put(data, "gen_ai.provider.name", call.Provider ?? call.ProviderRaw);
        Put(data, "gen_ai.response.id", call.ResponseId);
        if (call.FinishReasonsRaw.Count > 0) data["gen_ai.response.finish_reasons"] = new JsonArray([.. call.FinishReasonsRaw.Select(reason => JsonValue.Create(reason))]).ToJsonString();
        Put(data, "gen_ai.response.streaming", call.Streaming);
        if (call.TtftNanoseconds is { } ttft) data["gen_ai.response.time_to_first_chunk"] = ttft / 1e9;
        Put(data, "gen_ai.usage.input_tokens", call.Usage.Input);
        Put(data, "gen_ai.usage.output_tokens", call.Usage.Output);
        Put(data, "gen_ai.usage.total_tokens", call.Usage.Total);
        Put(data, "gen_ai.usage.cache_read.input_tokens", call.Usage.CacheRead);
        Put(data, "gen_ai.usage.cache_creation.input_tokens", call.Usage.CacheWrite);
        Put(data, "gen_ai.usage.reasoning.output_tokens", call.Usage.Reasoning);
        Put(data, "gen_ai.cost.total_tokens", call.Cost.TotalUsd);

        // With their parts, as tokens are.
        if (call.Cost.InputUsd is { } input) data["gen_ai.cost.input_tokens"] = input + (call.Cost.CacheReadUsd ?? 0) + (call.Cost.CacheWriteUsd ?? 0);
        if (call.Cost.OutputUsd is { } output) data["gen_ai.cost.output_tokens"] = output + (call.Cost.ReasoningUsd ?? 0);
        Put(data, "gen_ai.request.temperature", call.Temperature);
        Put(data, "gen_ai.request.top_p", call.TopP);
        Put(data, "gen_ai.request.frequency_penalty", call.FrequencyPenalty);
        Put(data, "gen_ai.request.presence_penalty", call.PresencePenalty);
        Put(data, "gen_ai.request.max_tokens", call.MaxTokens);
        if (call.TopK is { } topK) data["gen_ai.request.top_k"] = (long)topK;
    }

    private static void Tool(JsonObject data, SpanToSend span, SentryOptions options)
    {
        Put(data, "gen_ai.tool.name", SentryOps.ToolName(span) ?? span.Span.DisplayName);
        if (!options.SendPii) return;
        Put(data, "gen_ai.tool.call.arguments", Text(span.Content.Input));
        Put(data, "gen_ai.tool.call.result", Text(span.Content.Output));
    }

    private static void Content(JsonObject data, SpanToSend span)
    {
        Put(data, "callwatch.input", Text(span.Input()));
        Put(data, "callwatch.output", span.Content.Documents.Count > 0 ? null : Text(span.Output()));
        Put(data, "callwatch.preset_response", SentryOps.Attribute(span, "callwatch.preset_response"));
        if (span.Content.Documents.Count > 0) Put(data, "callwatch.retrieval.documents", Text(span.Documents()));
    }

    private static void Messages(JsonObject data, SpanToSend span)
    {
        Put(data, "gen_ai.input.messages", Text(MessageForms.GenAi(span.Content.InputMessages)) ?? Message("user", span.Content.Input));
        Put(data, "gen_ai.output.messages", Text(MessageForms.GenAi(span.Content.OutputMessages)) ?? Message("assistant", span.Content.Output));
        if (span.Content.Tools.Count > 0) Put(data, "gen_ai.tool.definitions", Text(new JsonArray([.. span.Content.Tools.Select(tool => tool.DeepClone())])));
    }

    // What is no message is one text of the one side or the other.
    private static string? Message(string role, JsonNode? content) => OutboundAttributes.TextOf(content) is not { } text ? null : Text(new JsonArray(new JsonObject
    {
        ["role"] = role,
        ["parts"] = new JsonArray(new JsonObject { ["type"] = "text", ["content"] = text }),
    }));

    private static string? Text(JsonNode? node) => node switch
    {
        null => null,
        JsonArray or JsonObject => CutJson(Encoding.UTF8.GetBytes(node.ToJsonString(PlainJson.Options))),
        _ => OutboundAttributes.TextOf(node) is { } text ? SentryText.Cut(text, SentryText.MostOfContent) : null,
    };

    // Inside its texts, so that it stays JSON.
    private static string CutJson(byte[] json) => Encoding.UTF8.GetString(json.AsSpan(0, JsonCut.Cut(json, SentryText.MostOfContent)));

    private static void Put<T>(JsonObject data, string name, T? value)
    {
        if (value is not null) data[name] = JsonValue.Create(value);
    }
}
