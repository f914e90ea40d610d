using Callwatch.Spans;

namespace Callwatch.Receive.Otlp;

// Views over the wire bytes of OTLP 1.x (opentelemetry-proto: trace/v1, logs/v1, common/v1, resource/v1), by field number.
// A view holds slices, no copies. Bytes that are not protobuf end an enumeration early; Intake has refused such payloads before.

/// <summary>One (resource, scope, span) of an ExportTraceServiceRequest.</summary>
public readonly ref struct OtlpSpan
{
    private OtlpSpan(ReadOnlySpan<byte> resource, ReadOnlySpan<byte> scope, ReadOnlySpan<byte> body, int offset)
    {
        Resource = resource;
        Scope = scope;
        Body = body;
        Offset = offset;
        var fields = new ProtobufReader(body);
        while (fields.Read())
        {
            switch (fields.Field)
            {
                case 1 when fields.Type == WireType.Bytes:
                    TraceId.TryRead(fields.Bytes, out traceId);
                    break;
                case 2 when fields.Type == WireType.Bytes:
                    Spans.SpanId.TryRead(fields.Bytes, out spanId);
                    break;
                case 4 when fields.Type == WireType.Bytes:
                    Spans.SpanId.TryRead(fields.Bytes, out parentSpanId);
                    break;
                case 5 when fields.Type == WireType.Bytes:
                    Name = fields.Bytes;
                    break;
                case 6 when fields.Type == WireType.Varint:
                    Kind = (int)fields.Number;
                    break;
                case 7 when fields.Type == WireType.Fixed64:
                    StartUnixNanoseconds = fields.Number;
                    break;
                case 8 when fields.Type == WireType.Fixed64:
                    EndUnixNanoseconds = fields.Number;
                    break;
                case 15 when fields.Type == WireType.Bytes:
                    Status = fields.Bytes;
                    break;
            }
        }
    }

    private readonly TraceId traceId;
    private readonly SpanId spanId;
    private readonly SpanId parentSpanId;

    /// <summary>The Resource message; empty when absent.</summary>
    public ReadOnlySpan<byte> Resource { get; }

    /// <summary>The InstrumentationScope message; empty when absent.</summary>
    public ReadOnlySpan<byte> Scope { get; }

    /// <summary>The Span message.</summary>
    public ReadOnlySpan<byte> Body { get; }

    /// <summary>Where <see cref="Body"/> begins in the payload.</summary>
    public int Offset { get; }

    public TraceId TraceId => traceId;

    public SpanId SpanId => spanId;

    public SpanId ParentSpanId => parentSpanId;

    public ReadOnlySpan<byte> Name { get; }

    /// <summary>OTLP's own kind: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer.</summary>
    public int Kind { get; }

    public ulong StartUnixNanoseconds { get; }

    public ulong EndUnixNanoseconds { get; }

    private ReadOnlySpan<byte> Status { get; }

    /// <summary>0 unset, 1 ok, 2 error.</summary>
    public int StatusCode
    {
        get
        {
            var code = 0;
            var fields = new ProtobufReader(Status);
            while (fields.Read())
                if (fields is { Field: 3, Type: WireType.Varint }) code = (int)fields.Number;
            return code;
        }
    }

    public ReadOnlySpan<byte> StatusMessage
    {
        get
        {
            ReadOnlySpan<byte> message = default;
            var fields = new ProtobufReader(Status);
            while (fields.Read())
                if (fields is { Field: 2, Type: WireType.Bytes }) message = fields.Bytes;
            return message;
        }
    }

    public OtlpAttributes Attributes => new(Body, field: 9);

    public OtlpAttributes ResourceAttributes => new(Resource, field: 1);

    public OtlpAttributes ScopeAttributes => new(Scope, field: 3);

    public ReadOnlySpan<byte> ScopeName => FirstBytes(Scope, 1);

    public ReadOnlySpan<byte> ScopeVersion => FirstBytes(Scope, 2);

    public OtlpEvents Events => new(Body);

    public OtlpLinks Links => new(Body);

    /// <summary>Every span of a payload, in wire order.</summary>
    public static OtlpSpans In(ReadOnlySpan<byte> payload) => new(payload);

    /// <summary>The span whose <see cref="Offset"/> this is; false when there is none.</summary>
    public static bool TryAt(ReadOnlySpan<byte> payload, int offset, out OtlpSpan span)
    {
        var outer = new ProtobufReader(payload);
        while (outer.Read())
        {
            if (outer is not { Field: 1, Type: WireType.Bytes } || offset < outer.BytesStart || offset >= outer.FieldEnd) continue;
            var resource = FirstBytes(outer.Bytes, 1);
            var middle = new ProtobufReader(outer.Bytes);
            while (middle.Read())
            {
                var start = outer.BytesStart + middle.BytesStart;
                if (middle is not { Field: 2, Type: WireType.Bytes } || offset < start || offset >= start + middle.Bytes.Length) continue;
                var inner = new ProtobufReader(middle.Bytes);
                while (inner.Read())
                {
                    if (inner is not { Field: 2, Type: WireType.Bytes } || start + inner.BytesStart != offset) continue;
                    span = new OtlpSpan(resource, FirstBytes(middle.Bytes, 1), inner.Bytes, offset);
                    return true;
                }
            }
        }

        span = default;
        return false;
    }

    internal static OtlpSpan Of(ReadOnlySpan<byte> resource, ReadOnlySpan<byte> scope, ReadOnlySpan<byte> body, int offset) =>
        new(resource, scope, body, offset);

    internal static ReadOnlySpan<byte> FirstBytes(ReadOnlySpan<byte> message, int field)
    {
        var fields = new ProtobufReader(message);
        while (fields.Read())
            if (fields.Field == field && fields.Type == WireType.Bytes) return fields.Bytes;
        return default;
    }
}

