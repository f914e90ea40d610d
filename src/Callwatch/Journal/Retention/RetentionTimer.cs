using System.Threading.Channels;
using Microsoft.Extensions.Hosting;

namespace Callwatch.Journal.Retention;

/// <summary>Runs the sweep at its interval and whenever the journal asks for it.</summary>
internal sealed class RetentionTimer(SegmentJournal journal, RetentionSweep sweep, JournalOptions options, TimeProvider time) : BackgroundService
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
            await foreach (var _ in wanted.Reader.ReadAllAsync(stoppingToken)) sweep.Run();
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
}
