using Callwatch.Spans;

namespace Callwatch.Receive.Otlp;

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
