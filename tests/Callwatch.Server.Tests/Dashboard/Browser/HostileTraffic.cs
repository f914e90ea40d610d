using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Callwatch.Server.Tests.Dashboard.Browser;

/// <summary>Traces by somebody who wants the dashboard to run, load or hide something: every text that a sender can choose says so.</summary>
public static class HostileTraffic
{
    /// <summary>Ends what it stands in, runs, loads, reorders.</summary>
    public const string Evil = "\"'></a></script><script>window.pwned=1</script><img src=http://evil.example/x onerror=window.pwned=1>\u202Edrowssap\u202C\u0000\u001b[31m{{7*7}}${7*7}javascript:window.pwned=1";

    public const string TraceId = "0af7651916cd43dd8448eb211c80319c";
    public const string CallId = "00f067aa0ba902b7";
    public const int HugeLength = 1_000_000;

    /// <summary>One trace: an agent with a failed call, a good one with everything in it, and a tool.</summary>
    public static JsonObject Request(DateTimeOffset now)
    {
        var end = (now.ToUnixTimeMilliseconds() - 3_000) * 1_000_000;
        return new JsonObject
        {
            ["resourceSpans"] = new JsonArray(new JsonObject
            {
                ["resource"] = new JsonObject { ["attributes"] = Attributes(("service.name", Evil), ("deployment.environment.name", Evil), ("service.version", Evil), (Evil, Evil)) },
                ["scopeSpans"] = new JsonArray(new JsonObject
                {
                    ["scope"] = new JsonObject { ["name"] = Evil, ["version"] = Evil },
                    ["spans"] = new JsonArray(
                        Span("1111111111111111", null, Evil, end - 9_000_000_000, end, false, ("gen_ai.operation.name", "invoke_agent"), ("gen_ai.agent.name", Evil)),
                        Span("2222222222222222", "1111111111111111", Evil, end - 8_000_000_000, end - 7_000_000_000, true, ("gen_ai.operation.name", "chat"), ("gen_ai.request.model", Evil), ("gen_ai.provider.name", Evil), ("error.type", Evil), ("user.id", Evil), ("session.id", Evil)),
                        Span("3333333333333333", "1111111111111111", Evil, end - 6_000_000_000, end - 5_000_000_000, false, ("gen_ai.operation.name", "execute_tool"), ("gen_ai.tool.name", Evil), ("gen_ai.tool.call.arguments", Evil), ("gen_ai.tool.call.result", Evil)),
                        Span(CallId, "1111111111111111", Evil, end - 4_000_000_000, end - 1_000_000_000, false,
                            ("gen_ai.operation.name", "chat"), ("gen_ai.request.model", "gpt-4o"), ("gen_ai.response.model", Evil), ("gen_ai.provider.name", "openai"), ("gen_ai.response.id", Evil),
                            ("gen_ai.usage.input_tokens", 57), ("gen_ai.usage.output_tokens", 23), ("user.id", Evil), ("session.id", Evil), ("gen_ai.prompt.name", Evil), ("tag.tags", Evil),
                            ("gen_ai.response.finish_reasons", Evil), ("metadata", "{\"plan\":" + JsonValue.Create(Evil)!.ToJsonString() + "}"), (Evil, Evil),
                            ("gen_ai.input.messages", Messages()), ("gen_ai.output.messages", Answer()), ("gen_ai.tool.definitions", Tools()))),
                }),
            }),
        };
    }

    public static async Task SendAsync(HttpClient http, DateTimeOffset now, CancellationToken cancel)
    {
        using var answer = await http.PostAsJsonAsync("/v1/traces", Request(now), cancel);
        answer.EnsureSuccessStatusCode();
    }

    private static string Messages() => new JsonArray(
        Message("system", Text(Evil)), Message("user", Text("first")), Message("assistant", Text(Evil)),
        Message("user", Text(Evil), new JsonObject { ["type"] = "uri", ["modality"] = "image", ["mime_type"] = Evil, ["uri"] = "javascript:window.pwned=1" }),
        Message("assistant", new JsonObject { ["type"] = "tool_call", ["id"] = Evil, ["name"] = Evil, ["arguments"] = new JsonObject { [Evil] = Evil } }),
        Message("tool", new JsonObject { ["type"] = "tool_call_response", ["id"] = Evil, ["response"] = new JsonObject { [Evil] = Evil } }),
        Message(Evil, Text(Evil))).ToJsonString();

    private static string Answer() => new JsonArray(Message("assistant", Text(Evil + new string('ه', HugeLength)))).ToJsonString();

    private static string Tools() => new JsonArray(new JsonObject { ["type"] = "function", ["name"] = Evil, ["description"] = Evil }).ToJsonString();

    private static JsonObject Message(string role, params JsonObject[] parts) => new() { ["role"] = role, ["parts"] = new JsonArray([.. parts]) };

    private static JsonObject Text(string text) => new() { ["type"] = "text", ["content"] = text };

    private static JsonObject Span(string id, string? parent, string name, long start, long end, bool failed, params (string, object)[] attributes) => new()
    {
        ["traceId"] = TraceId,
        ["spanId"] = id,
        ["parentSpanId"] = parent ?? "",
        ["name"] = name,
        ["kind"] = 3,
        ["startTimeUnixNano"] = start.ToString(CultureInfo.InvariantCulture),
        ["endTimeUnixNano"] = end.ToString(CultureInfo.InvariantCulture),
        ["status"] = failed ? new JsonObject { ["code"] = 2, ["message"] = Evil } : new JsonObject(),
        ["attributes"] = Attributes(attributes),
        ["events"] = new JsonArray(new JsonObject
        {
            ["name"] = failed ? "exception" : Evil,
            ["timeUnixNano"] = end.ToString(CultureInfo.InvariantCulture),
            ["attributes"] = Attributes(("exception.type", Evil), ("exception.message", Evil), ("exception.stacktrace", Evil)),
        }),
    };

    private static JsonArray Attributes(params (string Key, object Value)[] pairs) => new([.. pairs.Select(pair => new JsonObject
    {
        ["key"] = pair.Key,
        ["value"] = pair.Value is int number ? new JsonObject { ["intValue"] = number.ToString(CultureInfo.InvariantCulture) } : new JsonObject { ["stringValue"] = (string)pair.Value },
    })]);
}
