using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace Callwatch.Server.Tests.Reading;

/// <summary>Compares JSON as JSON: whatever the order of fields and the spelling of numbers.</summary>
internal static class Json
{
    /// <param name="only">True to leave fields aside that the expected text does not name.</param>
    /// <param name="tolerance">Relative, for numbers.</param>
    public static void Is(string json, JsonNode actual, bool only = false, double tolerance = 1e-12)
    {
        var expected = JsonNode.Parse(json)!;
        if (only)
        {
            foreach (var (name, value) in expected.AsObject())
            {
                Assert.True(actual.AsObject().ContainsKey(name), $"{name} is missing in {actual.ToJsonString()}");
                Assert.True(Same(value, actual[name], tolerance), $"{name}: expected {value?.ToJsonString() ?? "null"}, got {actual[name]?.ToJsonString() ?? "null"}");
            }
        }
        else
        {
            Assert.True(Same(expected, actual, tolerance), $"expected {expected.ToJsonString()}\ngot      {actual.ToJsonString()}");
        }
    }

    private static bool Same(JsonNode? expected, JsonNode? actual, double tolerance) => (expected, actual) switch
    {
        (null, null) => true,
        (JsonObject a, JsonObject b) => a.Count == b.Count && a.All(pair => b.ContainsKey(pair.Key) && Same(pair.Value, b[pair.Key], tolerance)),
        (JsonArray a, JsonArray b) => a.Count == b.Count && a.Zip(b).All(pair => Same(pair.First, pair.Second, tolerance)),
        (JsonValue a, JsonValue b) when a.GetValueKind() == JsonValueKind.Number && b.GetValueKind() == JsonValueKind.Number =>
            Math.Abs(a.Number() - b.Number()) <= tolerance * Math.Max(1e-9, Math.Abs(a.Number())),
        _ => JsonNode.DeepEquals(expected, actual),
    };
}
