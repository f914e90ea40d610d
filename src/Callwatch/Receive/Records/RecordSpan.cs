using System.Globalization;
using System.Text;
using System.Text.Json;
using Callwatch.Receive.Otlp;
using Callwatch.Spans;

namespace Callwatch.Receive.Records;

/// <summary>A span made of a record, as OTLP will carry it.</summary>
internal sealed class RecordSpan
{
    private readonly List<(string Key, object Value)> attributes = [];

    public required TraceId TraceId { get; init; }

    public required SpanId SpanId { get; init; }

    /// <summary>None for a root.</summary>
    public SpanId Parent { get; init; }

    public required string Name { get; init; }

    public required Timestamp Start { get; init; }

    public required Timestamp End { get; init; }

    public bool Failed { get; set; }

    public string? ErrorMessage { get; set; }

    /// <summary>A string, a number, a truth value or a list of strings; null adds nothing.</summary>
    public void Add(string key, object? value)
    {
        if (value is not null) attributes.Add((key, value));
    }

    /// <summary>A string as it is, anything else as JSON text.</summary>
    public void AddContent(string key, JsonElement? value)
    {
        if (value is { } content) Add(key, TextOf(content));
    }

    public void AddWords(string key, JsonElement? list)
    {
        if (list is { } words) Add(key, words.EnumerateArray().Select(word => word.GetString()!).ToArray());
    }

    /// <summary>A text, number or truth value as it is, else as JSON text.</summary>
    public void AddValue(string key, JsonElement value) => Add(key, value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => value.TryGetInt64(out var whole) ? whole : value.GetDouble(),
        _ => TextOf(value),
    });

    public static string TextOf(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();

    /// <summary>Writes it as field 2 of ScopeSpans (opentelemetry-proto 1.x).</summary>
    public void Write(ProtobufWriter to)
    {
        Span<byte> id = stackalloc byte[16];
        var span = to.Begin(2, 1024);
        TraceId.Write(id);
        to.Bytes(1, id);
        SpanId.Write(id[..8]);
        to.Bytes(2, id[..8]);
        if (!Parent.IsNone)
        {
            Parent.Write(id[..8]);
            to.Bytes(4, id[..8]);
        }

        Text(to, 5, Name);
        to.Varint(6, 1);
        to.Fixed64(7, (ulong)Start.UnixNanoseconds);
        to.Fixed64(8, (ulong)End.UnixNanoseconds);
        foreach (var (key, value) in attributes) WriteAttribute(to, 9, key, value);
        if (Failed)
        {
            var status = to.Begin(15, 64);
            if (ErrorMessage is not null) Text(to, 2, ErrorMessage);
            to.Varint(3, 2);
            to.End(status);
        }

        to.End(span);
    }

    public static void WriteAttribute(ProtobufWriter to, int field, string key, object value)
    {
        var pair = to.Begin(field, 256);
        Text(to, 1, key);
        var any = to.Begin(2, 128);
        WriteValue(to, value);
        to.End(any);
        to.End(pair);
    }

    private static void WriteValue(ProtobufWriter to, object value)
    {
        switch (value)
        {
            case bool flag:
                to.Varint(2, flag ? 1UL : 0);
                break;
            case long whole:
                to.Varint(3, (ulong)whole);
                break;
            case double number:
                to.Double(4, number);
                break;
            case string[] words:
                var list = to.Begin(5, 128);
                foreach (var word in words)
                {
                    var item = to.Begin(1, 64);
                    Text(to, 1, word);
                    to.End(item);
                }

                to.End(list);
                break;
            default:
                Text(to, 1, Convert.ToString(value, CultureInfo.InvariantCulture)!);
                break;
        }
    }

    private static void Text(ProtobufWriter to, int field, string text) => to.Bytes(field, Encoding.UTF8.GetBytes(text));
}