/// <summary>Enumerates the spans of an ExportTraceServiceRequest.</summary>
public ref struct OtlpSpans(ReadOnlySpan<byte> payload)
{
    private ProtobufReader outer = new(payload);
    private ProtobufReader middle;
    private ProtobufReader inner;
    private ReadOnlySpan<byte> resource;
    private ReadOnlySpan<byte> scope;
    private int middleStart;
    private int innerStart;

    public OtlpSpan Current { get; private set; }

    public readonly OtlpSpans GetEnumerator() => this;

    public bool MoveNext()
    {
        while (true)
        {
            while (inner.Read())
            {
                if (inner is not { Field: 2, Type: WireType.Bytes }) continue;
                Current = OtlpSpan.Of(resource, scope, inner.Bytes, innerStart + inner.BytesStart);
                return true;
            }

            if (NextScope()) continue;
            if (!NextResource()) return false;
        }
    }

    private bool NextScope()
    {
        while (middle.Read())
        {
            if (middle is not { Field: 2, Type: WireType.Bytes }) continue;
            scope = OtlpSpan.FirstBytes(middle.Bytes, 1);
            innerStart = middleStart + middle.BytesStart;
            inner = new ProtobufReader(middle.Bytes);
            return true;
        }

        return false;
    }

    private bool NextResource()
    {
        while (outer.Read())
        {
            if (outer is not { Field: 1, Type: WireType.Bytes }) continue;
            resource = OtlpSpan.FirstBytes(outer.Bytes, 1);
            middleStart = outer.BytesStart;
            middle = new ProtobufReader(outer.Bytes);
            return true;
        }

        return false;
    }
}

/// <summary>Enumerates the KeyValue fields of a message.</summary>
public ref struct OtlpAttributes(ReadOnlySpan<byte> message, int field)
{
    private ProtobufReader fields = new(message);

    public OtlpAttribute Current { get; private set; }

    public readonly OtlpAttributes GetEnumerator() => this;

    public bool MoveNext()
    {
        while (fields.Read())
        {
            if (fields.Field != field || fields.Type != WireType.Bytes) continue;
            Current = new OtlpAttribute(fields.Bytes);
            return true;
        }

        return false;
    }
}

/// <summary>One KeyValue.</summary>
public readonly ref struct OtlpAttribute
{
    public OtlpAttribute(ReadOnlySpan<byte> keyValue)
    {
        var fields = new ProtobufReader(keyValue);
        while (fields.Read())
        {
            if (fields.Type != WireType.Bytes) continue;
            if (fields.Field == 1) Key = fields.Bytes;
            else if (fields.Field == 2) Value = new OtlpValue(fields.Bytes);
        }
    }

    public ReadOnlySpan<byte> Key { get; }

    public OtlpValue Value { get; }
}

