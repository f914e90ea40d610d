using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;

namespace Callwatch.Benchmarks.Client;

/// <summary>
/// What the client library costs an application, endpoint alive and dead. Reach: a call at most 1.5 times a plain activity with the same tags; capture
/// well under a millisecond to the first token; no wait on any caller.
/// </summary>
internal static class ClientBenchmark
{
    private const double MostOfPlain = 1.5;

    public static Task<int> RunAsync(Switches switches)
    {
        if (switches.Has("calls")) return Task.FromResult(Calls(switches.Has("short")) ? 0 : 1);
        var fine = Calls(switches.Has("short")) & Capture(switches.Has("short"));
        Records();
        return Task.FromResult(fine ? 0 : 1);
    }

    private static bool Calls(bool brief)
    {
        var runs = Run<CallRuns>(Basis(brief));
        var fine = true;
        foreach (var alive in (bool[])[true, false])
        {
            foreach (var (what, plain, call, counts) in new[]
            {
                ("a call without messages", "plain activity", "call", true), ("a call with messages", "plain activity, messages serialised", "call, messages", true),
                ("the same against messages ready", "plain activity, messages ready", "call, messages", false),
            })
            {
                var (was, now) = (Of(runs, plain, alive), Of(runs, call, alive));
                fine &= !counts || now.Nanoseconds <= MostOfPlain * was.Nanoseconds;
                Say($"{what}, endpoint {Word(alive)}", $"{now.Nanoseconds:N0} ns, {now.Bytes:N0} B against {was.Nanoseconds:N0} ns, {was.Bytes:N0} B: {now.Nanoseconds / was.Nanoseconds:0.00} times, {(double)now.Bytes / was.Bytes:0.00} times the bytes");
            }
        }

        return fine;
    }

    private static bool Capture(bool brief)
    {
        var runs = Run<CaptureRuns>(Basis(brief));
        var fine = true;
        foreach (var alive in (bool[])[true, false])
        {
            var first = Of(runs, "to the first token, captured", alive).Nanoseconds - Of(runs, "to the first token", alive).Nanoseconds;
            var (all, captured) = (Of(runs, "200 chunks", alive), Of(runs, "200 chunks, captured", alive));
            fine &= first < 1e6;
            var (nanoseconds, bytes) = ((captured.Nanoseconds - all.Nanoseconds) / CaptureRuns.Chunks, (captured.Bytes - all.Bytes) / CaptureRuns.Chunks);
            Say($"capture, endpoint {Word(alive)}", $"{first / 1e3:N1} µs to the first token (and the end of a stream that is left there), {nanoseconds:N0} ns and {bytes:N0} B a chunk");
        }

        return fine;
    }

    private static void Records()
    {
        var runs = Run<RecordRuns>(Job.ShortRun.WithInvocationCount(20_000).WithUnrollFactor(1).WithIterationCount(10));
        foreach (var alive in (bool[])[true, false])
        {
            var record = Of(runs, "Record of a message", alive);
            Say($"Record of a message, endpoint {Word(alive)}", $"{record.Nanoseconds:N0} ns, {record.Bytes:N0} B, sending included in the bytes");
        }
    }

    private static Job Basis(bool brief) => brief ? Job.Dry.WithIterationCount(3).WithInvocationCount(20_000).WithUnrollFactor(1) : Job.ShortRun.WithIterationCount(10);

    // In this process: nothing to build, so it runs wherever the program does.
    private static Summary Run<T>(Job job) => BenchmarkRunner.Run<T>(ManualConfig.CreateEmpty()
        .AddJob(job.WithToolchain(InProcessNoEmitToolchain.Instance)).AddDiagnoser(MemoryDiagnoser.Default).AddLogger(NullLogger.Instance)
        .AddColumnProvider(BenchmarkDotNet.Columns.DefaultColumnProviders.Instance).WithOptions(ConfigOptions.DisableOptimizationsValidator));

    private static (double Nanoseconds, long Bytes) Of(Summary summary, string what, bool alive)
    {
        var report = summary.Reports.First(report => report.BenchmarkCase.Descriptor.WorkloadMethodDisplayInfo.Trim('\'') == what && (bool)report.BenchmarkCase.Parameters["EndpointAlive"] == alive);
        return (report.ResultStatistics?.Median ?? double.NaN, report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase) ?? 0);
    }

    private static string Word(bool alive) => alive ? "alive" : "dead";

    private static void Say(string what, FormattableString figures) => Console.WriteLine($"{what,-46} {figures.ToString(CultureInfo.InvariantCulture)}");
}
