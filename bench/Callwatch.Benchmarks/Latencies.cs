using System.Diagnostics;
using System.Globalization;

namespace Callwatch.Benchmarks;

/// <summary>Times of single operations, kept whole: quantiles are exact.</summary>
internal sealed class Latencies
{
    private readonly List<long> ticks = [];

    public int Count => ticks.Count;

    public void Add(long startTimestamp)
    {
        var took = Stopwatch.GetTimestamp() - startTimestamp;
        lock (ticks) ticks.Add(took);
    }

    public double Milliseconds(double quantile)
    {
        lock (ticks)
        {
            if (ticks.Count == 0) return 0;
            ticks.Sort();
            return ticks[Math.Min((int)(quantile * ticks.Count), ticks.Count - 1)] * 1000.0 / Stopwatch.Frequency;
        }
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"p50 {Milliseconds(0.5):0.00} p99 {Milliseconds(0.99):0.00} max {Milliseconds(1):0.00} ms");
}
