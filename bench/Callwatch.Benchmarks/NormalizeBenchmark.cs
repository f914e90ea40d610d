using System.Globalization;
using Callwatch.Normalize;
using Callwatch.Normalize.Pricing;
using Callwatch.Receive.Otlp;
using Callwatch.Testing;

namespace Callwatch.Benchmarks;

/// <summary>
/// Decoding and normalising on one core, priced, without logs: spans per second of processor time, bytes read per second, bytes allocated per span.
/// Reach: plain spans 400,000/s, recorded calls without messages 150,000/s, messages of 10 KB 250 MB/s.
/// </summary>
internal static class NormalizeBenchmark
{
    private static readonly SpanOrigin Origin = new(1, 7, A.Noon.Plus(TimeSpan.FromMinutes(1)));

    public static Task<int> RunAsync(Switches switches)
    {
        if (switches.Has("bdn")) return NormalizeRuns.RunAsync();
        var duration = switches.Duration(3);
        var normalizer = new SpanNormalizer(new PriceBooks());
        var fine = Reaches(Run("plain spans", normalizer, [NormalizeInputs.Plain()], duration).SpansPerSecond / 400_000);
        fine &= Reaches(Run("recorded calls without messages", normalizer, NormalizeInputs.RecordedWithoutMessages(), duration).SpansPerSecond / 150_000);
        fine &= Reaches(Run("GenAI messages, 10 KB", normalizer, [NormalizeInputs.Messages()], duration).BytesPerSecond / 250e6);
        fine &= Reaches(Run("OpenInference messages, 10 KB", normalizer, [NormalizeInputs.OpenInferenceMessages()], duration).BytesPerSecond / 250e6);
        fine &= Reaches(Run("Langfuse messages, 10 KB", normalizer, [NormalizeInputs.LangfuseMessages()], duration).BytesPerSecond / 250e6);
        return Task.FromResult(fine ? 0 : 1);
    }

    private static bool Reaches(double ratio)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {ratio:0.00} of what it is to reach"));
        return ratio >= 1;
    }

    private static (double SpansPerSecond, double BytesPerSecond) Run(string what, SpanNormalizer normalizer, IReadOnlyList<byte[]> payloads, TimeSpan duration)
    {
        // Long enough for the run-time to have compiled and recompiled what is hot.
        Pass(normalizer, payloads, duration / 2);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var (spans, bytes, seconds) = Pass(normalizer, payloads, duration);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what,-32} {spans / seconds,10:N0} spans/s {bytes / seconds / 1e6,7:N0} MB/s {bytes / spans,7:N0} B/span {allocated / spans,7:N0} B allocated/span"));
        return (spans / seconds, bytes / seconds);
    }

    private static (long Spans, long Bytes, double Seconds) Pass(SpanNormalizer normalizer, IReadOnlyList<byte[]> payloads, TimeSpan duration)
    {
        long spans = 0, bytes = 0;
        var start = ThreadClock.Now();
        TimeSpan elapsed;
        do
        {
            foreach (var payload in payloads)
            {
                foreach (var span in OtlpSpan.In(payload))
                {
                    GC.KeepAlive(normalizer.Normalize(span, Origin, []));
                    spans++;
                }

                bytes += payload.Length;
            }

            elapsed = ThreadClock.Now() - start;
        }
        while (elapsed < duration);
        return (spans, bytes, elapsed.TotalSeconds);
    }
}
