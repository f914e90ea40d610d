using Callwatch.Control;
using Callwatch.Store.Derived;
using Callwatch.Store.History;
using Callwatch.Store.Partitions;
using Callwatch.Store.Reading;
using Callwatch.Store.Writing;
using Callwatch.Telemetry;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Callwatch.Store;

/// <summary>What has to be done beside storing and must not hold it up: folding logs into files, closing partitions that are done,
/// making figures by few dimensions, and letting go of what is past its age.</summary>
internal sealed partial class StoreUpkeep(
    StoreFolder folder, StoreWriter writer, WriterThread thread, StoreProgress progress, RetentionDesk rules, StoreDisk disk, DamagedPartitions damage, DataHold hold, Counters counters,
    TimeProvider time, RetentionClock clock, ILogger<StoreUpkeep> log) : BackgroundService
{
    private static readonly TimeSpan Rhythm = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CheckpointEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RestAfter = TimeSpan.FromMinutes(2);

    // Of its own, and of less importance than intake: an hour of heavy traffic takes a while.
    private readonly WriterThread levels = new("store levels");
    private readonly Checkpoints checkpoints = new(folder.Folder);
    private readonly PartitionClosing closing = new(folder, time);
    private readonly DerivationRounds derivation = new(folder, time);
    private readonly OlderRows older = new(folder, writer, thread, time, log);
    private readonly StoreRetention retention = new(folder, writer, thread, rules, disk.IsShort, counters, clock, log, hold);
    // By the count of seconds: the clock may be put back.
    private long lastCheckpoint = time.GetTimestamp();
    private (long Number, long Since, bool Resting) still = (-1, time.GetTimestamp(), false);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Rhythm, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await SetDamagedAsideAsync();
                await CheckpointAsync();
                await CloseAsync(stoppingToken);
                await levels.RunAsync(() => derivation.Round(stoppingToken));
                await retention.RoundAsync(stoppingToken);
                await older.RoundAsync(stoppingToken);
                await RestAsync();
            }
            catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
            {
                // A full disk, a reader in the way: the next round tries again, and storing itself says when it cannot go on.
                if (e is SqliteException sqlite && DamagedFiles.IsDamage(sqlite)) folder.Suspect();
                Delayed(e.Message);
            }
        }
    }

    public override void Dispose()
    {
        levels.Dispose();
        base.Dispose();
    }

    private async Task SetDamagedAsideAsync()
    {
        if (!folder.TakeSuspicion()) return;
        var damaged = damage.Among(folder.Partitions.Select(partition => partition.File));
        if (damaged.Count > 0 && !await thread.RunAsync(() => damage.SetAside(damaged))) folder.Suspect();
    }

    private async Task CheckpointAsync()
    {
        var (files, position) = await thread.RunAsync(() => (writer.Unsynced.ToList(), folder.Catalog.Position));
        if (files.Count == 0 || position is not { } reached) return;
        if (time.GetElapsedTime(lastCheckpoint) < CheckpointEvery && !checkpoints.Hurry(files)) return;
        lastCheckpoint = time.GetTimestamp();
        if (!checkpoints.Run([.. files, "catalog.db"])) return;
        await thread.RunAsync(() =>
        {
            // The writer stands still now: what little came meanwhile is folded in too, so that the logs start anew.
            if (!checkpoints.Run(files)) return;
            foreach (var file in files) writer.Unsynced.Remove(file);
            if (writer.Unsynced.Count == 0) reached = folder.Catalog.Position ?? reached;
            folder.Catalog.CommitSynced(reached.Number);
            progress.IsSynced(folder.Catalog.Synced);
        });
    }

    private async Task CloseAsync(CancellationToken cancel)
    {
        var due = await thread.RunAsync(() => closing.Due());
        due ??= disk.IsShort() ? null : closing.Lacking();
        if (due is null) return;
        await thread.RunAsync(() => writer.Release(due.File));
        var closed = closing.Close(due, cancel);
        await thread.RunAsync(() => closing.Confirm(closed));
        Closed(closed.File, closed.Rows);
    }

    // An idle server holds nothing in memory that can be read again.
    private async Task RestAsync()
    {
        var number = progress.Position?.Number ?? 0;
        if (number != still.Number) still = (number, time.GetTimestamp(), false);
        if (still.Resting || time.GetElapsedTime(still.Since) < RestAfter) return;
        still.Resting = true;
        await thread.RunAsync(writer.Rest);
    }

    [LoggerMessage(EventId = 404, Level = LogLevel.Warning, Message = "Upkeep of the store has to wait: {Why}")]
    private partial void Delayed(string why);

    [LoggerMessage(EventId = 405, Level = LogLevel.Information, Message = "Closed partition {File} with {Rows} spans; its filter indexes stand")]
    private partial void Closed(string file, long rows);
}
