using Callwatch.Control;
using Callwatch.Spans;
using Callwatch.Store.Derived;
using Callwatch.Store.Partitions;
using Callwatch.Store.Reading;
using Callwatch.Store.Sqlite;
using Callwatch.Store.Writing;
using Callwatch.Telemetry;
using Microsoft.Extensions.Logging;

namespace Callwatch.Store.History;

/// <summary>
/// Lets rows go that are past their age, counted from the later of end and receipt: a partition as a whole by unlinking its file, or one
/// app's part of it in small steps, its figures being moved to <c>history.db</c> first. When the disk is short, the oldest partition goes early.
/// </summary>
internal sealed partial class StoreRetention(
    StoreFolder folder, StoreWriter writer, WriterThread thread, RetentionDesk rules, Func<bool> diskIsShort, Counters counters, TimeProvider time, ILogger log,
    DataHold? hold = null)
{
    private static readonly TimeSpan Rhythm = TimeSpan.FromMinutes(1);

    /// <summary>Longer than any question may take: one that began before the move still reads the file.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, (long Applied, IReadOnlyList<AppRows> Apps)> contents = [];
    private readonly List<(string File, long Since)> leaving = [];
    private readonly HistoryAging aging = new(folder.History, rules, time);
    private readonly RowSweep sweep = new(folder, time);
    private long? rested;

    /// <summary>Called before each step that changes something on disk, with its name: for tests that stop there.</summary>
    public Action<string>? BeforeStep { get; set; }

    public async Task RoundAsync(CancellationToken cancel)
    {
        Unlink();
        var now = time.GetUtcNow();
        // By the count of seconds: the clock may be put back.
        if (rested is { } since && time.GetElapsedTime(since) < Rhythm) return;
        var done = true;
        foreach (var partition in folder.Partitions.Reverse())
        {
            cancel.ThrowIfCancellationRequested();
            if (await LookAsync(partition, now, cancel)) continue;
            done = false;
            break;
        }

        if (leaving.Count > 0 && diskIsShort()) hold?.Break();
        if (done && diskIsShort() && folder.Partitions.LastOrDefault(CanGoEarly) is { } oldest)
        {
            done = false;
            if (await MoveAsync(oldest, null, cancel))
            {
                counters.Add(Reason.RowsExpiredByDisk, oldest.Rows);
                WentEarly(oldest.File, oldest.Rows);
            }
        }

        done &= aging.Round(cancel);
        // Once there is nothing left to do; until then a step each time it is asked.
        rested = done ? time.GetTimestamp() : null;
    }

    /// <summary>False when something was done and there may be more.</summary>
    private async Task<bool> LookAsync(Partition partition, DateTimeOffset now, CancellationToken cancel)
    {
        if (!partition.Closed || partition.Applied == 0) return true;
        if (sweep.HasMoved(partition) && !sweep.Empty(partition, cancel)) return false;
        if (partition.To.ToDateTimeOffset() + rules.Longest.Minutes <= now && !await DropMinutesAsync(partition, cancel)) return false;
        if (partition.To.ToDateTimeOffset() + rules.Shortest.Rows > now) return true;
        var apps = await ContentsOfAsync(partition);
        var due = apps.Where(app => !folder.History.IsMoved(partition.File, app.Tenant, app.App) && IsDue(partition, app, now)).ToList();
        var left = apps.Count(app => !folder.History.IsMoved(partition.File, app.Tenant, app.App));
        if (left == due.Count && partition.To.ToDateTimeOffset() + (apps.Count == 0 ? rules.Longest.Rows : TimeSpan.Zero) <= now) return !await MoveAsync(partition, null, cancel);
        return due.Count == 0 || !await MoveAsync(partition, (due[0].Tenant, due[0].App), cancel);
    }

    private bool IsDue(Partition partition, AppRows app, DateTimeOffset now)
    {
        var last = app.LastReceived > partition.To ? app.LastReceived : partition.To;
        return last.ToDateTimeOffset() + rules.For(app.Tenant, app.App).Rows <= now;
    }

    // Today's and yesterday's rows are what people look at; taking them would not be giving up what is old.
    private bool CanGoEarly(Partition partition) => partition is { Closed: true, Applied: > 0 } && partition.To.ToDateTimeOffset() + TimeSpan.FromDays(1) <= time.GetUtcNow();

    /// <summary>False when somebody has changed the partition meanwhile: to be tried again.</summary>
    private async Task<bool> MoveAsync(Partition partition, (int Tenant, int App)? app, CancellationToken cancel)
    {
        var applied = await thread.RunAsync(() => Current(partition)?.Applied);
        if (applied is null) return false;
        using (var derivation = new Derivation(Path.Combine(folder.Folder, partition.File)))
        {
            if (!derivation.MakeAll(cancel)) return false;
        }

        BeforeStep?.Invoke("prepare");
        using var moving = new Moving(folder, partition, app, (tenant, number) => HistoryAging.QuartersFrom(rules.For(tenant, number), time.GetUtcNow()));
        var moved = await thread.RunAsync(() => Commit(partition, applied.Value, moving, app is null));
        if (!moved) return false;
        counters.Add(Reason.ErrorGroupForgotten, moving.ForgottenErrors);
        contents.Remove(partition.File);
        if (app is null) leaving.Add((partition.File, time.GetTimestamp()));
        Moved(partition.File, app is null ? "all" : "one app");
        return true;
    }

    private bool Commit(Partition partition, long applied, Moving moving, bool whole)
    {
        if (Current(partition)?.Applied != applied) return false;
        writer.Release(partition.File);
        writer.Unsynced.Remove(partition.File);
        BeforeStep?.Invoke("history");
        moving.Commit();
        BeforeStep?.Invoke("catalog");
        if (whole) folder.Catalog.Remove(partition);
        folder.Publish();
        return true;
    }

    private Partition? Current(Partition partition) => folder.Catalog.Partitions.FirstOrDefault(other => other.File == partition.File);

    private void Unlink()
    {
        if (leaving.Count == 0) return;
        // A backup may be copying it; it can wait.
        using var removing = hold?.TryRemove();
        if (hold is not null && removing is null) return;
        foreach (var (file, _) in leaving.Where(entry => time.GetElapsedTime(entry.Since) >= Linger).ToList())
        {
            BeforeStep?.Invoke("unlink");
            folder.Forget(file);
            SwapTables.Unlink(folder.Folder, file);
            leaving.RemoveAll(entry => entry.File == file);
        }
    }

    private async Task<bool> DropMinutesAsync(Partition partition, CancellationToken cancel)
    {
        if (!sweep.HasMinutes(partition)) return true;

        // A file of an earlier version is brought up to date first: making an index takes seconds, in which the writer would stand.
        await Task.Run(() => sweep.Upgrade(partition), cancel);
        // The writer learns of it when it opens the file again.
        await thread.RunAsync(() =>
        {
            writer.Release(partition.File);
            sweep.AnnounceMinutes(partition);
        });
        return sweep.DropMinutes(partition, cancel);
    }

    private async Task<IReadOnlyList<AppRows>> ContentsOfAsync(Partition partition)
    {
        if (contents.TryGetValue(partition.File, out var known) && known.Applied == partition.Applied) return known.Apps;
        return await Task.Run(() =>
        {
            var apps = new List<AppRows>();
            using var connection = StoreDatabase.OpenForReading(Path.Combine(folder.Folder, partition.File));
            using var row = new Statement(connection, "SELECT tenant, app, max(received) FROM spans GROUP BY 1, 2");
            while (row.Step()) apps.Add(new AppRows((int)row.Long(0), (int)row.Long(1), new Timestamp(row.Long(2))));
            contents[partition.File] = (partition.Applied, apps);
            return apps;
        });
    }

    private sealed record AppRows(int Tenant, int App, Timestamp LastReceived);

    [LoggerMessage(EventId = 411, Level = LogLevel.Information, Message = "Rows of {File} are past their retention ({What}); their figures have been moved to history.db")]
    private partial void Moved(string file, string what);

    [LoggerMessage(EventId = 412, Level = LogLevel.Warning, Message = "The disk is short of room: {File} goes before its time, with {Rows} rows; its figures are kept")]
    private partial void WentEarly(string file, long rows);
}
