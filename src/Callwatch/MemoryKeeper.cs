using System.Runtime;
using Microsoft.Extensions.Hosting;

namespace Callwatch;

/// <summary>
/// Keeps what the process holds of the machine's memory within bounds. Left to itself the runtime lets garbage grow with what a large machine
/// has free: under heavy traffic that is some hundred megabytes more than is in use, and a machine is seldom ours alone.
/// </summary>
internal sealed class MemoryKeeper(TimeProvider time) : BackgroundService
{
    /// <summary>Above this the garbage is looked for beside the work, without a pause.</summary>
    public const long Much = 700L << 20;

    /// <summary>Above this it is looked for at once, which holds everything up for some tenths of a second.</summary>
    public const long TooMuch = 1_000L << 20;

    private static readonly TimeSpan Rhythm = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan BetweenCollections = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan BetweenPauses = TimeSpan.FromSeconds(20);

    // Of the process, however many hosts are in it.
    private static long collected;
    private static long paused;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Rhythm, time);
        while (await timer.WaitForNextTickAsync(stoppingToken)) Look(Resident());
    }

    private static void Look(long resident)
    {
        var now = Environment.TickCount64;
        if (resident > TooMuch && now - paused >= BetweenPauses.TotalMilliseconds)
        {
            paused = collected = now;
            GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
        else if (resident > Much && now - collected >= BetweenCollections.TotalMilliseconds)
        {
            collected = now;
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false, compacting: false);
        }
    }

    private static long Resident() => Environment.WorkingSet;
}
