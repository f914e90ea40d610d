namespace Callwatch.Store.Rollups;

/// <summary>
/// The figures of a row of <c>cuts</c> in one blob of zigzag varints: format 2, the sums in the order of <see cref="CallFigures"/>, the two
/// maxima, and the two histograms, each after its length. Format 1 is without users' judgements.
/// </summary>
internal static class PackedFigures
{
    private const byte Format = 2;

    public static byte[] Write(FigureCell cell)
    {
        var most = ((CallFigures.Count + 5) * Varints.Longest) + cell.Latency.MostBytes + cell.Ttft.MostBytes;
        var room = new byte[most];
        var length = Varints.Write(room, Format);
        foreach (var sum in cell.Sums) length += Varints.Write(room.AsSpan(length), sum);
        length += Varints.Write(room.AsSpan(length), cell.LatencyMax);
        length += Varints.Write(room.AsSpan(length), cell.TtftMax);
        foreach (var histogram in (HistogramSum[])[cell.Latency, cell.Ttft])
        {
            var blob = new byte[histogram.MostBytes];
            var size = histogram.Write(blob);
            length += Varints.Write(room.AsSpan(length), size);
            blob.AsSpan(0, size).CopyTo(room.AsSpan(length));
            length += size;
        }

        return room[..length];
    }

    /// <summary>How many calls, and nothing else of it.</summary>
    public static long Calls(ReadOnlySpan<byte> blob)
    {
        var read = new Varints(blob);
        _ = read.Next();
        return read.Next();
    }

    /// <param name="sums">As many as <see cref="CallFigures.Count"/>.</param>
    public static void Read(ReadOnlySpan<byte> blob, Span<long> sums, out long latencyMax, out long ttftMax, out ReadOnlySpan<byte> latency, out ReadOnlySpan<byte> ttft)
    {
        var read = new Varints(blob);
        var count = read.Next() < Format ? CallFigures.CountBefore : CallFigures.Count;
        for (var i = 0; i < CallFigures.Count; i++) sums[i] = i < count ? read.Next() : 0;
        (latencyMax, ttftMax) = (read.Next(), read.Next());
        latency = read.Bytes(read.Next());
        ttft = read.Bytes(read.Next());
    }
}

/// <summary>Figures that are being added up from rows, rollups or other cells.</summary>
internal sealed class FigureCell
{
    public long[] Sums { get; } = new long[CallFigures.Count];

    public long LatencyMax { get; private set; }

    public long TtftMax { get; private set; }

    public HistogramSum Latency { get; } = new();

    public HistogramSum Ttft { get; } = new();

    public void Add(ReadOnlySpan<long> sums, long latencyMax, long ttftMax, ReadOnlySpan<byte> latency, ReadOnlySpan<byte> ttft)
    {
        for (var i = 0; i < Sums.Length; i++) Sums[i] += sums[i];
        LatencyMax = Math.Max(LatencyMax, latencyMax);
        TtftMax = Math.Max(TtftMax, ttftMax);
        Latency.Merge(latency);
        Ttft.Merge(ttft);
    }

    public void Add(ReadOnlySpan<byte> packed)
    {
        Span<long> sums = stackalloc long[CallFigures.Count];
        PackedFigures.Read(packed, sums, out var latencyMax, out var ttftMax, out var latency, out var ttft);
        Add(sums, latencyMax, ttftMax, latency, ttft);
    }

    /// <summary>One call.</summary>
    public void Add(ReadOnlySpan<long> figures, long? latency, long? ttft)
    {
        for (var i = 0; i < Sums.Length; i++) Sums[i] += figures[i];
        if (latency is { } took)
        {
            LatencyMax = Math.Max(LatencyMax, took);
            Latency.Add(took);
        }

        if (ttft is not { } first) return;
        TtftMax = Math.Max(TtftMax, first);
        Ttft.Add(first);
    }
}
