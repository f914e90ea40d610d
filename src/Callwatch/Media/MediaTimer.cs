using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Callwatch.Media;

/// <summary>Sweeps at the start, at its interval, and within a minute when the disk is short of room.</summary>
internal sealed partial class MediaTimer(MediaSweep sweep, MediaOptions options, TimeProvider time, ILogger log) : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Off the start's own thread: with very many media the first look takes a while.
        await Task.Yield();
        using var timer = new PeriodicTimer(options.SweepInterval < LookEvery ? options.SweepInterval : LookEvery, time);
        try
        {
            long? last = null;
            do
            {
                if (last is { } before && time.GetElapsedTime(before) < options.SweepInterval && !Look(() => sweep.IsUrgent)) continue;
                last = time.GetTimestamp();
                Look(() =>
                {
                    sweep.Run();
                    return true;
                });
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }

    // A disk in trouble, or control data that cannot be asked just now, does not stop the host; the next look tries again.
    private bool Look(Func<bool> look)
    {
        try
        {
            return look();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SqliteException)
        {
            SweepFailed(log, e);
            return false;
        }
    }

    [LoggerMessage(EventId = 121, Level = LogLevel.Error, Message = "The retention of media could not do its work")]
    private static partial void SweepFailed(ILogger log, Exception reason);
}
