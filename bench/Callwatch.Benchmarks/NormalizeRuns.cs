using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using Callwatch.Normalize;
using Callwatch.Normalize.Pricing;
using Callwatch.Receive.Otlp;
using Callwatch.Testing;

namespace Callwatch.Benchmarks;

/// <summary>The same as <see cref="NormalizeBenchmark"/> under BenchmarkDotNet: spread and allocations to the byte, for comparing two versions of the code.</summary>
[MemoryDiagnoser]
public class NormalizeRuns
{
    private readonly SpanNormalizer normalizer = new(new PriceBooks());
    private readonly byte[] plain = NormalizeInputs.Plain();
    private readonly byte[] recorded = NormalizeInputs.RecordedWithoutMessages()[0];
    private readonly byte[] messages = NormalizeInputs.Messages();

    [Benchmark(Description = "512 plain spans")]
    public int Plain() => Normalize(plain);

    [Benchmark(Description = "1 recorded call")]
    public int Recorded() => Normalize(recorded);

    [Benchmark(Description = "100 calls of 10 KB")]
    public int Messages() => Normalize(messages);

    // In this process: nothing to build, so it runs wherever the program does.
    internal static Task<int> RunAsync()
    {
        var job = Job.ShortRun.WithToolchain(InProcessNoEmitToolchain.Instance);
        BenchmarkRunner.Run<NormalizeRuns>(ManualConfig.Create(DefaultConfig.Instance).AddJob(job));
        return Task.FromResult(0);
    }

    private int Normalize(byte[] payload)
    {
        var spans = 0;
        foreach (var span in OtlpSpan.In(payload))
        {
            GC.KeepAlive(normalizer.Normalize(span, new SpanOrigin(1, 7, A.Noon), []));
            spans++;
        }

        return spans;
    }
}
