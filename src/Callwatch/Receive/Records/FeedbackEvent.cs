using System.Text;
using Callwatch.Receive.Bodies;
using Callwatch.Receive.Otlp;
using Callwatch.Spans;

namespace Callwatch.Receive.Records;

/// <summary>
/// A judgement as the OTLP log record it becomes: event <c>gen_ai.evaluation.result</c> (OpenTelemetry GenAI conventions) on the span that is
/// judged, with <c>callwatch.score_source</c> <c>feedback</c>.
/// </summary>
/// <param name="App">Of the trace; null leaves it to the sender's key.</param>
public sealed record FeedbackEvent(TraceId Trace, SpanId Span, string? App, Timestamp Time, string Name, double? Value, string? Comment)
{
    /// <summary>The sender's own: the same one again takes the place of the first. Null for none.</summary>
    public string? Id { get; init; }

    /// <summary>An ExportLogsServiceRequest. Several of them behind each other are one.</summary>
    public byte[] ToOtlp()
    {
        using var buffer = new PayloadBuffer(budget: null, maxBytes: 1 << 20);
        var to = new ProtobufWriter(buffer);
        var resource = to.Begin(1, 512);
        var about = to.Begin(1, 64);
        if (App is not null) RecordSpan.WriteAttribute(to, 1, "callwatch.app", App);
        to.End(about);
        var scope = to.Begin(2, 512);
        var record = to.Begin(2, 256);
        to.Fixed64(1, (ulong)Time.UnixNanoseconds);
        RecordSpan.WriteAttribute(to, 6, "gen_ai.evaluation.name", Name);
        if (Value is { } value) RecordSpan.WriteAttribute(to, 6, "gen_ai.evaluation.score.value", value);
        if (Comment is not null) RecordSpan.WriteAttribute(to, 6, "gen_ai.evaluation.explanation", Comment);
        RecordSpan.WriteAttribute(to, 6, "callwatch.score_source", "feedback");
        if (Id is not null) RecordSpan.WriteAttribute(to, 6, "callwatch.score_id", Id);
        to.Bytes(9, Trace.ToBytes());
        Span<byte> id = stackalloc byte[8];
        Span.Write(id);
        to.Bytes(10, id);
        to.Bytes(12, Encoding.UTF8.GetBytes("gen_ai.evaluation.result"));
        to.End(record);
        to.End(scope);
        to.End(resource);
        return buffer.Written.ToArray();
    }
}
