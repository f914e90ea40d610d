using Callwatch.Spans;

namespace Callwatch.Receive.Otlp;

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
