using System.Text;
using System.Text.Json;

namespace Callwatch.Receive.Otlp;

/// <summary>How a field of OTLP/JSON is written, and so how it becomes protobuf.</summary>
internal enum JsonKind : byte
{
    Text,

    /// <summary>Base64.</summary>
    Bytes,

    /// <summary>Hex digits (OTLP's own deviation from the JSON mapping of protobuf).</summary>
    Id,
    Bool,

    /// <summary>Any integer of variable length; a 64-bit one may be a decimal string.</summary>
    Varint,

    /// <summary>A zigzag integer.</summary>
    Signed,
    Fixed64,
    Fixed32,
    Double,

    /// <summary>A number, or the name of one.</summary>
    Enum,
    Message,
    AnyValue,
}

internal sealed class OtlpJsonField(string name, int number, JsonKind kind, OtlpJsonShape? message = null, bool repeated = false, string[]? words = null)
{
    private readonly byte[] camel = Encoding.UTF8.GetBytes(name);
    private readonly byte[] snake = Encoding.UTF8.GetBytes(JsonNamingPolicy.SnakeCaseLower.ConvertName(name));

    public string Name { get; } = name;

    public int Number { get; } = number;

    public JsonKind Kind { get; } = kind;

    public OtlpJsonShape? Message { get; } = message;

    public bool IsRepeated { get; } = repeated;

    /// <summary>Names of an enum's numbers, from 0.</summary>
    public string[] Words { get; } = words ?? [];

    public bool IsNamed(ref Utf8JsonReader property) => property.ValueTextEquals(camel) || property.ValueTextEquals(snake);
}

/// <summary>
/// The messages of OTLP 1.x (opentelemetry-proto: collector, trace, logs, metrics, common, resource, v1) by their names in JSON, each with
/// its field number: lowerCamelCase as the specification has it, or the snake_case of the schema.
/// </summary>
internal sealed class OtlpJsonShape(params OtlpJsonField[] fields)
{
    private static readonly OtlpJsonShape KeyValue = new(Text("key", 1), Any("value", 2));

    private static readonly OtlpJsonShape Resource = new(Many("attributes", 1, KeyValue), Number("droppedAttributesCount", 2));
    private static readonly OtlpJsonShape Scope = new(
        Text("name", 1), Text("version", 2), Many("attributes", 3, KeyValue), Number("droppedAttributesCount", 4));

    private static readonly OtlpJsonShape Event = new(
        new("timeUnixNano", 1, JsonKind.Fixed64), Text("name", 2), Many("attributes", 3, KeyValue), Number("droppedAttributesCount", 4));

    private static readonly OtlpJsonShape Link = new(
        Id("traceId", 1), Id("spanId", 2), Text("traceState", 3), Many("attributes", 4, KeyValue), Number("droppedAttributesCount", 5),
        new("flags", 6, JsonKind.Fixed32));