/// <summary>What an AnyValue holds; the numbers are its field numbers.</summary>
public enum OtlpValueType : byte
{
    None = 0, String = 1, Bool = 2, Int = 3, Double = 4, Array = 5, KeyValueList = 6, Bytes = 7,
}

/// <summary>One AnyValue.</summary>
public readonly ref struct OtlpValue
{
    private readonly ulong number;

    public OtlpValue(ReadOnlySpan<byte> anyValue)
    {
        var fields = new ProtobufReader(anyValue);
        while (fields.Read())
        {
            var fits = fields.Field switch
            {
                1 or 5 or 6 or 7 => fields.Type == WireType.Bytes,
                2 or 3 => fields.Type == WireType.Varint,
                4 => fields.Type == WireType.Fixed64,
                _ => false,
            };
            if (!fits) continue;
            Type = (OtlpValueType)fields.Field;
            if (fields.Type == WireType.Bytes) Raw = fields.Bytes;
            else number = fields.Number;
        }
    }

    public OtlpValueType Type { get; }

    /// <summary>UTF-8 of a string, the bytes of a bytes value, or the ArrayValue / KeyValueList message.</summary>
    public ReadOnlySpan<byte> Raw { get; }

    public bool Bool => number != 0;

    public long Int => (long)number;

    public double Double => BitConverter.UInt64BitsToDouble(number);

    /// <summary>Values of an array.</summary>
    public OtlpValues Items => new(Type == OtlpValueType.Array ? Raw : default);

    /// <summary>Pairs of a key-value list.</summary>
    public OtlpAttributes Pairs => new(Type == OtlpValueType.KeyValueList ? Raw : default, field: 1);
}

/// <summary>Enumerates the values of an ArrayValue.</summary>
public ref struct OtlpValues(ReadOnlySpan<byte> array)
{
    private ProtobufReader fields = new(array);

    public OtlpValue Current { get; private set; }

    public readonly OtlpValues GetEnumerator() => this;

    public bool MoveNext()
    {
        while (fields.Read())
        {
            if (fields is not { Field: 1, Type: WireType.Bytes }) continue;
            Current = new OtlpValue(fields.Bytes);
            return true;
        }

        return false;
    }
}

/// <summary>One Span.Event.</summary>
public readonly ref struct OtlpEvent
{
    private readonly ReadOnlySpan<byte> body;

    public OtlpEvent(ReadOnlySpan<byte> body)
    {
        this.body = body;
        var fields = new ProtobufReader(body);
        while (fields.Read())
        {
            if (fields is { Field: 1, Type: WireType.Fixed64 }) TimeUnixNanoseconds = fields.Number;
            else if (fields is { Field: 2, Type: WireType.Bytes }) Name = fields.Bytes;
        }
    }

    public ulong TimeUnixNanoseconds { get; }

    public ReadOnlySpan<byte> Name { get; }

    public OtlpAttributes Attributes => new(body, field: 3);
}

/// <summary>Enumerates the events of a span.</summary>
public ref struct OtlpEvents(ReadOnlySpan<byte> span)
{
    private ProtobufReader fields = new(span);

    public OtlpEvent Current { get; private set; }

    public readonly OtlpEvents GetEnumerator() => this;

    public bool MoveNext()
    {
        while (fields.Read())
        {
            if (fields is not { Field: 11, Type: WireType.Bytes }) continue;
            Current = new OtlpEvent(fields.Bytes);
            return true;
        }

        return false;
    }
}

/// <summary>One Span.Link.</summary>
public readonly ref struct OtlpLink
{
    private readonly ReadOnlySpan<byte> body;
    private readonly TraceId traceId;
    private readonly SpanId spanId;

    public OtlpLink(ReadOnlySpan<byte> body)
    {
        this.body = body;
        TraceId.TryRead(OtlpSpan.FirstBytes(body, 1), out traceId);
        Spans.SpanId.TryRead(OtlpSpan.FirstBytes(body, 2), out spanId);
    }

    public TraceId TraceId => traceId;

    public SpanId SpanId => spanId;

    public OtlpAttributes Attributes => new(body, field: 4);
}

