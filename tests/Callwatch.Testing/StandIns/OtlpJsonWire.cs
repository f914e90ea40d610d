using System.Globalization;
using System.Text.Json;
using Callwatch.Spans;

namespace Callwatch.Testing.StandIns;

/// <summary>
/// Reads an export request in OTLP/JSON to the letter (OTLP 1.x, "JSON Protobuf Encoding"): lowerCamelCase names, ids in hex, 64-bit integers as decimal
/// strings or numbers, enums as integers, bytes as base64. What a receiver may be lenient about is an error here.
/// </summary>
internal static class OtlpJsonWire
{
    /// <exception cref="WireException">The first thing that is wrong.</exception>
    public static IReadOnlyList<WireSpan> Read(byte[] request)
    {
        try
        {
            using var json = JsonDocument.Parse(request, new JsonDocumentOptions { MaxDepth = 200 });
            var spans = new List<WireSpan>();
            foreach (var resourceSpans in Members(json.RootElement, "request", "resourceSpans").List("resourceSpans")) ResourceSpans(resourceSpans, spans);
            return spans;
        }
        catch (JsonException)
        {
            throw new WireException("request: it is no JSON");
        }
    }

    private static void ResourceSpans(JsonElement json, List<WireSpan> spans)
    {
        var members = Members(json, "ResourceSpans", "resource", "scopeSpans", "schemaUrl");
        var resource = members.Has("resource") ? Attributes(Members(members["resource"], "Resource", "attributes", "droppedAttributesCount"), "resource") : new WireAttributes([]);
        foreach (var scopeSpans in members.List("scopeSpans"))
        {
            var scoped = Members(scopeSpans, "ScopeSpans", "scope", "spans", "schemaUrl");
            var scope = scoped.Has("scope") ? Members(scoped["scope"], "Scope", "name", "version", "attributes", "droppedAttributesCount") : null;
            if (scope is not null) Attributes(scope, "scope");
            foreach (var span in scoped.List("spans")) spans.Add(Span(span, resource, scope?.Text("name") ?? "", scope?.Text("version")));
        }
    }

    private static WireSpan Span(JsonElement json, WireAttributes resource, string scopeName, string? scopeVersion)
    {
        var span = Members(
            json, "Span", "traceId", "spanId", "traceState", "parentSpanId", "flags", "name", "kind", "startTimeUnixNano", "endTimeUnixNano", "attributes",
            "droppedAttributesCount", "events", "droppedEventsCount", "links", "droppedLinksCount", "status");
        var status = span.Has("status") ? Members(span["status"], "Status", "code", "message") : null;
        return WireRules.Check(new WireSpan(
            resource, scopeName, scopeVersion, TraceIdOf(span, "span"), SpanIdOf(span, "span"), WireRules.ParentOf(Hex(span, "parentSpanId")), span.Text("name") ?? "",
            span.Enum("kind"), span.Fixed64("startTimeUnixNano"), span.Fixed64("endTimeUnixNano"), Attributes(span, "span"),
            [.. span.List("events").Select(Event)], [.. span.List("links").Select(Link)], status?.Enum("code") ?? 0, status?.Text("message")));
    }

    private static WireEvent Event(JsonElement json)
    {
        var happening = Members(json, "Event", "timeUnixNano", "name", "attributes", "droppedAttributesCount");
        return WireRules.Event(happening.Text("name"), happening.Fixed64("timeUnixNano"), Attributes(happening, "event"));
    }

    private static WireLink Link(JsonElement json)
    {
        var link = Members(json, "Link", "traceId", "spanId", "traceState", "attributes", "droppedAttributesCount", "flags");
        return new WireLink(TraceIdOf(link, "link"), SpanIdOf(link, "link"), Attributes(link, "link"));
    }

    private static TraceId TraceIdOf(Object json, string of) => json.Has("traceId") ? WireRules.TraceIdOf(Hex(json, "traceId"), of) : throw new WireException($"{of}: it has no trace id");

