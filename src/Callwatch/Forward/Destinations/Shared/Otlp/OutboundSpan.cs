using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.Otlp;
using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Shared.Otlp;

/// <summary>A span in the names of a platform that takes OTLP, on its way into protobuf (opentelemetry-proto 1.x, trace/v1).</summary>
internal sealed class OutboundSpan
{
    public required TraceId TraceId { get; init; }

    public required SpanId SpanId { get; init; }

    public SpanId ParentSpanId { get; init; }

    public required string Name { get; init; }

    /// <summary>1 internal, 2 server, 3 client, 4 producer, 5 consumer.</summary>
    public int Kind { get; init; } = 1;

    public required Timestamp Start { get; init; }

    public required Timestamp End { get; init; }

    public required OutboundAttributes Attributes { get; init; }

    public IReadOnlyList<(string Name, Timestamp Time, OutboundAttributes Attributes)> Events { get; init; } = [];

    public IReadOnlyList<SpanLink> Links { get; init; } = [];

    /// <summary>0 unset, 1 ok, 2 error.</summary>
    public int StatusCode { get; init; }

    public string? StatusMessage { get; init; }

    /// <summary>The Span message.</summary>
    public byte[] ToBytes()
    {
        using var buffer = new PayloadBuffer(budget: null, int.MaxValue);
        var writer = new ProtobufWriter(buffer);
        writer.Bytes(1, TraceId.ToBytes());
        writer.Bytes(2, SpanId.ToBytes());
        if (!ParentSpanId.IsNone) writer.Bytes(4, ParentSpanId.ToBytes());
        writer.Bytes(5, Encoding.UTF8.GetBytes(Name));
        writer.Varint(6, (ulong)Kind);
        writer.Fixed64(7, (ulong)Start.UnixNanoseconds);
        // The end of a sender whose clock is far ahead is the time of receipt: before its start.
        writer.Fixed64(8, (ulong)Math.Max(Start.UnixNanoseconds, End.UnixNanoseconds));
        Attributes.Write(writer, 9);
        foreach (var happening in Events) WriteEvent(writer, happening);

        foreach (var link in Links)
        {
            var open = writer.Begin(13, 60);
            writer.Bytes(1, link.TraceId.ToBytes());
            writer.Bytes(2, link.SpanId.ToBytes());
            new OutboundAttributes().AddAll(link.Attributes).Write(writer, 4);
            writer.End(open);
        }

        if (StatusCode != 0)
        {
            var open = writer.Begin(15, 20);
            if (!string.IsNullOrEmpty(StatusMessage)) writer.Bytes(2, Encoding.UTF8.GetBytes(StatusMessage));
            writer.Varint(3, (ulong)StatusCode);
            writer.End(open);
        }

        return buffer.Written.ToArray();
    }

    public static void WriteEvent(ProtobufWriter writer, (string Name, Timestamp Time, OutboundAttributes Attributes) happening)
    {
        var open = writer.Begin(11, 200);
        writer.Fixed64(1, (ulong)happening.Time.UnixNanoseconds);
        writer.Bytes(2, Encoding.UTF8.GetBytes(happening.Name));
        happening.Attributes.Write(writer, 3);
        writer.End(open);
    }

    /// <summary>The event that platforms read an error from (semantic conventions, "exception").</summary>
    public static (string Name, Timestamp Time, OutboundAttributes Attributes) Exception(SpanError error, Timestamp time) => (
        "exception", time,
        new OutboundAttributes().Add("exception.type", NotEmpty(error.Type) ?? "Error").Add("exception.message", NotEmpty(error.Message) ?? NotEmpty(error.Type) ?? "failed").Add("exception.stacktrace", error.Stack));

    private static string? NotEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}

/// <summary>Attributes in the order they were added; what is null is left out. A key that comes again replaces what stood there.</summary>
internal sealed class OutboundAttributes
{
    private readonly List<(string Key, object Value)> all = [];
    private readonly Dictionary<string, int> places = new(StringComparer.Ordinal);

