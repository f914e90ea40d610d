using System.Text.Json;

namespace Callwatch.Client.Capture.Dialects;

/// <summary>Messages (Anthropic API, version 2023-06-01). Its input tokens leave the cached ones out; here they are within, as the conventions have it.</summary>
internal sealed class AnthropicMessages : Dialect
{
    public static readonly AnthropicMessages One = new();

    public override void ReadRequest(JsonElement request, CallFacts facts, bool messages)
    {
        ReadSampling(request, facts);
        if (!messages) return;
        facts.InputMessages = MessageJson.Of(request.Get("messages"));
        facts.SystemInstructions = MessageJson.Parts(request.Get("system"));
        facts.ToolDefinitions = Tools(request);
    }

    public override void ReadAnswer(JsonElement answer, CallFacts facts, bool messages)
    {
        Head(answer, facts);
        facts.Finished(answer.Text("stop_reason"));
        if (messages) facts.OutputMessages = MessageJson.Answers([(answer, answer.Text("stop_reason"))]);
    }

    public override bool ReadEvent(JsonElement data, CallFacts facts, bool messages)
    {
        switch (data.Text("type"))
        {
            case "message_start":
                Head(data.Get("message"), facts);
                return false;
            case "content_block_start" when data.Get("content_block").Text("type") is "tool_use":
                var begun = facts.Tool(Index(data));
                begun.Id = data.Get("content_block").Text("id");
                begun.Name = data.Get("content_block").Text("name");
                return true;
            case "content_block_delta":
                return Delta(data, facts, messages);
            case "message_delta":
                facts.Finished(data.Get("delta").Text("stop_reason"));
                Usage(data.Get("usage"), facts);
                return false;
            case "message_stop":
                facts.IsComplete = true;
                return false;
            case "error":
                ReadError(data, facts);
                return false;
            default:
                return false;
        }
    }

    private static bool Delta(JsonElement data, CallFacts facts, bool messages)
    {
        var delta = data.Get("delta");
        if (!messages) return true;
        facts.Said(delta.Text("text"));
        facts.Thought(delta.Text("thinking"));
        if (delta.Text("partial_json") is { } json) facts.Tool(Index(data)).Arguments.Append(json);
        return true;
    }

    private static int Index(JsonElement data) => (int)Math.Min(data.Count("index") ?? 0, 1_000);

    private static void Head(JsonElement message, CallFacts facts)
    {
        facts.ResponseModel = message.Text("model") ?? facts.ResponseModel;
        facts.ResponseId = message.Text("id") ?? facts.ResponseId;
        Usage(message.Get("usage"), facts);
    }

    private static void Usage(JsonElement usage, CallFacts facts)
    {
        if (!usage.Is(JsonValueKind.Object)) return;
        facts.CacheReadTokens = usage.Count("cache_read_input_tokens") ?? facts.CacheReadTokens;
        facts.CacheWriteTokens = usage.Count("cache_creation_input_tokens") ?? facts.CacheWriteTokens;
        if (usage.Count("input_tokens") is { } input) facts.InputTokens = input + (facts.CacheReadTokens ?? 0) + (facts.CacheWriteTokens ?? 0);
        facts.OutputTokens = usage.Count("output_tokens") ?? facts.OutputTokens;
        facts.ServiceTier = usage.Text("service_tier") ?? facts.ServiceTier;
    }
}
