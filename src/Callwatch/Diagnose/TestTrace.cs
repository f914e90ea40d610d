using System.Globalization;
using System.Text.Json.Nodes;
using Callwatch.Spans;

namespace Callwatch.Diagnose;

/// <summary>A small marked trace with one model call, as OTLP/JSON: readable on the wire, and any program could send it.</summary>
public sealed record TestTrace(TraceId TraceId, byte[] Body)
{
    /// <summary>The attribute that marks it, for filters of destinations that want none of them.</summary>
    public const string Mark = "callwatch.send_test";

    /// <summary>The app it says it is, unless told otherwise.</summary>
    public const string App = "send-test";

    public static TestTrace Make(string app, TimeProvider time)
    {
        var now = Timestamp.From(time.GetUtcNow());
        var id = new TraceId((ulong)Random.Shared.NextInt64(1, long.MaxValue), (ulong)Random.Shared.NextInt64(1, long.MaxValue));
        var root = new SpanId((ulong)Random.Shared.NextInt64(1, long.MaxValue));
        var call = new SpanId((ulong)Random.Shared.NextInt64(1, long.MaxValue));
        var spans = new JsonArray(
            Span(id, root, default, "send-test", 1, now.Plus(TimeSpan.FromSeconds(-1.2)), now, Text(Mark, "true")),
            Span(id, call, root, "chat gpt-4.1-mini", 3, now.Plus(TimeSpan.FromSeconds(-1.1)), now.Plus(TimeSpan.FromSeconds(-0.1)),
                Text(Mark, "true"), Text("gen_ai.operation.name", "chat"), Text("gen_ai.provider.name", "openai"), Text("gen_ai.request.model", "gpt-4.1-mini"),
                Text("gen_ai.response.model", "gpt-4.1-mini-2025-04-14"), Whole("gen_ai.usage.input_tokens", 24), Whole("gen_ai.usage.output_tokens", 9),
                Text("gen_ai.input.messages", """[{"role":"user","parts":[{"type":"text","content":"Does this arrive?"}]}]"""),
                Text("gen_ai.output.messages", """[{"role":"assistant","parts":[{"type":"text","content":"Yes, it has arrived."}],"finish_reason":"stop"}]"""),
                Double("gen_ai.response.time_to_first_chunk", 0.25)));
        var request = new JsonObject
        {
            ["resourceSpans"] = new JsonArray(new JsonObject
            {
                ["resource"] = new JsonObject { ["attributes"] = new JsonArray(Text("service.name", app)) },
                ["scopeSpans"] = new JsonArray(new JsonObject { ["scope"] = new JsonObject { ["name"] = "callwatch" }, ["spans"] = spans }),
            }),
        };
        return new TestTrace(id, System.Text.Encoding.UTF8.GetBytes(request.ToJsonString()));
    }

    private static JsonObject Span(TraceId trace, SpanId id, SpanId parent, string name, int kind, Timestamp start, Timestamp end, params JsonNode[] attributes)
    {
        var span = new JsonObject
        {
            ["traceId"] = trace.ToString(),
            ["spanId"] = id.ToString(),
            ["name"] = name,
            ["kind"] = kind,
            ["startTimeUnixNano"] = start.UnixNanoseconds.ToString(CultureInfo.InvariantCulture),
            ["endTimeUnixNano"] = end.UnixNanoseconds.ToString(CultureInfo.InvariantCulture),
            ["attributes"] = new JsonArray(attributes),
        };
        if (!parent.IsNone) span["parentSpanId"] = parent.ToString();
        return span;
    }

    private static JsonObject Text(string key, string value) => Attribute(key, "stringValue", value);

    private static JsonObject Whole(string key, long value) => Attribute(key, "intValue", value.ToString(CultureInfo.InvariantCulture));

    private static JsonObject Double(string key, double value) => Attribute(key, "doubleValue", value);

    private static JsonObject Attribute(string key, string type, JsonNode value) => new() { ["key"] = key, ["value"] = new JsonObject { [type] = value } };
}
