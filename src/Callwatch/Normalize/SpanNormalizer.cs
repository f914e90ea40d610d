using Callwatch.Normalize.Pricing;
using Callwatch.Receive.Otlp;
using Callwatch.Spans;

namespace Callwatch.Normalize;

/// <summary>Whose a span is and when it came, from its journal record.</summary>
public readonly record struct SpanOrigin(int TenantId, int AppId, Timestamp ReceivedAt);

/// <summary>A log record that belongs to a span: the logs payload it lies in, and where (<see cref="OtlpLog.Offset"/>).</summary>
public sealed record JoinedLog(ReadOnlyMemory<byte> Payload, int Offset);

/// <summary>Third stage: turns an OTLP span into the span the product speaks of, with call facts where it is a model call.
/// Pure: the same input and the same prices give the same span.</summary>
public sealed class SpanNormalizer(PriceBooks prices)
{
    /// <summary>The span without bodies, priced. <paramref name="logs"/> are those of this very span, in order of time.</summary>
    public Span Normalize(in OtlpSpan span, SpanOrigin origin, IReadOnlyList<JoinedLog> logs) => throw new NotSupportedException(prices.GetType().Name);

    /// <summary>The bodies of the span.</summary>
    public SpanContent Content(in OtlpSpan span, IReadOnlyList<JoinedLog> logs) => throw new NotSupportedException(prices.GetType().Name);

    /// <summary>True for log records that are part of a span's story: GenAI events and exceptions that name their trace and span.</summary>
    public static bool Joins(in OtlpLog log)
    {
        if (log.TraceId.IsNone || log.SpanId.IsNone) return false;
        if (log.EventName.StartsWith("gen_ai."u8) || log.EventName.SequenceEqual("exception"u8)) return true;
        foreach (var attribute in log.Attributes)
            if (attribute.Key.SequenceEqual("exception.type"u8) || attribute.Key.SequenceEqual("exception.message"u8)) return true;
        return false;
    }
}
