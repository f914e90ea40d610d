using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Shared.Otlp;
using Callwatch.Journal;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.Otlp;

namespace Callwatch.Forward;

/// <summary>Logs and metrics as a destination may see them: texts in values masked, bytes hidden, names, ids and numbers as they came.</summary>
internal static class SignalMask
{
    private const int DeepestValue = 64;

    /// <exception cref="InvalidDataException">It cannot be written anew; nothing of it may go on then.</exception>
    public static ReadOnlyMemory<byte> Of(Signal signal, ReadOnlyMemory<byte> payload, Mask mask)
    {
        if (mask.IsEmpty) return payload;
        var shape = signal == Signal.Logs ? OtlpJsonShape.Logs : OtlpJsonShape.Metrics;
        var request = JsonNode.Parse(OtlpJsonOut.Of(shape, payload.Span));
        Hide(request, mask);
        using var written = new PayloadBuffer(budget: null, int.MaxValue);
        if (OtlpJson.Write(JsonSerializer.SerializeToUtf8Bytes(request), shape, written, DeepestValue) is not null || written.Trouble != BufferTrouble.None)
            throw new InvalidDataException("A record cannot be masked.");
        return written.Written.ToArray();
    }

    private static void Hide(JsonNode? node, Mask mask)
    {
        if (node is JsonArray list)
        {
            foreach (var item in list) Hide(item, mask);
        }
        else if (node is JsonObject map)
        {
            foreach (var (name, value) in map.ToList())
            {
                if (name == "stringValue" && value is JsonValue) map[name] = mask.Text((string?)value);
                else if (name == "bytesValue") Replace(map, name);
                else Hide(value, mask);
            }
        }
    }

    // Nobody can say what stands in them.
    private static void Replace(JsonObject map, string name)
    {
        map.Remove(name);
        map["stringValue"] = "***";
    }
}
