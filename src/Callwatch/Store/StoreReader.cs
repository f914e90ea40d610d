using Callwatch.Journal;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Reading;
using Callwatch.Store.Writing;
using Callwatch.Telemetry;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Callwatch.Store;

/// <summary>Fourth stage: reads the journal from where the store ends and stores what comes, in batches, each span exactly once.</summary>
internal sealed partial class StoreReader(
    IJournal journal, StoreFolder folder, StoreWriter writer, WriterThread thread, BatchBuilder builder, StoreProgress progress, StoredCalls stored, ReaderChoices choices,
    DamagedPartitions damage, IOptions<StoreOptions> options, Counters counters, TimeProvider time, ILogger<StoreReader> log)
    : BackgroundService, IJournalReader
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private readonly StoreOptions settings = options.Value;
    private readonly List<JournalRecord> gathered = [];
    private readonly WriterThread normalizing = new("normalizer");

    public string Name => "store";

    /// <summary>Up to where a power cut cannot take the store back.</summary>
    public Position? Place => progress.Synced ?? new Position(journal.Epoch, 0);

    public long HighestNumber => folder.Catalog.HighestNumber;

    public override void Dispose()
    {
        normalizing.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            damage.Report();
            await thread.RunAsync(folder.LoadFilters);
            var beginning = await choices.BeginAsync(Name, folder.Catalog.Position, Waits, stoppingToken);
            if (beginning.Chosen) await MoveToAsync(beginning.After);
            progress.Is(StoreState.Running);
            await FollowAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The batch under way has been stored; the rest is in the journal.
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            // Receiving must go on: what comes is in the journal and is stored once the cause is mended.
            progress.Is(StoreState.Stopped, e.Message);
            Stopped(e.Message);
        }
        finally
        {
            await thread.RunAsync(Close);
        }
    }

    private void Close()
    {
        var synced = new Checkpoints(folder.Folder).Run(writer.Unsynced);
        writer.Dispose();
        if (synced) folder.Catalog.CommitSynced(folder.Catalog.Position?.Number ?? 0);
        progress.IsSynced(folder.Catalog.Synced);
    }

    // It never skips on its own: to lose sight of records takes a person's word.
    private void Waits(string why)
    {
        progress.Is(StoreState.Stopped, why);
        Stopped(why);
    }

    private async Task MoveToAsync(Position place)
    {
        await thread.RunAsync(() => folder.Catalog.MoveTo(place));
        progress.MovedTo(place);
    }

    private async Task FollowAsync(CancellationToken cancel)
    {
        await using var records = new Gatherer(journal.ReadAsync(folder.Catalog.Position?.Number ?? 0, cancel).GetAsyncEnumerator(cancel), settings, time);
        var storing = Task.CompletedTask;
        try
        {
            while (await records.GatherAsync(gathered, cancel))
            {
                // Normalised here while the batch before is written there.
                var batch = await BuildAsync(cancel);
                var (oldest, newest) = (gathered[0].ReceivedAt, gathered[^1].ReceivedAt);
                await storing;
                storing = StoreAsync(batch, oldest, newest, cancel);
            }
        }
        finally
        {
            await storing;
        }
    }

    // What is asked of control data meanwhile may fail as a disk does.
    private async Task<StoreBatch> BuildAsync(CancellationToken cancel)
    {
        for (var wait = TimeSpan.FromSeconds(1); ; wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
        {
            try
            {
                return await normalizing.RunAsync(() => builder.Build(gathered, journal.Epoch));
            }
            catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
            {
                progress.Is(StoreState.Failing, e.Message);
                CannotStore(gathered[^1].Number, e.Message, wait.TotalSeconds);
                await Task.Delay(wait, time, cancel);
            }
        }
    }

    // A disk that is full or fails may recover: nothing is lost by waiting, everything by going on.
    private async Task StoreAsync(StoreBatch batch, Timestamp oldest, Timestamp newest, CancellationToken cancel)
    {
        progress.Waits(oldest);
        for (var wait = TimeSpan.FromSeconds(1); ; wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
        {
            try
            {
                await ApplyAsync(batch, newest);
                progress.Is(StoreState.Running);
                return;
            }
            catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
            {
                // Without the damaged file what the batch holds goes to another.
                if (e is SqliteException sqlite && DamagedFiles.IsDamage(sqlite) && await SetAsideAsync()) continue;
                progress.Is(StoreState.Failing, e.Message);
                CannotStore(batch.Last.Number, e.Message, wait.TotalSeconds);
                await Task.Delay(wait, time, cancel);
            }
        }
    }

    private Task<bool> SetAsideAsync() => thread.RunAsync(() =>
    {
        var damaged = damage.Among(writer.Suspects);
        return damaged.Count > 0 && damage.SetAside(damaged);
    });

    private async Task ApplyAsync(StoreBatch batch, Timestamp newest, bool again = false)
    {
        try
        {
            var calls = await thread.RunAsync(() => writer.Apply(batch));
            progress.Stored(batch.Last, newest, batch.Spans.Count, calls.Count);
            stored.Publish(calls);
        }
        catch (Exception e) when (e is not (SqliteException or IOException or UnauthorizedAccessException or OutOfMemoryException))
        {
            // A fault of ours over one record must not keep all others from being stored. It is counted and stays in the journal.
            // The exception's message is not logged: it may quote what was sent.
            var parts = batch.ByRecord();
            if (parts.Count > 1)
            {
                foreach (var part in parts) await ApplyAsync(part, newest);
                return;
            }

            if (!again)
            {
                await ApplyAsync(batch, newest, again: true);
                return;
            }

            CannotStoreRecord(batch.Last.Number, e.GetType().Name, e.StackTrace);
            counters.Add(Reason.RecordUnreadable);
            await thread.RunAsync(() => writer.Apply(batch with { Spans = [], Logs = [] }));
        }
    }

    [LoggerMessage(EventId = 402, Level = LogLevel.Error, Message = "{Why}")]
    private partial void Stopped(string why);

    [LoggerMessage(EventId = 403, Level = LogLevel.Error, Message = "Cannot store up to journal record {Number}: {Why}. Trying again in {Seconds} s; receiving goes on.")]
    private partial void CannotStore(long number, string why, double seconds);

    [LoggerMessage(EventId = 406, Level = LogLevel.Error, Message = "Journal record {Number} cannot be stored ({Why}); it stays in the journal. {Where}")]
    private partial void CannotStoreRecord(long number, string why, string? where);
}
