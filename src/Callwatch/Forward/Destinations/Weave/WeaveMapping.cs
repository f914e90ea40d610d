using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Weave;

/// <summary>
/// Finished calls of Weave (<c>calls/complete</c>). The project's id is filled in when sending: without an entity in the config it is asked from the
/// account first. Usage stands on model calls only: the platform adds up what lies beneath. Pure.
/// </summary>
internal static class WeaveMapping
{
    public const string Route = "calls";

    private const int LongestOp = 128;
    private const int LongestName = 1_024;

    public static IReadOnlyList<OutboundItem> Items(TraceToSend trace, Anchor anchor) => [.. trace.Spans.Select(span => Item(span, anchor))];

    public static string IdOf(TraceId trace, SpanId span) => PlatformIds.OfSpan(trace, span).ToString("D");

    private static OutboundItem Item(SpanToSend span, Anchor anchor)
    {
        var id = IdOf(span.Span.TraceId, span.Span.SpanId);
        var call = span.Span.Call;
        var json = new JsonObject
        {
            ["id"] = id,
            ["trace_id"] = PlatformIds.OfTrace(span.Span.TraceId).ToString("D"),
            // A root called from another process has a parent that never comes here.
            ["parent_id"] = span.Span.ParentSpanId.IsNone || span.Span.SpanId == anchor.RootSpanId ? null : IdOf(span.Span.TraceId, span.Span.ParentSpanId),
            ["op_name"] = Cut(span.Span.Kind.Word(), LongestOp),
            ["display_name"] = Cut(span.Span.DisplayName, LongestName),
            ["started_at"] = span.Span.Start.Iso(),
            ["ended_at"] = span.Span.End.Iso(),
            ["attributes"] = Attributes(span, anchor),
            ["inputs"] = Inputs(span),
            ["output"] = Output(span),
            ["exception"] = span.Span.ErrorText() is { } error ? span.Span.Error?.Stack is { } stack ? error + "\n" + stack : error : null,
            ["summary"] = Summary(span.Span, call),
        };
        if ((span.Span.SessionId ?? anchor.SessionId) is { } session)
        {
            json["thread_id"] = session;
            json["turn_id"] = IdOf(anchor.TraceId, anchor.RootSpanId);
        }

        return new OutboundItem
        {
            Route = Route,
            TraceId = span.Span.TraceId,
            SpanIds = [span.Span.SpanId],
            Id = id,
            Payload = Encoding.UTF8.GetBytes(json.ToJsonString(PlainJson.Options)),
        };
    }

    private static JsonObject Attributes(SpanToSend span, Anchor anchor)
    {
        var own = span.Metadata();
        Put("user_id", span.Span.UserId ?? anchor.UserId);
        Put("environment", span.Span.Environment ?? anchor.Environment);
        Put("release", span.Span.Release ?? anchor.Release);
        if (span.Span.Parameters() is { Count: > 0 } parameters) own["model_parameters"] = parameters;
        if (span.Span.Call?.TtftNanoseconds is { } ttft) own["time_to_first_token_ms"] = ttft / 1e6;
        if (span.Span.Call?.Cost.TotalUsd is { } cost) own["cost_usd"] = cost;
        var json = new JsonObject { ["callwatch"] = own };
        if (span.Span.Tags.Count > 0) json["tags"] = new JsonArray([.. span.Span.Tags.Select(tag => JsonValue.Create(tag))]);
        if (span.Span.Scores.Count > 0)
            json["scores"] = new JsonArray([.. span.Span.Scores.Select(score => new JsonObject { ["name"] = score.Name, ["value"] = score.Value, ["comment"] = score.Comment })]);
        return json;

        void Put(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value)) own[name] = value;
        }
    }

    // Shaped as a request and an answer of OpenAI's, which is what its chat view looks for.
    private static JsonObject Inputs(SpanToSend span)
    {
        if (span.Content.InputMessages.Count > 0)
        {
            var inputs = new JsonObject { ["messages"] = MessageForms.OpenAi(span.Content.InputMessages) };
            if (span.Span.Call?.Model is { } model) inputs["model"] = span.Span.Call.RequestModel ?? model;
            if (span.Content.Tools.Count > 0) inputs["tools"] = new JsonArray([.. span.Content.Tools.Select(tool => tool.DeepClone())]);
            return inputs;
        }

        return span.Content.Input?.DeepClone() switch
        {
            null => [],
            JsonObject map => map,
            var value => new JsonObject { [span.Span.Kind == SpanKind.Retrieval ? "query" : "input"] = value },
        };
    }

    private static JsonNode? Output(SpanToSend span)
    {
        if (MessageForms.OpenAi(span.Content.OutputMessages) is not { } messages) return span.Output();
        var choices = new JsonArray([.. messages.Select((message, i) => new JsonObject { ["index"] = i, ["message"] = message!.DeepClone(), ["finish_reason"] = FinishOf(span.Span.Call, i) })]);
        return new JsonObject { ["choices"] = choices, ["model"] = span.Span.Call?.Model };
    }

    private static string? FinishOf(LlmCall? call, int index) => call is not null && index < call.FinishReasonsRaw.Count ? call.FinishReasonsRaw[index] : null;

    private static JsonObject Summary(Span span, LlmCall? call)
    {
        var failed = span.Outcome == Outcome.Error;
        var summary = new JsonObject { ["status_counts"] = new JsonObject { ["success"] = failed ? 0 : 1, ["error"] = failed ? 1 : 0 } };
        if (call?.Model is not { } model || call.Usage.IsUnknown) return summary;
        var usage = new JsonObject { ["requests"] = 1 };
        if (call.Usage.Input is { } input) usage["prompt_tokens"] = input;
        if (call.Usage.Output is { } output) usage["completion_tokens"] = output;
        if (call.Usage.Total is { } total) usage["total_tokens"] = total;

        // Costs are looked up by this key.
        summary["usage"] = new JsonObject { [model] = usage };
        return summary;
    }

    private static string Cut(string text, int most) => text.Length <= most ? text : text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];
}
