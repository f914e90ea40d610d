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
    private static readonly TimeSpan BetweenReads = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan BetweenPauses = TimeSpan.FromSeconds(20);

    // The runtime counts arrays of at least so many bytes apart, and looks for those that are garbage only when it looks through everything.
    private const long LeastOfLarge = 85_000;

    // Large garbage that is worth a look, and as a share of what there is: a look costs by what is in use.
    private const long LeastGarbage = 12L << 20;
    private const int ShareOfHeap = 8;

    // Of the process, however many hosts are in it.
    private static long collected;
    private static long paused;
    private static long garbage;

    /// <summary>
    /// Told of arrays that are read one after the other and soon forgotten, such as the journal's records while a backlog is carried on. Left to itself
    /// the runtime would let more than a hundred megabytes of them come together before it looks.
    /// </summary>
    public static void Read(long bytes)
    {
        if (bytes < LeastOfLarge) return;
        var sum = Interlocked.Add(ref garbage, bytes);
        if (sum < LeastGarbage || sum < GC.GetGCMemoryInfo(GCKind.Any).HeapSizeBytes / ShareOfHeap || !IsDue(ref collected, Environment.TickCount64, BetweenReads)) return;
        Interlocked.Exchange(ref garbage, 0);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false, compacting: false);
    }

    /// <summary>Whether so much time has gone by since the last time; to one only of several who ask at once. Then it is now.</summary>
    internal static bool IsDue(ref long last, long now, TimeSpan between)
    {
        var before = Volatile.Read(ref last);
        return now - before >= between.TotalMilliseconds && Interlocked.CompareExchange(ref last, now, before) == before;
    }

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
