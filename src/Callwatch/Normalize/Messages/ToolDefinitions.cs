using System.Text.Json.Nodes;
using Callwatch.Normalize.Fields;
using Callwatch.Normalize.Reading;

namespace Callwatch.Normalize.Messages;

/// <summary>The tools a model was offered, as their sender wrote them (genai-attributes, section 7).</summary>
internal static class ToolDefinitions
{
    public static IReadOnlyList<JsonNode> Of(SpanFacts facts)
    {
        if (List(Conversation.First(facts, ToolFields.DefinitionsBefore)) is { Count: > 0 } before) return before;
        if (Indexed(facts, Family.Tools) is { Count: > 0 } tools) return tools;
        if (Indexed(facts, Family.Functions) is { Count: > 0 } functions) return functions;
        return List(Conversation.First(facts, ToolFields.DefinitionsAfter));
    }

    // A list of objects, or of JSON strings of objects.
    private static List<JsonNode> List(Captured captured)
    {
        var tools = new List<JsonNode>();
        foreach (var item in captured.Json.Items)
            if (MessageReader.Loose(item.Value) is { } tool) tools.Add(tool);
        return tools;
    }

    // llm.tools.N.tool.json_schema holds the definition as a JSON string.
    private static List<JsonNode> Indexed(SpanFacts facts, Family family)
    {
        var tools = new List<JsonNode>();
        if (IndexedMessages.ToJson(facts, family) is not { } json) return tools;
        foreach (var item in facts.Made(json).Items)
        {
            var schema = item.Value["tool"u8]["json_schema"u8];
            if (MessageReader.Loose(schema.IsAbsent ? item.Value : schema) is { } tool) tools.Add(tool);
        }

        return tools;
    }
}
