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
                case 16 when fields.Type == WireType.Fixed32:
                    Flags = (uint)fields.Number;
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

    /// <summary>Bits 0 to 7 are W3C trace flags; bit 8 says that bit 9 is known, bit 9 that the parent is in another process.</summary>
    public uint Flags { get; }

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
