using System.Diagnostics;

namespace Callwatch.Journal.Sealing;

/// <summary>
/// Works for its share of the time and sleeps for the rest; less while senders wait for the disk, twice as much while far too much waits for being sealed.
/// </summary>
internal sealed class Pace(double share, Func<int> waiting, Func<bool> isFarBehind, CancellationToken stop) : IPace
{
    /// <summary>Work between two looks at the clock; a sleep shorter than some milliseconds would not be one.</summary>
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(5);

    private static readonly TimeSpan LongestSleep = TimeSpan.FromSeconds(5);

    // What is longer than any step of the work was idling.
    private static readonly TimeSpan LongestWork = TimeSpan.FromSeconds(1);

    // Some always wait for the group being synced; more than that means the disk is asked for.
    private const int ManyWaiting = 16;

    private long workedSince = Stopwatch.GetTimestamp();

    public void Rest()
    {
        stop.ThrowIfCancellationRequested();
        var worked = Stopwatch.GetElapsedTime(workedSince);
        if (worked < Slice) return;
        var now = isFarBehind() ? Math.Min(1, share * 2) : waiting() > ManyWaiting ? share / 5 : share;
        if (now < 1) Sleep((worked < LongestWork ? worked : LongestWork) * ((1 / now) - 1));
        workedSince = Stopwatch.GetTimestamp();
    }

    public void Wait()
    {
        Sleep(TimeSpan.FromMilliseconds(200));
        workedSince = Stopwatch.GetTimestamp();
    }

    private void Sleep(TimeSpan time)
    {
        if (stop.WaitHandle.WaitOne(time < LongestSleep ? time : LongestSleep)) stop.ThrowIfCancellationRequested();
    }
}