    private static SpanId SpanIdOf(Object json, string of) => json.Has("spanId") ? WireRules.SpanIdOf(Hex(json, "spanId"), of) : throw new WireException($"{of}: it has no span id");

    private static byte[] Hex(Object json, string name)
    {
        var text = json.Text(name) ?? "";
        try
        {
            return Convert.FromHexString(text);
        }
        catch (FormatException)
        {
            throw new WireException($"{name} is not hex");
        }
    }

    private static WireAttributes Attributes(Object of, string what) => WireRules.Attributes([.. of.List("attributes").Select(pair => Pair(pair, what))], what);

    private static KeyValuePair<string, object> Pair(JsonElement json, string of)
    {
        var pair = Members(json, "KeyValue", "key", "value");
        var key = pair.Text("key") ?? throw new WireException($"{of}: an attribute has no key");
        return KeyValuePair.Create(key, pair.Has("value") ? Value(pair["value"], key) : throw new WireException($"{of}: the attribute {key} has no value"));
    }

    private static object Value(JsonElement json, string key)
    {
        var value = Members(json, "AnyValue", "stringValue", "boolValue", "intValue", "doubleValue", "arrayValue", "kvlistValue", "bytesValue");
        if (value.Count != 1) throw new WireException($"the attribute {key} has {value.Count} values");
        if (value.Has("stringValue")) return value.Text("stringValue")!;
        if (value.Has("boolValue")) return value["boolValue"].ValueKind is JsonValueKind.True or JsonValueKind.False ? value["boolValue"].GetBoolean() : throw new WireException($"{key}: boolValue is no boolean");
        if (value.Has("intValue"))
            return long.TryParse(value.Digits("intValue"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : throw new WireException($"{key}: intValue is no integer");
        if (value.Has("doubleValue")) return value["doubleValue"].ValueKind == JsonValueKind.Number ? value["doubleValue"].GetDouble() : throw new WireException($"{key}: doubleValue is no number");
        if (value.Has("arrayValue")) return Members(value["arrayValue"], "ArrayValue", "values").List("values").Select(item => Value(item, key)).ToList();
        if (value.Has("kvlistValue")) return WireRules.Attributes([.. Members(value["kvlistValue"], "KeyValueList", "values").List("values").Select(item => Pair(item, key))], key);
        return value["bytesValue"].TryGetBytesFromBase64(out var bytes) ? bytes : throw new WireException($"{key}: bytesValue is no base64");
    }

    private static Object Members(JsonElement json, string of, params string[] known)
    {
        if (json.ValueKind != JsonValueKind.Object) throw new WireException($"{of} is no object");
        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in json.EnumerateObject())
        {
            if (!known.Contains(member.Name, StringComparer.Ordinal)) throw new WireException($"{of} has no member {member.Name}");
            if (!members.TryAdd(member.Name, member.Value)) throw new WireException($"{of}: {member.Name} comes twice");
            if (member.Value.ValueKind == JsonValueKind.Null) throw new WireException($"{of}: {member.Name} is null");
        }

        return new Object(of, members);
    }

    private sealed class Object(string of, Dictionary<string, JsonElement> members)
    {
        public int Count => members.Count;

        public JsonElement this[string name] => members[name];

        public bool Has(string name) => members.ContainsKey(name);

        public string? Text(string name) =>
            !members.TryGetValue(name, out var value) ? null : value.ValueKind == JsonValueKind.String ? value.GetString() : throw new WireException($"{of}: {name} is no string");

        public JsonElement.ArrayEnumerator List(string name) =>
            !members.TryGetValue(name, out var value) ? default : value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : throw new WireException($"{of}: {name} is no array");

        public int Enum(string name) =>
            !members.TryGetValue(name, out var value) ? 0 : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : throw new WireException($"{of}: {name} is no integer");

        // Strings are written; both are to be read, and the exporter of JavaScript writes numbers.
        public string? Digits(string name) => members.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetRawText() : Text(name);

        public ulong Fixed64(string name) =>
            Digits(name) is not { } text ? 0 : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new WireException($"{of}: {name} is no decimal string");
    }
}
