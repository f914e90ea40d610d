using Callwatch.Normalize;
using Callwatch.Spans;
using Callwatch.Telemetry;

namespace Callwatch.Receive.Otlp;

/// <summary>What intake does with one span or log record.</summary>
/// <param name="Refused">Null when it is taken.</param>
/// <param name="IsClean">Stays byte for byte as sent.</param>
internal readonly record struct Verdict(Reason? Refused, bool IsClean = false, bool ClearParent = false, bool EndBeforeStart = false);

/// <summary>The rules for the items of one signal.</summary>
internal abstract class ItemRules
{
    public abstract OtlpShape Shape { get; }

    /// <summary>What comes next stands in this ResourceSpans, ResourceLogs or ResourceMetrics.</summary>
    public virtual void Enter(ReadOnlySpan<byte> envelope)
    {
    }

    /// <summary>How many it counts as when it is refused.</summary>
    public virtual long WeightOf(ReadOnlySpan<byte> item) => 1;

    /// <summary>One span or record, with the resource and scope it stands under.</summary>
    public abstract Verdict Judge(OtlpCheck check, ReadOnlySpan<byte> resource, ReadOnlySpan<byte> scope, ReadOnlySpan<byte> item, int offset);
}

/// <summary>Spans: an identity and a time are needed, all else can be mended.</summary>
internal sealed class SpanRules : ItemRules
{
    public override OtlpShape Shape => OtlpShape.Span;

    public override Verdict Judge(OtlpCheck check, ReadOnlySpan<byte> resource, ReadOnlySpan<byte> scope, ReadOnlySpan<byte> item, int offset)
    {
        TraceId traceId = default;
        SpanId spanId = default, parentId = default;
        var badParent = false;
        ulong start = 0, end = 0;
        var fields = new ProtobufReader(item);
        while (fields.Read())
        {
            switch (fields.Field, fields.Type)
            {
                case (1, WireType.Bytes):
                    TraceId.TryRead(fields.Bytes, out traceId);
                    break;
                case (2, WireType.Bytes):
                    SpanId.TryRead(fields.Bytes, out spanId);
                    break;
                case (4, WireType.Bytes):
                    badParent = !SpanId.TryRead(fields.Bytes, out parentId) && !fields.Bytes.IsEmpty;
                    break;
                case (7, WireType.Fixed64):
                    start = fields.Number;
                    break;
                case (8, WireType.Fixed64):
                    end = fields.Number;
                    break;
            }
        }

        var clean = check.Passes(item, Shape);
        if (traceId.IsNone) return new Verdict(Reason.BadTraceId);
        if (spanId.IsNone) return new Verdict(Reason.BadSpanId);
        // No time at all, or one after the year 2262, which nanoseconds in 63 bits do not reach.
        if ((start | end) == 0 || start > long.MaxValue || end > long.MaxValue) return new Verdict(Reason.BadTime);
        if (IsPending(item)) return new Verdict(Reason.PendingSpan);
        badParent |= parentId == spanId;
        return new Verdict(Refused: null, clean && !badParent, badParent, EndBeforeStart: end != 0 && end < start);
    }

    /// <summary>Logfire announces spans before they end (genai-attributes, section 11); the real one follows.</summary>
    private static bool IsPending(ReadOnlySpan<byte> span)
    {
        if (span.IndexOf("pending_span"u8) < 0) return false;
        foreach (var attribute in new OtlpAttributes(span, field: 9))
            if (attribute.Key.SequenceEqual("logfire.span_type"u8) && attribute.Value is { Type: OtlpValueType.String } value && value.Raw.SequenceEqual("pending_span"u8)) return true;
        return false;
    }
}

/// <summary>Log records: those that belong to a span's story are taken, all others only where somebody has them passed on.</summary>
/// <param name="passedOn">Whether somebody does, of what stands in an envelope; null for nobody.</param>
internal sealed class LogRules(EnvelopeChoice? passedOn = null) : ItemRules
{
    private bool takesAll;

    public override OtlpShape Shape => OtlpShape.LogRecord;

    public override void Enter(ReadOnlySpan<byte> envelope) => takesAll = passedOn?.Invoke(envelope) == true;

    public override Verdict Judge(OtlpCheck check, ReadOnlySpan<byte> resource, ReadOnlySpan<byte> scope, ReadOnlySpan<byte> item, int offset)
    {
        var clean = check.Passes(item, Shape);
        return takesAll || SpanNormalizer.Joins(OtlpLog.Of(resource, scope, item, offset)) ? new Verdict(Refused: null, clean) : new Verdict(Reason.NoDestinationKeepsLogs);
    }
}

/// <summary>Metrics: taken only where somebody has them passed on. Their data points stay as they were sent.</summary>
internal sealed class MetricRules(EnvelopeChoice passedOn) : ItemRules
{
    private bool takesAll;

    public override OtlpShape Shape => OtlpShape.Metric;

    public override void Enter(ReadOnlySpan<byte> envelope) => takesAll = passedOn(envelope);

    public override long WeightOf(ReadOnlySpan<byte> item) => OtlpMetrics.PointsOf(item);

    public override Verdict Judge(OtlpCheck check, ReadOnlySpan<byte> resource, ReadOnlySpan<byte> scope, ReadOnlySpan<byte> item, int offset)
    {
        var clean = check.Passes(item, Shape);
        return takesAll ? new Verdict(Refused: null, clean) : new Verdict(Reason.NoDestinationKeepsMetrics);
    }
}

/// <summary>Whether what stands in an envelope is wanted.</summary>
internal delegate bool EnvelopeChoice(ReadOnlySpan<byte> envelope);
