using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Shared;

/// <summary>What mappings ask of tools and retrievals, whatever the names that libraries have for it.</summary>
internal static class WorkFacts
{
    /// <summary>The tool's own name; the span's where none is given.</summary>
    public static string ToolName(this SpanToSend span) => First(span, "gen_ai.tool.name", "callwatch.tool_name", "tool.name", "ai.toolCall.name") ?? span.Span.DisplayName;

    /// <summary>Id of the model's wish that this run of a tool fulfils.</summary>
    public static string? ToolCallId(this SpanToSend span) => First(span, "gen_ai.tool.call.id", "tool.id", "tool_call.id", "ai.toolCall.id");

    public static string? ToolDescription(this SpanToSend span) => First(span, "gen_ai.tool.description", "tool.description");

    /// <summary>Id of the agent at its provider.</summary>
    public static string? AgentId(this SpanToSend span) => First(span, "gen_ai.agent.id");

    /// <summary>The documents that were found, also those that a node of a workflow puts out as its <c>result</c>.</summary>
    public static IReadOnlyList<JsonObject> FoundDocuments(this SpanToSend span)
    {
        if (span.Content.Documents.Count > 0) return [.. span.Content.Documents.Select(document => document as JsonObject ?? new JsonObject { ["content"] = document.DeepClone() })];
        return span.Span.Kind == SpanKind.Retrieval && (span.Content.Output as JsonObject)?["result"] is JsonArray found ? [.. found.OfType<JsonObject>().Select(Document)] : [];
    }

    /// <summary>A number, however it is written; null for what is none.</summary>
    public static double? Number(JsonNode? value) =>
        value is JsonValue && double.TryParse(OutboundAttributes.TextOf(value), System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    /// <summary>Text that holds JSON in every case: what is none becomes a JSON string.</summary>
    public static string JsonText(JsonNode? value)
    {
        var text = OutboundAttributes.TextOf(value) ?? "{}";
        try
        {
            JsonNode.Parse(text);
            return text;
        }
        catch (JsonException)
        {
            return JsonSerializer.Serialize(text, PlainJson.Options);
        }
    }

    private static JsonObject Document(JsonObject found)
    {
        var metadata = found["metadata"] as JsonObject;
        var document = new JsonObject();
        Put("id", found["id"] ?? metadata?["document_id"]);
        Put("content", found["content"] ?? found["page_content"]);
        Put("score", found["score"] ?? metadata?["score"]);
        Put("metadata", metadata);
        return document;

        void Put(string name, JsonNode? value)
        {
            if (value is not null) document[name] = value.DeepClone();
        }
    }

    private static string? First(SpanToSend span, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            if (OutboundAttributes.TextOf(span.Content.Attributes[name]) is { Length: > 0 } text) return text;
        return null;
    }
}
