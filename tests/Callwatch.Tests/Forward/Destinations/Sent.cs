using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Spans;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;

namespace Callwatch.Tests.Forward.Destinations;

/// <summary>What a stand-in was sent, for people to read and for later runs to be compared with.</summary>
internal static class Sent
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The requests that brought data, one object each.</summary>
    public static string Text(IEnumerable<StandInRequest> requests) => new JsonArray([.. requests.Where(request => request.Method != "GET").Select(One)]).ToJsonString(Readable);

    /// <summary>An item as a lane would hand it over, for single sends.</summary>
    public static OutboundItem Item(string route, string json = "{}", ulong trace = 1) => new()
    {
        Route = route,
        TraceId = A.TraceId(trace),
        SpanIds = [new SpanId(trace)],
        Id = "item-" + trace.ToString(CultureInfo.InvariantCulture),
        Payload = System.Text.Encoding.UTF8.GetBytes(json),
    };

    private static JsonObject One(StandInRequest request) => new()
    {
        ["request"] = $"{request.Method} {request.Path}{request.Query}",
        ["headers"] = new JsonObject(request.Headers.Where(header => IsOurs(header.Key)).OrderBy(header => header.Key, StringComparer.OrdinalIgnoreCase).Select(header => KeyValuePair.Create(header.Key, (JsonNode?)header.Value))),
        ["body"] = request.Header("Content-Type") == "application/x-protobuf" ? new JsonArray([.. OtlpWire.Read(request.Body!).Select(Span)]) : request.Json(),
    };

    // The host has another port each time.
    private static bool IsOurs(string header) => header.ToUpperInvariant() is not ("HOST" or "CONTENT-LENGTH" or "TRACEPARENT" or "TRANSFER-ENCODING");

    private static JsonObject Span(WireSpan span)
    {
        var json = new JsonObject
        {
            ["resource"] = Attributes(span.Resource),
            ["scope"] = $"{span.ScopeName} {span.ScopeVersion}",
            ["traceId"] = span.TraceId.ToString(),
            ["spanId"] = span.SpanId.ToString(),
            ["parentSpanId"] = span.ParentSpanId.IsNone ? null : span.ParentSpanId.ToString(),
            ["name"] = span.Name,
            ["kind"] = span.Kind,
            ["start"] = new Timestamp((long)span.Start).ToString(),
            ["end"] = new Timestamp((long)span.End).ToString(),
            ["status"] = span.StatusMessage is null ? span.StatusCode.ToString(CultureInfo.InvariantCulture) : $"{span.StatusCode} {span.StatusMessage}",
            ["attributes"] = Attributes(span.Attributes),
        };
        if (span.Events.Count > 0) json["events"] = new JsonArray([.. span.Events.Select(item => new JsonObject { ["name"] = item.Name, ["attributes"] = Attributes(item.Attributes) })]);
        return json;
    }

    private static JsonObject Attributes(WireAttributes attributes) => new(attributes.All.Select(pair => KeyValuePair.Create(pair.Key, Value(pair.Value))));

    private static JsonNode? Value(object value) => value switch
    {
        List<object> list => new JsonArray([.. list.Select(Value)]),
        WireAttributes map => Attributes(map),
        byte[] bytes => Convert.ToBase64String(bytes),
        long number => number,
        double real => real,
        bool flag => flag,
        _ => (string)value,
    };
}
