using Callwatch.Journal;
using Callwatch.Spans;
using Callwatch.Store;
using Microsoft.Extensions.Hosting;

namespace Callwatch.Dashboard.SystemState;

/// <summary>How far things were at one moment.</summary>
/// <param name="Requests">Ever received.</param>
/// <param name="Spans">Stored since the start.</param>
/// <param name="LagSeconds">How long the store is behind what is received.</param>
public readonly record struct SystemSample(Timestamp At, long Requests, long Spans, double LagSeconds, long MemoryBytes);

/// <summary>The last hour in samples, for the charts of the page System: kept in memory, so they begin with the process.</summary>
public sealed class SystemSamples(IJournal journal, StoreProgress store, TimeProvider time) : BackgroundService
{
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(15);

    private const int Most = 241;

    private readonly Lock gate = new();
    private readonly Queue<SystemSample> samples = new(Most);

    /// <summary>The oldest first.</summary>
    public IReadOnlyList<SystemSample> Read()
    {
        lock (gate) return [.. samples];
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            do Take();
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private void Take()
    {
        SystemSample sample;
        try
        {
            var (receiving, storing) = (journal.Status(), store.Status());
            sample = new SystemSample(Timestamp.From(time.GetUtcNow()), receiving.HeadNumber, storing.Spans, storing.LagSeconds, Environment.WorkingSet);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A gap in a chart; the page itself says what is wrong with the disk.
            return;
        }

        lock (gate)
        {
            if (samples.Count == Most) samples.Dequeue();
            samples.Enqueue(sample);
        }
    }
}
