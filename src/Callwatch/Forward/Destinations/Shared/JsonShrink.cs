using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Receive.Otlp;

namespace Callwatch.Forward.Destinations.Shared;

/// <summary>Makes an item whose payload is JSON small: its longest strings are cut to one common length. A second time nothing comes of it.</summary>
internal static class JsonShrink
{
    private const int Target = 256 * 1024;

    public static OutboundItem? Of(OutboundItem item)
    {
        if (item.Payload.Length <= Target) return null;
        var text = item.Payload.ToArray();
        var length = JsonCut.Cut(text, Target);
        return length < item.Payload.Length ? item with { Payload = text.AsMemory(0, length) } : null;
    }

    /// <summary>
    /// Cuts these members only, each to its share, so that whatever says what the item is and where it belongs stays whole. A member stays an object
    /// if it was one.
    /// </summary>
    /// <param name="mark">Called when something was cut, to say so in the item.</param>
    public static OutboundItem? Of(OutboundItem item, IReadOnlyList<string> members, Action<JsonObject> mark)
    {
        if (item.Payload.Length <= Target || JsonNode.Parse(item.Payload.Span, null, PlainJson.Document) is not JsonObject json) return null;
        var most = Target / members.Count;
        var wasCut = false;
        foreach (var member in members)
        {
            if (json[member] is not { } value || Encoding.UTF8.GetBytes(value.ToJsonString(PlainJson.Options)) is not { } text || text.Length <= most) continue;
            json[member] = Parsed(text.AsSpan(0, JsonCut.Cut(text, most))) ?? (value is JsonObject ? new JsonObject() : null);
            wasCut = true;
        }

        if (!wasCut) return null;
        mark(json);
        var payload = Encoding.UTF8.GetBytes(json.ToJsonString(PlainJson.Options));
        return payload.Length < item.Payload.Length ? item with { Payload = payload } : null;
    }

    // What cannot be cut as JSON (one endless number, one endless name) is left out.
    private static JsonNode? Parsed(ReadOnlySpan<byte> text)
    {
        try
        {
            return JsonNode.Parse(text, null, PlainJson.Document);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
