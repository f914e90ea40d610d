namespace Callwatch.Store.Rollups;

/// <summary>One row of rollups while it is being added to.</summary>
internal sealed class RollupCell
{
    public long[] Sums { get; } = new long[CallFigures.Count];

    public Histogram Latency { get; init; } = new();

    public Histogram Ttft { get; init; } = new();

    public TopValues LatencyTop;

    public TopValues TtftTop;

    public bool Changed { get; set; }

    public bool IsEmpty => Sums[CallFigures.Calls] == 0;

    public void Add(ReadOnlySpan<long> figures, long? latency, long? ttft)
    {
        for (var i = 0; i < figures.Length; i++) Sums[i] += figures[i];
        if (latency is { } took)
        {
            Latency.Add(took);
            LatencyTop.Add(took);
        }

        if (ttft is { } first)
        {
            Ttft.Add(first);
            TtftTop.Add(first);
        }
    }

    public void Subtract(ReadOnlySpan<long> figures, long? latency, long? ttft)
    {
        for (var i = 0; i < figures.Length; i++) Sums[i] -= figures[i];
        if (latency is { } took)
        {
            Latency.Subtract(took);
            LatencyTop.Remove(took);
        }

        if (ttft is { } first)
        {
            Ttft.Subtract(first);
            TtftTop.Remove(first);
        }
    }
}
