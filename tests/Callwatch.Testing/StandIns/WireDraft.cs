using System.Globalization;
using System.Text.Json.Nodes;

namespace Callwatch.Testing.StandIns;

/// <summary>A request with one span, good until a test takes something away or puts something wrong into it; in protobuf and in JSON.</summary>
public sealed class WireDraft
{
    public byte[]? TraceId { get; set; } = Convert.FromHexString("7b1e9c52d4a84f6f9a3c0d5e6f708192");

    public byte[]? SpanId { get; set; } = Convert.FromHexString("a1b2c3d4e5f60718");

    public byte[]? ParentSpanId { get; set; }

    public string? Name { get; set; } = "chat gpt-4o";

    public int? Kind { get; set; } = 3;

    public ulong? Start { get; set; } = 1_784_193_600_000_000_000;

    public ulong? End { get; set; } = 1_784_193_601_500_000_000;

    public List<(string Key, object? Value)> Attributes { get; } = [];

    public List<(string Key, object? Value)> Resource { get; } = [("service.name", "callwatch")];

    public string? ScopeName { get; set; } = "callwatch";

    public List<(string? Name, ulong? Time, (string Key, object? Value)[] Attributes)> Events { get; } = [];

    public int? StatusCode { get; set; } = 1;

    public string? StatusMessage { get; set; }

    /// <summary>A field of the span that the protocol does not have.</summary>
    public (int Number, string Text)? Strange { get; set; }

    public WireDraft With(string key, object? value)
    {
        Without(key);
        Attributes.Add((key, value));
        return this;
    }

    /// <summary>Takes the attribute away, from the span or from the resource.</summary>
    public WireDraft Without(string key)
    {
        Attributes.RemoveAll(pair => pair.Key == key);
        Resource.RemoveAll(pair => pair.Key == key);
        return this;
    }

    public byte[] ToProtobuf()
    {
        var span = new ProtobufBytes();
        if (TraceId is not null) span.Bytes(1, TraceId);
        if (SpanId is not null) span.Bytes(2, SpanId);
        if (ParentSpanId is not null) span.Bytes(4, ParentSpanId);
        if (Name is not null) span.Text(5, Name);
        if (Kind is { } kind) span.Varint(6, (ulong)kind);
        if (Start is { } start) span.Fixed64(7, start);
        if (End is { } end) span.Fixed64(8, end);
        foreach (var (key, value) in Attributes) span.Attribute(9, key, value);
        foreach (var (name, time, attributes) in Events)
        {
            var happening = new ProtobufBytes();
            if (time is { } at) happening.Fixed64(1, at);
            if (name is not null) happening.Text(2, name);
            foreach (var (key, value) in attributes) happening.Attribute(3, key, value);
            span.Message(11, happening);
        }

        var status = new ProtobufBytes();
        if (StatusMessage is not null) status.Text(2, StatusMessage);
        if (StatusCode is { } code) status.Varint(3, (ulong)code);
        span.Message(15, status);
        if (Strange is { } strange) span.Text(strange.Number, strange.Text);
        var resource = new ProtobufBytes();
        foreach (var (key, value) in Resource) resource.Attribute(1, key, value);
        var scope = new ProtobufBytes();
        if (ScopeName is not null) scope.Text(1, ScopeName);
        return new ProtobufBytes().Message(1, new ProtobufBytes().Message(1, resource).Message(2, new ProtobufBytes().Message(1, scope).Message(2, span))).ToArray();
    }

    public JsonObject ToJson()
    {
        var span = new JsonObject();
        Put(span, "traceId", TraceId is null ? null : Convert.ToHexStringLower(TraceId));
        Put(span, "spanId", SpanId is null ? null : Convert.ToHexStringLower(SpanId));
        Put(span, "parentSpanId", ParentSpanId is null ? null : Convert.ToHexStringLower(ParentSpanId));
        Put(span, "name", Name);
        Put(span, "kind", Kind);
        Put(span, "startTimeUnixNano", Start?.ToString(CultureInfo.InvariantCulture));
        Put(span, "endTimeUnixNano", End?.ToString(CultureInfo.InvariantCulture));
        Put(span, "attributes", Json(Attributes));
        if (Events.Count > 0)
        {
            Put(span, "events", new JsonArray([.. Events.Select(item =>
            {
                var happening = new JsonObject { ["attributes"] = Json(item.Attributes) };
                Put(happening, "timeUnixNano", item.Time?.ToString(CultureInfo.InvariantCulture));
                Put(happening, "name", item.Name);
                return happening;
            })]));
        }

        var status = new JsonObject();
        Put(status, "code", StatusCode);
        Put(status, "message", StatusMessage);
        Put(span, "status", status);
        if (Strange is { } strange) Put(span, "field" + strange.Number.ToString(CultureInfo.InvariantCulture), strange.Text);
        var scope = new JsonObject();
        Put(scope, "name", ScopeName);
        return new JsonObject
        {
            ["resourceSpans"] = new JsonArray(new JsonObject
            {
                ["resource"] = new JsonObject { ["attributes"] = Json(Resource) },
                ["scopeSpans"] = new JsonArray(new JsonObject { ["scope"] = scope, ["spans"] = new JsonArray(span) }),
            }),
        };
    }

    private static void Put(JsonObject json, string name, JsonNode? value)
    {
        if (value is not null) json[name] = value;
    }

    private static JsonArray Json(IEnumerable<(string Key, object? Value)> attributes) =>
        [.. attributes.Select(pair => new JsonObject { ["key"] = pair.Key, ["value"] = Json(pair.Value) })];

    private static JsonObject Json(object? value) => value switch
    {
        null => [],
        string text => new JsonObject { ["stringValue"] = text },
        bool flag => new JsonObject { ["boolValue"] = flag },
        int number => new JsonObject { ["intValue"] = number.ToString(CultureInfo.InvariantCulture) },
        long number => new JsonObject { ["intValue"] = number.ToString(CultureInfo.InvariantCulture) },
        double real => new JsonObject { ["doubleValue"] = double.IsFinite(real) ? real : real.ToString(CultureInfo.InvariantCulture) },
        byte[] bytes => new JsonObject { ["bytesValue"] = Convert.ToBase64String(bytes) },
        IEnumerable<KeyValuePair<string, object?>> map => new JsonObject { ["kvlistValue"] = new JsonObject { ["values"] = Json(map.Select(pair => (pair.Key, pair.Value))) } },
        System.Collections.IEnumerable list => new JsonObject { ["arrayValue"] = new JsonObject { ["values"] = new JsonArray([.. list.Cast<object?>().Select(Json)]) } },
        _ => throw new ArgumentException("No value holds a " + value.GetType().Name, nameof(value)),
    };
}