/// <summary>Enumerates the links of a span.</summary>
public ref struct OtlpLinks(ReadOnlySpan<byte> span)
{
    private ProtobufReader fields = new(span);

    public OtlpLink Current { get; private set; }

    public readonly OtlpLinks GetEnumerator() => this;

    public bool MoveNext()
    {
        while (fields.Read())
        {
            if (fields is not { Field: 13, Type: WireType.Bytes }) continue;
            Current = new OtlpLink(fields.Bytes);
            return true;
        }

        return false;
    }
}

/// <summary>One (resource, scope, log record) of an ExportLogsServiceRequest.</summary>
public readonly ref struct OtlpLog
{
    private readonly TraceId traceId;
    private readonly SpanId spanId;

    private OtlpLog(ReadOnlySpan<byte> resource, ReadOnlySpan<byte> scope, ReadOnlySpan<byte> record, int offset)
    {
        Resource = resource;
        Scope = scope;
        Record = record;
        Offset = offset;
        ulong observed = 0;
        var fields = new ProtobufReader(record);
        while (fields.Read())
        {
            switch (fields.Field)
            {
                case 1 when fields.Type == WireType.Fixed64:
                    TimeUnixNanoseconds = fields.Number;
                    break;
                case 11 when fields.Type == WireType.Fixed64:
                    observed = fields.Number;
                    break;
                case 2 when fields.Type == WireType.Varint:
                    SeverityNumber = (int)fields.Number;
                    break;
                case 5 when fields.Type == WireType.Bytes:
                    Body = new OtlpValue(fields.Bytes);
                    break;
                case 9 when fields.Type == WireType.Bytes:
                    TraceId.TryRead(fields.Bytes, out traceId);
                    break;
                case 10 when fields.Type == WireType.Bytes:
                    Spans.SpanId.TryRead(fields.Bytes, out spanId);
                    break;
                case 12 when fields.Type == WireType.Bytes:
                    EventName = fields.Bytes;
                    break;
            }
        }

        if (TimeUnixNanoseconds == 0) TimeUnixNanoseconds = observed;
        if (EventName.IsEmpty)
        {
            foreach (var attribute in Attributes)
                if (attribute.Key.SequenceEqual("event.name"u8) && attribute.Value.Type == OtlpValueType.String) EventName = attribute.Value.Raw;
        }
    }

    public ReadOnlySpan<byte> Resource { get; }

    public ReadOnlySpan<byte> Scope { get; }

    /// <summary>The LogRecord message.</summary>
    public ReadOnlySpan<byte> Record { get; }

    /// <summary>Where <see cref="Record"/> begins in the payload.</summary>
    public int Offset { get; }

    public TraceId TraceId => traceId;

    public SpanId SpanId => spanId;

    /// <summary>The record's time, else the time it was observed.</summary>
    public ulong TimeUnixNanoseconds { get; }

    public int SeverityNumber { get; }

    /// <summary>The field <c>event_name</c>, else the attribute <c>event.name</c>.</summary>
    public ReadOnlySpan<byte> EventName { get; }

    public OtlpValue Body { get; }

    public OtlpAttributes Attributes => new(Record, field: 6);

    /// <summary>Every log record of a payload, in wire order.</summary>
    public static OtlpLogs In(ReadOnlySpan<byte> payload) => new(payload);

    /// <summary>The log record whose <see cref="Offset"/> this is; false when there is none.</summary>
    public static bool TryAt(ReadOnlySpan<byte> payload, int offset, out OtlpLog log)
    {
        var found = OtlpSpan.TryAt(payload, offset, out var record);
        log = found ? Of(record.Resource, record.Scope, record.Body, offset) : default;
        return found;
    }

    internal static OtlpLog Of(ReadOnlySpan<byte> resource, ReadOnlySpan<byte> scope, ReadOnlySpan<byte> record, int offset) =>
        new(resource, scope, record, offset);
}

/// <summary>Enumerates the log records of an ExportLogsServiceRequest.</summary>
public ref struct OtlpLogs(ReadOnlySpan<byte> payload)
{
    // Both requests have the same three levels with the same field numbers; only the innermost message differs.
    private OtlpSpans records = new(payload);

    public OtlpLog Current { get; private set; }

    public readonly OtlpLogs GetEnumerator() => this;

    public bool MoveNext()
    {
        if (!records.MoveNext()) return false;
        var record = records.Current;
        Current = OtlpLog.Of(record.Resource, record.Scope, record.Body, record.Offset);
        return true;
    }
}
