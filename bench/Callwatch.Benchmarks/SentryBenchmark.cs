using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using Callwatch.Client.Sentry;
using Callwatch.Testing.StandIns;

namespace Callwatch.Benchmarks;

/// <summary>
/// What it costs the thread that reports an exception, with a Sentry that answers and with one that is away, where reports pile up in the queue; and what
/// becomes of it in the background. Sixty-four different exceptions that were thrown six calls deep a time, with twenty breadcrumbs.
/// </summary>
[MemoryDiagnoser]
public class SentryBenchmark
{
    private const int Together = 64;

    private readonly Exception[] thrown = new Exception[Together];
    private SentryStandIn sentry = null!;
    private SentryHub alive = null!;
    private SentryHub dead = null!;

    [GlobalSetup]
    public async Task StartAsync()
    {
        sentry = await SentryStandIn.StartedAsync();
        sentry.FromLibrary = true;
        sentry.Always = _ => new StandInAnswer(200, "{}");
        alive = Hub(sentry.Dsn);
        dead = Hub($"http://{SentryStandIn.Key}@127.0.0.1:1/42");
        Throw();
    }

    [IterationSetup(Targets = [nameof(Alive), nameof(Dead), nameof(AliveToTheEnd)])]
    public void Throw()
    {
        for (var i = 0; i < Together; i++) thrown[i] = Thrown(6);
    }

    [Benchmark(Description = "throw and catch alone, six calls deep", OperationsPerInvoke = Together)]
    public void Alone()
    {
        for (var i = 0; i < Together; i++) GC.KeepAlive(Thrown(6));
    }

    [Benchmark(Description = "capture, Sentry answers", OperationsPerInvoke = Together)]
    public void Alive()
    {
        foreach (var one in thrown) alive.Capture(one);
    }

    [Benchmark(Description = "capture, Sentry is away", OperationsPerInvoke = Together)]
    public void Dead()
    {
        foreach (var one in thrown) dead.Capture(one);
    }

    [Benchmark(Description = "capture to acknowledged, one connection", OperationsPerInvoke = Together)]
    public async Task AliveToTheEnd()
    {
        foreach (var one in thrown) alive.Capture(one);
        await alive.FlushAsync();
    }

    [GlobalCleanup]
    public async Task StopAsync()
    {
        await alive.DisposeAsync();
        await dead.DisposeAsync();
        await sentry.DisposeAsync();
    }

    // In this process: nothing to build, so it runs wherever the program does.
    internal static Task<int> RunAsync(Switches switches)
    {
        var job = new Job().WithToolchain(InProcessNoEmitToolchain.Instance).WithStrategy(RunStrategy.Throughput).WithWarmupCount(3).WithIterationCount(switches.Number("iterations", 20)).WithInvocationCount(1).WithUnrollFactor(1);
        BenchmarkRunner.Run<SentryBenchmark>(ManualConfig.Create(DefaultConfig.Instance).AddJob(job));
        return Task.FromResult(0);
    }

    private static SentryHub Hub(string dsn)
    {
        var (options, where) = SentrySettings.Checked(new SentryOptions { Dsn = dsn, QueueItems = 10_000, ShutdownTimeout = TimeSpan.Zero }, "Bench", [])!.Value;
        var hub = new SentryHub(options, where, TimeProvider.System).Start();
        for (var i = 0; i < 20; i++) hub.Breadcrumb("step {Number}", "Bench");
        return hub;
    }

    private static InvalidOperationException Thrown(int deep)
    {
        try
        {
            Fall(deep);
            throw new InvalidOperationException("never");
        }
        catch (InvalidOperationException e)
        {
            return e;
        }
    }

    private static void Fall(int deep)
    {
        if (deep == 0) throw new InvalidOperationException("The order could not be found");
        Fall(deep - 1);
    }
}
