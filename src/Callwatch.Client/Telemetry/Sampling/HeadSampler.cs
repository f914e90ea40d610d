using System.Diagnostics;
using OpenTelemetry.Trace;

namespace Callwatch.Client.Telemetry.Sampling;

/// <summary>
/// Decides as far as that can be done when a span begins: as its parent, here or in another process, and for a new trace by its share. What is not
/// taken is recorded all the same where a model call or an error may still turn the decision (<see cref="TailBuffer"/>).
/// </summary>
internal sealed class HeadSampler(double rate, bool maySettleLater) : Sampler
{
    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
    {
        var parent = samplingParameters.ParentContext;
        var takes = parent.TraceId == default ? Share.Holds(rate, samplingParameters.TraceId) : parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded);
        return new SamplingResult(takes ? SamplingDecision.RecordAndSample : maySettleLater ? SamplingDecision.RecordOnly : SamplingDecision.Drop);
    }
}
