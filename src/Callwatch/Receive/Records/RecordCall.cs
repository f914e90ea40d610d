using System.Text.Json;
using System.Text.Json.Nodes;

namespace Callwatch.Receive.Records;

/// <summary>
/// The model call that a record tells of. It counts only while its trace holds no recorded one in its place, so that capturing calls and
/// sending records together count them once.
/// </summary>
internal sealed class RecordCall
{
    private readonly TraceRecord record;
    private readonly string? model;
    private readonly IReadOnlyList<(string Attribute, long Count)> usage;

    private RecordCall(TraceRecord record, string? model, IReadOnlyList<(string Attribute, long Count)> usage) => (this.record, this.model, this.usage) = (record, model, usage);

    /// <summary>Null for a record that used no model, and for one that only sums up what the nodes of its run tell themselves.</summary>
    public static RecordCall? Of(TraceRecord record)
    {
        var model = record.Text("model") ?? record.Text("model_id") ?? record.Text("model_name") ?? record.Metadata("ls_model_name");
        var usage = RecordUsage.Of(record);
        if (record.Type == RecordType.Workflow) return record.Has("usage") && !record.Nodes.Any(node => Of(node) is not null) ? new RecordCall(record, model, usage) : null;
        // The reference hands these the model of the message they belong to, which is no call of their own.
        if (record.Type is RecordType.SuggestedQuestion or RecordType.DatasetRetrieval or RecordType.Tool or RecordType.Moderation or RecordType.Conversation && usage.Count == 0) return null;
        if (record.Type == RecordType.Message && model is null && (record.Text("workflow_run_id") ?? record.Metadata("workflow_run_id")) is not null) return null;
        return model is not null || usage.Count > 0 || record.Has("cost_usd") ? new RecordCall(record, model, usage) : null;
    }

    public void AddTo(RecordSpan span)
    {
        span.Add("gen_ai.operation.name", "chat");
        span.Add("gen_ai.request.model", model);
        span.Add("gen_ai.provider.name", record.Text("provider") ?? record.Text("model_provider") ?? record.Metadata("ls_provider"));
        span.Add("gen_ai.response.id", record.Text("response_id"));
        span.Add("gen_ai.response.finish_reasons", record.Text("finish_reason") is { } reason ? new[] { reason } : null);
        span.Add("gen_ai.request.temperature", record.Number("temperature"));
        span.Add("gen_ai.request.top_p", record.Number("top_p"));
        span.Add("gen_ai.request.max_tokens", record.Whole("max_tokens"));
        foreach (var (attribute, count) in usage) span.Add(attribute, count);
        span.Add("gen_ai.usage.cost", Cost());
        var ttft = record.Number("ttft_ms") / 1000 ?? record.Number("gen_ai_server_time_to_first_token");
        span.Add("gen_ai.response.time_to_first_chunk", ttft);
        span.Add("gen_ai.request.stream", record.Flag("streaming") ?? record.Flag("is_streaming_request"));
        span.Add("gen_ai.input.messages", Messages(record.Get("inputs") ?? record.Get("node_inputs"), "user"));
        span.Add("gen_ai.output.messages", record.Type == RecordType.SuggestedQuestion ? null : Messages(record.Get("outputs") ?? record.Get("node_outputs"), "assistant"));
    }

    // Money goes as text: a double would change its last digits.
    private string? Cost()
    {
        if (record.Get("cost_usd") is { } cost) return cost.GetRawText();
        return record.Get("total_price") is { } price && "USD".Equals(record.Text("currency") ?? "USD", StringComparison.OrdinalIgnoreCase) ? price.GetRawText() : null;
    }

    private static string? Messages(JsonElement? content, string role)
    {
        if (content is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Array || !value.EnumerateArray().Any() || !value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Object && item.TryGetProperty("role", out _)))
            return new JsonArray(new JsonObject { ["role"] = role, ["content"] = RecordSpan.TextOf(value) }).ToJsonString();
        var messages = JsonArray.Create(value)!;
        // The reference's prompt log has the text under a name of its own.
        foreach (var message in messages.OfType<JsonObject>())
            if (!message.ContainsKey("content") && !message.ContainsKey("parts") && message["text"] is { } text) message["content"] = text.DeepClone();
        return messages.ToJsonString();
    }
}
