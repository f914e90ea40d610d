using System.Collections.Concurrent;
using System.Diagnostics;
using Callwatch.Client.Telemetry;
using Callwatch.Client.Telemetry.Export;
using Callwatch.Client.Telemetry.Sampling;
using Microsoft.Extensions.Logging.Abstractions;
using OpenTelemetry;
using OpenTelemetry.Trace;
using Xunit;

namespace Callwatch.Client.Tests.Telemetry;

[Collection(OneAtATime.Name)]
public sealed class SamplingTests
{
    private const int Many = 20_000;

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    public void Of_plain_traces_the_share_is_kept_that_was_asked_for(double rate)
    {
        using var world = new World(options => options.SamplingRate = rate);
        for (var i = 0; i < Many; i++) world.Trace();
        world.Flush();
        // Five standard deviations.
        Assert.InRange(world.Kept.Count / (2.0 * Many), rate - (5 * Math.Sqrt(rate * (1 - rate) / Many)), rate + (5 * Math.Sqrt(rate * (1 - rate) / Many)));
        Assert.Equal(2 * Many, world.Kept.Count + world.Counts.NotSampled);
        Assert.All(world.Kept.GroupBy(span => span.TraceId), trace => Assert.Equal(2, trace.Count()));
    }

    [Fact]
    public void Every_trace_with_a_model_call_is_kept_whole()
    {
        using var world = new World(options => options.SamplingRate = 0.1);
        for (var i = 0; i < 500; i++)
        {
            using var root = world.Source.StartActivity("request");
            using (world.Source.StartActivity("before")) Assert.NotNull(Activity.Current);
            using (var call = world.Source.StartActivity("chat m")) call!.SetTag("gen_ai.operation.name", "chat");
            using (world.Source.StartActivity("after")) Assert.True(Activity.Current!.Recorded);
        }

        world.Flush();
        Assert.Equal(500 * 4, world.Kept.Count);
        Assert.All(world.Kept, span => Assert.True(span.Recorded));
    }

    [Fact]
    public void Every_trace_with_a_failed_span_is_kept_whole()
    {
        using var world = new World(options => options.SamplingRate = 0);
        for (var i = 0; i < 500; i++) world.Trace(child => child.SetStatus(ActivityStatusCode.Error, "boom"));
        for (var i = 0; i < 500; i++) world.Trace(inRoot: root => root.SetStatus(ActivityStatusCode.Error, "boom"));
        world.Flush();
        Assert.Equal(2_000, world.Kept.Count);
    }

    [Fact]
    public void Shares_of_calls_and_errors_can_be_lowered()
    {
        using var world = new World(options => (options.SamplingRate, options.ModelCallSamplingRate, options.ErrorSamplingRate) = (0, 0.5, 0));
        for (var i = 0; i < 4_000; i++) world.Trace(child => child.SetTag("gen_ai.operation.name", "chat"));
        for (var i = 0; i < 1_000; i++) world.Trace(child => child.SetStatus(ActivityStatusCode.Error));
        world.Flush();
        Assert.InRange(world.Kept.Count / 8_000.0, 0.46, 0.54);
    }

