namespace Callwatch.Client.Telemetry;

/// <summary>What became of a span; in the counter's tag by this name in small letters.</summary>
internal enum Fate
{
    Exported,
    NotSampled,
    BufferFull,
    BufferAge,
    QueueFull,
    Refused,
    Stopped,
}

/// <summary>Counts what becomes of spans and metrics; thread-safe.</summary>
internal sealed class TelemetryTally
{
    private readonly long[] fates = new long[Enum.GetValues<Fate>().Length];
    private long retries;
    private long metricFailures;

    public void Add(Fate fate, long count = 1)
    {
        if (count == 0) return;
        Interlocked.Add(ref fates[(int)fate], count);
        if (fate is not (Fate.Exported or Fate.NotSampled) && TelemetryEvents.Log.IsEnabled()) TelemetryEvents.Log.Dropped(fate.ToString(), count);
    }

    public void Retried() => Interlocked.Increment(ref retries);

    public void MetricsFailed() => Interlocked.Increment(ref metricFailures);

    public long Of(Fate fate) => Interlocked.Read(ref fates[(int)fate]);

    public TelemetryCounts Counts() => new(
        Of(Fate.Exported), Of(Fate.NotSampled), Of(Fate.BufferFull), Of(Fate.BufferAge), Of(Fate.QueueFull), Of(Fate.Refused), Of(Fate.Stopped),
        Interlocked.Read(ref retries), Interlocked.Read(ref metricFailures));
}
