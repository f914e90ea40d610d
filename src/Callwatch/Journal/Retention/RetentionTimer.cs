using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Callwatch.Journal.Retention;

/// <summary>Runs the sweep at its interval and whenever the journal asks for it.</summary>
internal sealed partial class RetentionTimer(SegmentJournal journal, RetentionSweep sweep, JournalOptions options, TimeProvider time, ILogger log, RetentionClock? clock = null) : BackgroundService
{
    // Room for one: to be asked twice before looking is to be asked once.
    private readonly Channel<bool> wanted = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        void Want() => wanted.Writer.TryWrite(true);
        journal.SweepWanted = Want;
        try
        {
            await using var timer = time.CreateTimer(_ => Want(), null, TimeSpan.Zero, options.SweepInterval);
            await foreach (var _ in wanted.Reader.ReadAllAsync(stoppingToken)) Sweep();
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
        finally
        {
            journal.SweepWanted = null;
        }
    }

    private void Sweep()
    {
        try
        {
            sweep.Run();
            clock?.Save();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SqliteException)
        {
            // A disk in trouble, or control data that cannot be asked for its rules just now, stops neither reading nor the host; the next sweep tries again.
            SweepFailed(log, e);
        }
    }

    [LoggerMessage(EventId = 243, Level = LogLevel.Error, Message = "The journal's retention could not do its work")]
    private static partial void SweepFailed(ILogger log, Exception reason);
}
