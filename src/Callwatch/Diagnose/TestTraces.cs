using System.IO.Pipelines;
using Callwatch.Journal;
using Callwatch.Receive;
using Callwatch.Spans;

namespace Callwatch.Diagnose;

/// <summary>How sending a test trace ended.</summary>
/// <param name="Trouble">Why it was not taken; null when it is on disk.</param>
public sealed record TestTraceSent(TraceId TraceId, string? Trouble);

/// <summary>Sends marked test traces through the intake that everybody's go through.</summary>
public sealed class TestTraces(Intake intake, TimeProvider time)
{
    public async Task<TestTraceSent> SendAsync(int tenantId, CancellationToken cancel)
    {
        var trace = TestTrace.Make(TestTrace.App, time);
        var body = PipeReader.Create(new MemoryStream(trace.Body));
        var request = new IntakeRequest { Signal = Signal.Traces, Format = OtlpFormat.Json, Sender = new Sender(tenantId, null, MayNameApp: true, KeyId: 0), Body = body, Length = trace.Body.Length };
        return await intake.TakeAsync(request, cancel) switch
        {
            IntakeResult.Accepted { Rejected: 0 } => new TestTraceSent(trace.TraceId, null),
            IntakeResult.Accepted accepted => new TestTraceSent(trace.TraceId, accepted.Message),
            IntakeResult.Refused refused => new TestTraceSent(trace.TraceId, refused.Message),
            _ => new TestTraceSent(trace.TraceId, "It could not be read to its end."),
        };
    }
}