    [Theory]
    [InlineData(true, 2)]
    [InlineData(false, 0)]
    public void What_the_caller_decided_holds_here_too(bool sampled, int spans)
    {
        using var world = new World(options => options.SamplingRate = 0.5);
        for (var i = 0; i < 50; i++) world.Trace(from: new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), sampled ? ActivityTraceFlags.Recorded : ActivityTraceFlags.None, isRemote: true));
        world.Flush();
        Assert.Equal(50 * spans, world.Kept.Count);
    }

    [Fact]
    public void A_call_is_kept_even_where_the_caller_did_not_sample_and_its_own_requests_say_so()
    {
        using var world = new World(options => options.SamplingRate = 0);
        var from = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.None, isRemote: true);
        using (var root = world.Source.StartActivity("request", ActivityKind.Server, from))
        {
            using var call = CallwatchSource.Activities.StartActivity("chat m", ActivityKind.Client);
            // An outgoing request takes its decision from here.
            Assert.True(Activity.Current!.Recorded && root!.Recorded);
        }

        world.Flush();
        Assert.Equal(2, world.Kept.Count(span => span.TraceId == from.TraceId));
    }

    [Fact]
    public void A_call_that_ends_after_its_request_is_kept_all_the_same()
    {
        using var world = new World(options => options.SamplingRate = 0);
        var root = world.Source.StartActivity("request")!;
        var late = world.Source.StartActivity("chat m")!;
        root.Stop();
        late.SetTag("gen_ai.operation.name", "chat");
        late.Stop();
        world.Flush();
        Assert.Same(late, Assert.Single(world.Kept));
    }

    [Fact]
    public void Without_shares_for_calls_and_errors_nothing_is_recorded_for_nothing()
    {
        using var world = new World(options => (options.SamplingRate, options.ModelCallSamplingRate, options.ErrorSamplingRate) = (0, 0, 0));
        using var root = world.Source.StartActivity("request");
        Assert.False(root!.IsAllDataRequested);
    }

    [Fact]
    public void What_waits_is_bounded_in_spans_and_the_oldest_go_first()
    {
        using var world = new World(options => (options.SamplingRate, options.SamplingBufferSpans) = (0, 100));
        var roots = Enumerable.Range(0, 3).Select(_ => world.Detached("request")).ToList();
        foreach (var root in roots)
            for (var i = 0; i < 60; i++) world.Below(root).Stop();
        Assert.Equal(120, world.Counts.BufferFull);
        foreach (var root in roots)
        {
            root.SetStatus(ActivityStatusCode.Error);
            root.Stop();
        }

        world.Flush();
        // The last one whole, of the others what came after.
        Assert.Equal(60 + 3, world.Kept.Count);
    }

    [Fact]
    public void What_waits_is_bounded_in_bytes()
    {
        using var world = new World(options => (options.SamplingRate, options.SamplingBufferBytes) = (0, 1 << 20));
        var root = world.Detached("request");
        for (var i = 0; i < 100; i++) world.Below(root).SetTag("text", new string('x', 50_000)).Stop();
        Assert.InRange(world.Counts.BufferFull, 90, 100);
        root.Stop();
    }

    [Fact]
    public void What_waits_is_bounded_in_time()
    {
        var time = new Callwatch.Testing.ManualTime(new DateTimeOffset(2026, 9, 17, 12, 0, 0, TimeSpan.Zero));
        using var world = new World(options => (options.SamplingRate, options.SamplingBufferAge) = (0, TimeSpan.FromMinutes(1)), time);
        var root = world.Detached("job");
        world.Below(root).Stop();
        time.Advance(TimeSpan.FromSeconds(61));
        world.Below(world.Detached("another")).Stop();
        Assert.Equal(1, world.Counts.BufferAge);
        root.SetStatus(ActivityStatusCode.Error);
        root.Stop();
        world.Flush();
        Assert.Same(root, Assert.Single(world.Kept));
    }

    [Fact]
    public void Shares_hold_each_other_and_go_by_the_end_of_the_id()
    {
        var ids = Enumerable.Range(0, 5_000).Select(_ => ActivityTraceId.CreateRandom()).ToList();
        Assert.All(ids.Where(id => Share.Holds(0.2, id)), id => Assert.True(Share.Holds(0.4, id)));
        Assert.InRange(ids.Count(id => Share.Holds(0.2, id)), 800, 1_200);
        // A UUIDv7 begins with a time: its ids would all fall on one side.
        Assert.NotEqual(Share.Holds(0.01, ActivityTraceId.CreateFromString("0198c0de000070000000000000000001")), Share.Holds(0.01, ActivityTraceId.CreateFromString("0198c0de00007000ffffffffffffffff")));
    }

    [Fact]
    public async Task Many_threads_at_once_lose_no_span_and_count_each_once()
    {
        using var world = new World(options => (options.SamplingRate, options.MaxQueueSize) = (0.3, 1_000_000));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 2_000; i++) world.Trace(i % 7 == 0 ? child => child.SetTag("gen_ai.operation.name", "chat") : null);
        })));
        world.Flush();
        Assert.Equal(32_000, world.Kept.Count + world.Counts.NotSampled);
        Assert.Equal(world.Kept.Count, world.Counts.Exported);
    }

    /// <summary>A provider with our sampler and queue, and a source nobody else listens to.</summary>
    private sealed class World : IDisposable
    {
        private readonly TelemetryTally tally = new();
        private readonly TracerProvider provider;
        private readonly Activity? outside = Activity.Current;

        public World(Action<OpenTelemetryOptions> set, TimeProvider? time = null)
        {
            Activity.Current = null;
            var options = new OpenTelemetryOptions { MaxQueueSize = 100_000, BatchDelay = TimeSpan.FromMilliseconds(50) };
            set(options);
            Source = new ActivitySource("test-" + Guid.NewGuid());
            var exporter = new Keeping();
            Kept = exporter.Spans;
            var queue = new SpanQueue(exporter, null, options, time ?? TimeProvider.System, tally, NullLogger.Instance);
            provider = Sdk.CreateTracerProviderBuilder().AddSource(Source.Name, CallwatchSource.Name)
                .SetSampler(new HeadSampler(options.SamplingRate, options.ModelCallSamplingRate > 0 || options.ErrorSamplingRate > 0))
                .AddProcessor(queue.Beginnings).AddProcessor(queue).Build();
        }

        public ActivitySource Source { get; }

        public ConcurrentBag<Activity> Kept { get; }

        public TelemetryCounts Counts => tally.Counts();

        public void Trace(Action<Activity>? inChild = null, Action<Activity>? inRoot = null, ActivityContext from = default)
        {
            using var root = Source.StartActivity("request", ActivityKind.Server, from);
            using (var child = Source.StartActivity("step")) inChild?.Invoke(child!);
            inRoot?.Invoke(root!);
        }

        /// <summary>A local root that is not current.</summary>
        public Activity Detached(string name)
        {
            Activity.Current = null;
            var root = Source.StartActivity(name)!;
            Activity.Current = null;
            return root;
        }

        public Activity Below(Activity parent)
        {
            Activity.Current = parent;
            return Source.StartActivity("step")!;
        }

        public void Flush() => Assert.True(provider.ForceFlush((int)Callwatch.Testing.Patience.Long.TotalMilliseconds));

        public void Dispose()
        {
            provider.Dispose();
            Source.Dispose();
            Activity.Current = outside;
        }
    }

    private sealed class Keeping : BaseExporter<Activity>
    {
        public ConcurrentBag<Activity> Spans { get; } = [];

        public override ExportResult Export(in Batch<Activity> batch)
        {
            foreach (var span in batch) Spans.Add(span);
            return ExportResult.Success;
        }
    }
}