    private static readonly OtlpJsonShape Status = new(
        Text("message", 2), new("code", 3, JsonKind.Enum, words: ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"]));

    private static readonly OtlpJsonShape Span = new(
        Id("traceId", 1), Id("spanId", 2), Text("traceState", 3), Id("parentSpanId", 4), Text("name", 5),
        new("kind", 6, JsonKind.Enum, words:
            ["SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER", "SPAN_KIND_CLIENT", "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"]),
        new("startTimeUnixNano", 7, JsonKind.Fixed64), new("endTimeUnixNano", 8, JsonKind.Fixed64), Many("attributes", 9, KeyValue),
        Number("droppedAttributesCount", 10), Many("events", 11, Event), Number("droppedEventsCount", 12), Many("links", 13, Link),
        Number("droppedLinksCount", 14), One("status", 15, Status), new("flags", 16, JsonKind.Fixed32));

    private static readonly OtlpJsonShape LogRecord = new(
        new("timeUnixNano", 1, JsonKind.Fixed64), new("severityNumber", 2, JsonKind.Enum, words: SeverityWords()), Text("severityText", 3), Any("body", 5),
        Many("attributes", 6, KeyValue), Number("droppedAttributesCount", 7), new("flags", 8, JsonKind.Fixed32), Id("traceId", 9), Id("spanId", 10),
        new("observedTimeUnixNano", 11, JsonKind.Fixed64), Text("eventName", 12));

    private static readonly OtlpJsonShape Exemplar = new(
        new("timeUnixNano", 2, JsonKind.Fixed64), new("asDouble", 3, JsonKind.Double), Id("spanId", 4), Id("traceId", 5), new("asInt", 6, JsonKind.Fixed64),
        Many("filteredAttributes", 7, KeyValue));

    private static readonly OtlpJsonField Temporality = new("aggregationTemporality", 2, JsonKind.Enum, words:
        ["AGGREGATION_TEMPORALITY_UNSPECIFIED", "AGGREGATION_TEMPORALITY_DELTA", "AGGREGATION_TEMPORALITY_CUMULATIVE"]);

    private static readonly OtlpJsonShape NumberPoint = new(
        new("startTimeUnixNano", 2, JsonKind.Fixed64), new("timeUnixNano", 3, JsonKind.Fixed64), new("asDouble", 4, JsonKind.Double),
        Many("exemplars", 5, Exemplar), new("asInt", 6, JsonKind.Fixed64), Many("attributes", 7, KeyValue), Number("flags", 8));

    private static readonly OtlpJsonShape HistogramPoint = new(
        new("startTimeUnixNano", 2, JsonKind.Fixed64), new("timeUnixNano", 3, JsonKind.Fixed64), new("count", 4, JsonKind.Fixed64), new("sum", 5, JsonKind.Double),
        new("bucketCounts", 6, JsonKind.Fixed64, repeated: true), new("explicitBounds", 7, JsonKind.Double, repeated: true), Many("exemplars", 8, Exemplar),
        Many("attributes", 9, KeyValue), Number("flags", 10), new("min", 11, JsonKind.Double), new("max", 12, JsonKind.Double));

    private static readonly OtlpJsonShape Buckets = new(new("offset", 1, JsonKind.Signed), new("bucketCounts", 2, JsonKind.Varint, repeated: true));
    private static readonly OtlpJsonShape ExponentialPoint = new(
        Many("attributes", 1, KeyValue), new("startTimeUnixNano", 2, JsonKind.Fixed64), new("timeUnixNano", 3, JsonKind.Fixed64),
        new("count", 4, JsonKind.Fixed64), new("sum", 5, JsonKind.Double), new("scale", 6, JsonKind.Signed), new("zeroCount", 7, JsonKind.Fixed64),
        One("positive", 8, Buckets), One("negative", 9, Buckets), Number("flags", 10), Many("exemplars", 11, Exemplar), new("min", 12, JsonKind.Double),
        new("max", 13, JsonKind.Double), new("zeroThreshold", 14, JsonKind.Double));

    private static readonly OtlpJsonShape Quantile = new(new("quantile", 1, JsonKind.Double), new("value", 2, JsonKind.Double));
    private static readonly OtlpJsonShape SummaryPoint = new(
        new("startTimeUnixNano", 2, JsonKind.Fixed64), new("timeUnixNano", 3, JsonKind.Fixed64), new("count", 4, JsonKind.Fixed64), new("sum", 5, JsonKind.Double),
        Many("quantileValues", 6, Quantile), Many("attributes", 7, KeyValue), Number("flags", 8));

    private static readonly OtlpJsonShape Metric = new(
        Text("name", 1), Text("description", 2), Text("unit", 3), One("gauge", 5, new(Many("dataPoints", 1, NumberPoint))),
        One("sum", 7, new(Many("dataPoints", 1, NumberPoint), Temporality, new("isMonotonic", 3, JsonKind.Bool))),
        One("histogram", 9, new(Many("dataPoints", 1, HistogramPoint), Temporality)),
        One("exponentialHistogram", 10, new(Many("dataPoints", 1, ExponentialPoint), Temporality)),
        One("summary", 11, new(Many("dataPoints", 1, SummaryPoint))), Many("metadata", 12, KeyValue));

    public static readonly OtlpJsonShape Traces = Request("resourceSpans", "scopeSpans", "spans", Span);
    public static readonly OtlpJsonShape Logs = Request("resourceLogs", "scopeLogs", "logRecords", LogRecord);
    public static readonly OtlpJsonShape Metrics = Request("resourceMetrics", "scopeMetrics", "metrics", Metric);

    /// <summary>An AnyValue: read by hand because it contains itself and has a bound.</summary>
    public static readonly OtlpJsonField[] AnyValue =
    [
        Text("stringValue", 1), new("boolValue", 2, JsonKind.Bool), Number("intValue", 3), new("doubleValue", 4, JsonKind.Double),
        One("arrayValue", 5, new(new OtlpJsonField("values", 1, JsonKind.AnyValue, repeated: true))), One("kvlistValue", 6, new(Many("values", 1, KeyValue))),
        new("bytesValue", 7, JsonKind.Bytes),
    ];

    public ReadOnlySpan<OtlpJsonField> Fields => fields;

    private static OtlpJsonShape Request(string resources, string scopes, string items, OtlpJsonShape item) => new(
        Many(resources, 1, new(
            One("resource", 1, Resource),
            Many(scopes, 2, new(One("scope", 1, Scope), Many(items, 2, item), Text("schemaUrl", 3))),
            Text("schemaUrl", 3))));

    private static OtlpJsonField Text(string name, int number) => new(name, number, JsonKind.Text);

    private static OtlpJsonField Id(string name, int number) => new(name, number, JsonKind.Id);

    private static OtlpJsonField Number(string name, int number) => new(name, number, JsonKind.Varint);

    private static OtlpJsonField Any(string name, int number) => new(name, number, JsonKind.AnyValue);

    private static OtlpJsonField One(string name, int number, OtlpJsonShape message) => new(name, number, JsonKind.Message, message);

    private static OtlpJsonField Many(string name, int number, OtlpJsonShape message) => new(name, number, JsonKind.Message, message, repeated: true);

    private static string[] SeverityWords()
    {
        string[] levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
        string[] steps = ["", "2", "3", "4"];
        return ["SEVERITY_NUMBER_UNSPECIFIED", .. levels.SelectMany(_ => steps, (level, step) => "SEVERITY_NUMBER_" + level + step)];
    }
}
