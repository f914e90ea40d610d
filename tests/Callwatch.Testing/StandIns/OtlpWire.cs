using System.Text;
using Callwatch.Spans;

namespace Callwatch.Testing.StandIns;

/// <summary>
/// Reads an ExportTraceServiceRequest in protobuf to the letter (opentelemetry-proto 1.x: collector/trace/v1, trace/v1, common/v1, resource/v1): a hand of
/// its own, so that the product's reader and writer cannot agree on a mistake. Unknown fields, wrong wire types and every rule broken are errors.
/// </summary>
internal static class OtlpWire
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="WireException">The first thing that is wrong.</exception>
    public static IReadOnlyList<WireSpan> Read(byte[] request)
    {
        var spans = new List<WireSpan>();
        foreach (var field in WireField.In(request, "request"))
        {
            field.Is(1, 2, "resource_spans");
            ResourceSpans(field.Bytes, spans);
        }

        return spans;
    }

    private static void ResourceSpans(byte[] message, List<WireSpan> spans)
    {
        var fields = WireField.In(message, "ResourceSpans");
        var resource = new WireAttributes([]);
        foreach (var field in fields.Where(field => field.Number == 1))
            resource = AttributesIn(field.Bytes, "resource", 1, otherFields: [(2, 0)]);
        foreach (var field in fields)
        {
            switch (field.Number)
            {
                case 1:
                    break;
                case 2:
                    field.Is(2, 2, "scope_spans");
                    ScopeSpans(field.Bytes, resource, spans);
                    break;
                default:
                    field.Is(3, 2, "schema_url of ResourceSpans");
                    break;
            }
        }
    }

    private static void ScopeSpans(byte[] message, WireAttributes resource, List<WireSpan> spans)
    {
        var fields = WireField.In(message, "ScopeSpans");
        string name = "";
        string? version = null;
        foreach (var scope in fields.Where(field => field.Number == 1))
        {
            foreach (var field in WireField.In(scope.Bytes, "InstrumentationScope"))
            {
                if (field.Number == 1) name = Text(field, "scope.name");
                else if (field.Number == 2) version = Text(field, "scope.version");
                else if (field.Number == 3) Pair(field, "scope");
                else field.Is(4, 0, "dropped_attributes_count of the scope");
            }
        }

        foreach (var field in fields)
        {
            if (field.Number == 2)
            {
                field.Is(2, 2, "spans");
                spans.Add(Span(field.Bytes, resource, name, version));
            }
            else if (field.Number != 1)
            {
                field.Is(3, 2, "schema_url of ScopeSpans");
            }
        }
    }

    private static WireSpan Span(byte[] message, WireAttributes resource, string scopeName, string? scopeVersion)
    {
        TraceId traceId = default;
        SpanId spanId = default, parent = default;
        string name = "";
        string? statusMessage = null;
        var (kind, status) = (0, 0);
        ulong start = 0, end = 0;
        List<KeyValuePair<string, object>> pairs = [];
        List<WireEvent> events = [];
        List<WireLink> links = [];
        foreach (var field in WireField.In(message, "Span"))
        {
            switch (field.Number)
            {
                case 1:
                    traceId = WireRules.TraceIdOf(field.Is(1, 2, "trace_id").Bytes, "span");
                    break;
                case 2:
                    spanId = WireRules.SpanIdOf(field.Is(2, 2, "span_id").Bytes, "span");
                    break;
                case 3:
                    Text(field, "trace_state");
                    break;
                case 4:
                    parent = WireRules.ParentOf(field.Is(4, 2, "parent_span_id").Bytes);
                    break;
                case 5:
                    name = Text(field, "name");
                    break;
                case 6:
                    kind = (int)field.Is(6, 0, "kind").Value;
                    break;
                case 7:
                    start = field.Is(7, 1, "start_time_unix_nano").Value;
                    break;
                case 8:
                    end = field.Is(8, 1, "end_time_unix_nano").Value;
                    break;
                case 9:
                    pairs.Add(Pair(field, "span"));
                    break;
                case 11:
                    events.Add(Event(field.Is(11, 2, "events").Bytes));
                    break;
                case 13:
                    links.Add(Link(field.Is(13, 2, "links").Bytes));
                    break;
                case 15:
                    foreach (var part in WireField.In(field.Is(15, 2, "status").Bytes, "Status"))
                    {
                        if (part.Number == 2) statusMessage = Text(part, "status.message");
                        else status = (int)part.Is(3, 0, "status.code").Value;
                    }

                    break;
                case 16:
                    field.Is(16, 5, "flags");
                    break;
                default:
                    if (field.Number is not (10 or 12 or 14)) throw new WireException($"Span has no field {field.Number}");
                    field.Is(field.Number, 0, "a dropped count");
                    break;
            }
        }

        return WireRules.Check(new WireSpan(
            resource, scopeName, scopeVersion, traceId, spanId, parent, name, kind, start, end, WireRules.Attributes(pairs, "span"), events, links, status, statusMessage));
    }

    private static WireEvent Event(byte[] message)
    {
        string? name = null;
        ulong time = 0;
        List<KeyValuePair<string, object>> pairs = [];
        foreach (var field in WireField.In(message, "Event"))
        {
            if (field.Number == 1) time = field.Is(1, 1, "time_unix_nano of an event").Value;
            else if (field.Number == 2) name = Text(field, "event.name");
            else if (field.Number == 3) pairs.Add(Pair(field, "event"));
            else field.Is(4, 0, "dropped_attributes_count of an event");
        }

        return WireRules.Event(name, time, WireRules.Attributes(pairs, "event"));
    }

    private static WireLink Link(byte[] message)
    {
        TraceId traceId = default;
        SpanId spanId = default;
        List<KeyValuePair<string, object>> pairs = [];
        foreach (var field in WireField.In(message, "Link"))
        {
            if (field.Number == 1) traceId = WireRules.TraceIdOf(field.Is(1, 2, "trace_id of a link").Bytes, "link");
            else if (field.Number == 2) spanId = WireRules.SpanIdOf(field.Is(2, 2, "span_id of a link").Bytes, "link");
            else if (field.Number == 3) Text(field, "trace_state of a link");
            else if (field.Number == 4) pairs.Add(Pair(field, "link"));
            else if (field.Number == 6) field.Is(6, 5, "flags of a link");
            else field.Is(5, 0, "dropped_attributes_count of a link");
        }

        return traceId.IsNone || spanId.IsNone ? throw new WireException("link: it has no ids") : new WireLink(traceId, spanId, WireRules.Attributes(pairs, "link"));
    }

    private static WireAttributes AttributesIn(byte[] message, string of, int number, (int Number, int Type)[] otherFields)
    {
        List<KeyValuePair<string, object>> pairs = [];
        foreach (var field in WireField.In(message, of))
        {
            if (field.Number == number) pairs.Add(Pair(field, of));
            else if (!otherFields.Contains((field.Number, field.Type))) throw new WireException($"{of} has no field {field.Number} of type {field.Type}");
        }

        return WireRules.Attributes(pairs, of);
    }

    private static KeyValuePair<string, object> Pair(WireField pair, string of)
    {
        pair.Is(pair.Number, 2, "attributes of the " + of);
        string? key = null;
        object? value = null;
        foreach (var field in WireField.In(pair.Bytes, "KeyValue"))
        {
            if (field.Number == 1) key = Text(field, "key");
            else value = Value(field.Is(2, 2, "value of an attribute").Bytes, key ?? "?");
        }

        return KeyValuePair.Create(key ?? throw new WireException($"{of}: an attribute has no key"), value ?? throw new WireException($"{of}: the attribute {key} has no value"));
    }

    private static object? Value(byte[] message, string key)
    {
        object? value = null;
        foreach (var field in WireField.In(message, "AnyValue"))
        {
            if (value is not null) throw new WireException($"the attribute {key} has two values");
            value = field.Number switch
            {
                1 => Text(field, key),
                2 => field.Is(2, 0, "bool_value").Value != 0,
                3 => unchecked((long)field.Is(3, 0, "int_value").Value),
                4 => BitConverter.UInt64BitsToDouble(field.Is(4, 1, "double_value").Value),
                5 => WireField.In(field.Is(5, 2, "array_value").Bytes, "ArrayValue")
                    .Select(item => Value(item.Is(1, 2, "values").Bytes, key) ?? throw new WireException($"a value of the array {key} is empty")).ToList(),
                6 => AttributesIn(field.Is(6, 2, "kvlist_value").Bytes, key, 1, []),
                7 => field.Is(7, 2, "bytes_value").Bytes,
                _ => throw new WireException($"AnyValue has no field {field.Number}"),
            };
        }

        return value;
    }

    private static string Text(WireField field, string what)
    {
        field.Is(field.Number, 2, what);
        try
        {
            return Strict.GetString(field.Bytes);
        }
        catch (DecoderFallbackException)
        {
            throw new WireException($"{what} is not UTF-8");
        }
    }
}