    public IReadOnlyList<(string Key, object Value)> All => all;

    public OutboundAttributes Add(string key, string? value) => Put(key, value);

    public OutboundAttributes Add(string key, long? value) => Put(key, value);

    public OutboundAttributes Add(string key, double? value) => Put(key, value);

    public OutboundAttributes Add(string key, bool? value) => Put(key, value);

    public OutboundAttributes Add(string key, decimal? value) => Put(key, value is { } money ? (double)money : null);

    /// <summary>An array of strings; left out when empty.</summary>
    public OutboundAttributes Add(string key, IReadOnlyCollection<string> values) => Put(key, values.Count == 0 ? null : values);

    /// <summary>As a string that holds JSON, unless it is a string already; left out when null.</summary>
    public OutboundAttributes AddJson(string key, JsonNode? value) => Put(key, TextOf(value));

    /// <summary>JSON values as attributes of their own type: objects become key-value lists.</summary>
    public OutboundAttributes AddAll(JsonObject attributes)
    {
        foreach (var (key, value) in attributes) Put(key, value);
        return this;
    }

    public static string? TextOf(JsonNode? value) => value switch
    {
        null => null,
        JsonValue text when text.TryGetValue<string>(out var plain) => plain,
        _ => value.ToJsonString(PlainJson.Options),
    };

    public void Write(ProtobufWriter writer, int field)
    {
        foreach (var (key, value) in all)
        {
            var open = writer.Begin(field, 100);
            WritePair(writer, key, value);
            writer.End(open);
        }
    }

    private static void WritePair(ProtobufWriter writer, string key, object? value)
    {
        writer.Bytes(1, Encoding.UTF8.GetBytes(key));
        var open = writer.Begin(2, 80);
        WriteValue(writer, value);
        writer.End(open);
    }

    private static void WriteValue(ProtobufWriter writer, object? value)
    {
        switch (value)
        {
            case string text:
                writer.Bytes(1, Encoding.UTF8.GetBytes(text));
                break;
            case bool flag:
                writer.Varint(2, flag ? 1UL : 0);
                break;
            case long number:
                writer.Varint(3, unchecked((ulong)number));
                break;
            case double real:
                writer.Double(4, real);
                break;
            case IReadOnlyCollection<string> texts:
                WriteList(writer, texts);
                break;
            case JsonArray list:
                WriteList(writer, list);
                break;
            case JsonObject map:
                var open = writer.Begin(6, 100);
                foreach (var (key, inner) in map)
                {
                    var pair = writer.Begin(1, 80);
                    WritePair(writer, key, inner);
                    writer.End(pair);
                }

                writer.End(open);
                break;
            case JsonValue json:
                WriteValue(writer, Plain(json));
                break;
        }
    }

    private static void WriteList(ProtobufWriter writer, IEnumerable<object?> values)
    {
        var open = writer.Begin(5, 100);
        foreach (var value in values)
        {
            var item = writer.Begin(1, 40);
            WriteValue(writer, value);
            writer.End(item);
        }

        writer.End(open);
    }

    private static object? Plain(JsonValue value) => value.GetValueKind() switch
    {
        System.Text.Json.JsonValueKind.String => (string?)value,
        System.Text.Json.JsonValueKind.True => true,
        System.Text.Json.JsonValueKind.False => false,
        System.Text.Json.JsonValueKind.Number => value.TryGetValue<long>(out var number) ? number : value.TryGetValue<double>(out var real) ? real : value.ToJsonString(),
        _ => null,
    };

    /// <summary>A value of one of the types that <see cref="All"/> holds, or JSON.</summary>
    public OutboundAttributes Put(string key, object? value)
    {
        // What is no number says nothing, and receivers refuse it.
        if (value is null or double.NaN or double.PositiveInfinity or double.NegativeInfinity) return this;
        if (places.TryGetValue(key, out var place))
        {
            all[place] = (key, value);
            return this;
        }

        places[key] = all.Count;
        all.Add((key, value));
        return this;
    }
}
