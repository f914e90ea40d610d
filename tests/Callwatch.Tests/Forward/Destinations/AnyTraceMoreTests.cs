using Callwatch.Forward.Destinations.Langfuse;
using Callwatch.Forward.Destinations.Opik;
using Callwatch.Testing;
using Callwatch.Testing.Scenarios;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations;

/// <summary>Whatever applications send arrives at Langfuse, on both its ways, and at Opik.</summary>
public sealed class AnyTraceMoreTests
{
    [Theory]
    [InlineData("otlp")]
    [InlineData("legacy")]
    public async Task What_real_clients_were_recorded_to_send_and_odd_spans_arrive_at_Langfuse(string ingestion)
    {
        await using var langfuse = await LangfuseStandIn.StartedAsync();
        await using var rig = new ForwardRig(new LangfuseKind(), langfuse.Config(("ingestion", ingestion)));
        await DeliverAsync(rig, [.. AnyTraceTests.Recorded(), AnyTraceTests.Odd()]);
        Assert.True(langfuse.Spans.Count + langfuse.Entities.Count > 40, $"{langfuse.Spans.Count} spans, {langfuse.Entities.Count} entities");
    }

    [Fact]
    public async Task What_real_clients_were_recorded_to_send_and_odd_spans_arrive_at_Opik()
    {
        var time = new ManualTime(Scenario.Received.Plus(TimeSpan.FromDays(90)).ToDateTimeOffset());
        await using var opik = await OpikStandIn.StartedAsync(time);
        await using var rig = new ForwardRig(new OpikKind(), opik.Config(), time);
        rig.Options.MaxAge = TimeSpan.FromDays(3_000);
        await DeliverAsync(rig, [.. AnyTraceTests.Recorded(), AnyTraceTests.Odd()]);
        Assert.True(opik.Spans.Count > 40, $"{opik.Spans.Count} spans");
        Assert.DoesNotContain(opik.Problems, problem => problem.Contains("nobody sees it", StringComparison.Ordinal) || problem.Contains("its parent is not there", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_trace_with_a_span_every_half_minute_for_two_hours_is_one_trace_at_Opik_over_a_crash()
    {
        var time = new ManualTime(Scenario.Received.Plus(TimeSpan.FromMinutes(10)).ToDateTimeOffset());
        await using var opik = await OpikStandIn.StartedAsync(time);
        await using var rig = new ForwardRig(new OpikKind(), opik.Config(), time);
        await DeliverAsync(rig, [AnyTraceTests.TwoHours(until: 12)]);
        rig.CrashBack(5);
        time.Advance(TimeSpan.FromHours(1));
        await DeliverAsync(rig, [AnyTraceTests.TwoHours(from: 12)]);
        Assert.Equal(("research", 240), ((string?)Assert.Single(opik.Traces.Values)["name"], opik.Spans.Count));
        Assert.Empty(opik.Problems);
    }

    private static async Task DeliverAsync(ForwardRig rig, IEnumerable<Scenario> scenarios)
    {
        await rig.AddAsync(scenarios);
        await rig.DeliverAsync();
        Assert.True(rig.DeadLetters.Count == 0, string.Join("; ", rig.DeadLetters.Take(5).Select(letter => letter.Message)));
    }
}
