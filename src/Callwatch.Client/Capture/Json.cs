using System.Text.Json;

namespace Callwatch.Client.Capture;

/// <summary>Reads JSON that may hold anything: what is not there, or is something else, is null.</summary>
internal static class Json
{
    public static JsonElement Get(this JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var found) ? found : default;

    public static string? Text(this JsonElement value, string name) => value.Get(name).AsText();

    public static string? AsText(this JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public static long? Count(this JsonElement value, string name) => CallFacts.Count(value.Get(name));

    public static double? Number(this JsonElement value, string name) => value.Get(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetDouble(out var read) ? read : null;

    public static bool? Flag(this JsonElement value, string name) => value.Get(name).ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    /// <summary>The items of a list; of anything else none.</summary>
    public static JsonElement.ArrayEnumerator Items(this JsonElement value) => value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : default;

    public static bool Is(this JsonElement value, JsonValueKind kind) => value.ValueKind == kind;
}
