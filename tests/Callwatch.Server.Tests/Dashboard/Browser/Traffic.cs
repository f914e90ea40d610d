using System.Globalization;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Callwatch.Server.Tests.Dashboard.Browser;

/// <summary>Ordinary calls.</summary>
public static class Traffic
{
    /// <summary>One call of a user, over now.</summary>
    public static async Task SendCallAsync(HttpClient http, string user, CancellationToken cancel)
    {
        var end = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000;
        var request = new JsonObject
        {
            ["resourceSpans"] = new JsonArray(new JsonObject
            {
                ["resource"] = new JsonObject { ["attributes"] = new JsonArray(Attribute("service.name", "shop")) },
                ["scopeSpans"] = new JsonArray(new JsonObject
                {
                    ["spans"] = new JsonArray(new JsonObject
                    {
                        ["traceId"] = RandomNumberGenerator.GetHexString(32, lowercase: true),
                        ["spanId"] = RandomNumberGenerator.GetHexString(16, lowercase: true),
                        ["name"] = "chat gpt-4o-mini",
                        ["kind"] = 3,
                        ["startTimeUnixNano"] = (end - 900_000_000).ToString(CultureInfo.InvariantCulture),
                        ["endTimeUnixNano"] = end.ToString(CultureInfo.InvariantCulture),
                        ["attributes"] = new JsonArray(Attribute("gen_ai.operation.name", "chat"), Attribute("gen_ai.provider.name", "openai"), Attribute("gen_ai.request.model", "gpt-4o-mini"), Attribute("user.id", user)),
                    }),
                }),
            }),
        };
        using var answer = await http.PostAsJsonAsync("/v1/traces", request, cancel);
        answer.EnsureSuccessStatusCode();
    }

    private static JsonObject Attribute(string key, string value) => new() { ["key"] = key, ["value"] = new JsonObject { ["stringValue"] = value } };
}
