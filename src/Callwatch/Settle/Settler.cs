using System.Collections.Concurrent;
using Callwatch.Journal;
using Callwatch.Receive;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Callwatch.Settle;

/// <summary>
/// Fifth stage: reads the journal, gathers the spans of each trace, and appends what is complete to the settled sequence.
/// After a restart it reads again from the first record somebody still needs and leaves out what earlier revisions carried.
/// </summary>
internal sealed partial class Settler : BackgroundService, IJournalReader, ISettleState
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    // A commit waits for the disk; more often than this it would keep nobody better informed.
    private static readonly TimeSpan CommitEvery = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan PlaceEvery = TimeSpan.FromSeconds(5);
    private const int MostInCommit = 2_000;

    // Records come nearly in the order of their receipt.
    private static readonly TimeSpan OutOfOrder = TimeSpan.FromSeconds(10);

    private readonly IJournal journal;
    private readonly SettledLog settled;
    private readonly ReaderChoices choices;
    private readonly IReadOnlyList<ISettledReaders> readers;
    private readonly SettleOptions options;
    private readonly Counters counters;
    private readonly TimeProvider time;
    private readonly ILogger<Settler> log;
    private readonly ISignalTakers? takers;
    private readonly List<(OpenTrace Trace, SettleReason Reason, Timestamp At)> settling = [];
    private readonly ConcurrentDictionary<(int, TraceId), bool> unsynced = new();
    private readonly RecentRevisions revisions = new();
    private volatile OpenTraces open;
    private volatile StateNow now = new(SettleState.Starting, null);
    private Coverage coverage = Coverage.None;
    private long read;
    private long readAt;
    private long committed;
    private long lastCommit;

    /// <param name="takers">Who has logs and metrics passed on; null for nobody.</param>
    public Settler(
        IJournal journal, SettledLog settled, ReaderChoices choices, IEnumerable<ISettledReaders> readers, IOptions<SettleOptions> options, Counters counters,
        TimeProvider time, ILogger<Settler> log, ISignalTakers? takers = null)
    {
        (this.journal, this.settled, this.choices, this.readers, this.options) = (journal, settled, choices, [.. readers], options.Value);
        (this.counters, this.time, this.log, this.takers) = (counters, time, log, takers);
        open = NoneOpen();
        lastCommit = time.GetTimestamp();
    }

    public string Name => "settle";

    public Position? Place => settled.Place is { } place ? new Position(place.Read.Epoch, place.Needed) : new Position(journal.Epoch, 0);

    public long HighestNumber => settled.HighestNumber;

    public SettleStatus Status => new(now.State, open.Count + unsynced.Count, settled.Head, now.Why)
    {
        Read = settled.Place is { } place ? place.Read with { Number = Math.Max(Volatile.Read(ref read), now.State == SettleState.Running ? 0 : place.Read.Number) } : null,
        ReadAt = Volatile.Read(ref readAt) is > 0 and var at ? new Timestamp(at) : null,
    };

    public bool IsOpen(int tenantId, TraceId trace, long lastNumber) => Volatile.Read(ref read) < lastNumber || IsWaiting(tenantId, trace);

    public bool? IsSettled(int tenantId, TraceId trace, long asOf, Timestamp receivedAt)
    {
        if (now.State is SettleState.Starting or SettleState.Stopped) return null;

        // In this order: what is read is among the open ones before it counts as read.
        var (through, at) = (Volatile.Read(ref read), Volatile.Read(ref readAt));
        return !IsWaiting(tenantId, trace) && (through >= asOf || receivedAt.Plus(OutOfOrder).UnixNanoseconds < at);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await LoadAsync(harmed: null, stoppingToken);
            var beginning = await choices.BeginAsync(Name, settled.Place?.Read, Stop, stoppingToken);
            if (beginning.Chosen) await Task.Run(() => settled.MoveTo(beginning.After), stoppingToken);
            Begin(beginning.Chosen);
            while (await FollowAsync(stoppingToken) is { } harmed)
            {
                await LoadAsync(harmed, stoppingToken);
                Begin(chosen: false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is open is read again from the journal.
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            Stop(e.Message);
        }
        finally
        {
            settled.Dispose();
        }
    }

    private bool IsWaiting(int tenantId, TraceId trace) => open.IsOpen(tenantId, trace) || unsynced.ContainsKey((tenantId, trace));

    private OpenTraces NoneOpen() => new(options, (tenantId, trace) => unsynced[(tenantId, trace)] = true);

    // A damaged file keeps nobody from receiving or storing; what it held settles once more, under new numbers. A full disk is waited for.
    private async Task LoadAsync(string? harmed, CancellationToken cancel)
    {
        for (var wait = TimeSpan.FromSeconds(1); ; wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
        {
            try
            {
                if (harmed is not null) await SetAsideAsync(harmed, cancel);
                harmed = null;
                await Task.Run(() => settled.Load(readers.Select(reader => reader.HighestSeq).Append(settled.Head).Max()), cancel);
                return;
            }
            catch (SettledHarmedException e)
            {
                harmed = e.File;
            }
            catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
            {
                now = new StateNow(SettleState.Failing, e.Message);
                CannotSettle(e.Message, wait.TotalSeconds);
                await Task.Delay(wait, time, cancel);
            }
        }
    }

    private async Task SetAsideAsync(string file, CancellationToken cancel)
    {
        while (!await Task.Run(() => settled.TrySetAside(file), cancel)) await Task.Delay(TimeSpan.FromSeconds(1), time, cancel);
        counters.Add(Reason.DamagedSettledFile);
        SetAside(file);
    }

    private void Stop(string why)
    {
        now = new StateNow(SettleState.Stopped, why);
        Stopped(why);
    }

    /// <param name="chosen">A person has chosen where it goes on: what was carried before does not count.</param>
    private void Begin(bool chosen)
    {
        open = NoneOpen();
        settling.Clear();
        unsynced.Clear();
        revisions.Clear();
        Volatile.Write(ref read, settled.Place?.Needed ?? 0);
        committed = read;
        coverage = settled.Place is { } place && !chosen ? new Coverage(settled.Covered(place.Needed), place.Read.Number) : Coverage.None;
        now = new StateNow(SettleState.Running, null);
    }

    /// <summary>Goes on until it is cancelled, or somebody finds a file damaged: then which one.</summary>
    private async Task<string?> FollowAsync(CancellationToken cancel)
    {
        using var until = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var harmed = settled.Harmed;
        _ = harmed.ContinueWith(_ => until.CancelAsync(), until.Token, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            await ReadAsync(until.Token);
            return null;
        }
        catch (SettledHarmedException e)
        {
            return e.File;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested && harmed.IsCompletedSuccessfully)
        {
            return await harmed;
        }
    }

    private async Task ReadAsync(CancellationToken cancel)
    {
        await using var records = journal.ReadAsync(read, cancel).GetAsyncEnumerator(cancel);
        var next = records.MoveNextAsync().AsTask();
        try
        {
            while (true)
            {
                if (!next.IsCompleted) await WaitAsync(next, cancel);
                if (next.IsCompleted)
                {
                    if (!await next) return;
                    Take(records.Current);
                    next = records.MoveNextAsync().AsTask();
                }

                // Behind the head the clock is that of the records, so that a backlog is settled as it would have been.
                Settle(next.IsCompleted ? records.Current.ReceivedAt : Timestamp.From(time.GetUtcNow()));
                if (CommitIsDue()) await CommitAsync(cancel);
            }
        }
        finally
        {
            // An enumerator must not be disposed of while it moves; its own cancellation ends that.
            await next.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private async Task WaitAsync(Task next, CancellationToken cancel)
    {
        var wait = settling.Count > 0 ? CommitEvery : read > committed ? PlaceEvery : Timeout.InfiniteTimeSpan;
        if (open.NextDue is { } due)
        {
            // Not for longer than any trace waits: the clock may have been put back by years.
            var until = due.ToDateTimeOffset() - time.GetUtcNow() + TimeSpan.FromMilliseconds(1);
            if (until > options.Longest) until = options.Longest;
            if (wait == Timeout.InfiniteTimeSpan || until < wait) wait = until > TimeSpan.Zero ? until : TimeSpan.Zero;
        }

        if (wait == TimeSpan.Zero) return;
        using var early = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await Task.WhenAny(next, Task.Delay(wait, time, early.Token));
        await early.CancelAsync();
        cancel.ThrowIfCancellationRequested();
    }

    private void Take(JournalRecord record)
    {
        if (record.Number > coverage.Through) coverage = Coverage.None;
        open.Take(record, coverage == Coverage.None ? null : coverage.Holds);

        // What was read before the last commit stands in it.
        if (takers?.Take(record.Signal, record.TenantId, record.AppId) == true && !coverage.Holds(record.TenantId, default, record.Number, 0))
            settling.Add((new OpenTrace(record.TenantId, default, record.Number, record.ReceivedAt), SettleReason.PassedOn, record.ReceivedAt));
        Volatile.Write(ref readAt, record.ReceivedAt.UnixNanoseconds);
        Volatile.Write(ref read, record.Number);
    }

    private void Settle(Timestamp now)
    {
        foreach (var (trace, reason) in open.Settle(now)) settling.Add((trace, reason, now));
    }

    private bool CommitIsDue()
    {
        var since = time.GetElapsedTime(lastCommit);
        return settling.Count >= MostInCommit || (settling.Count > 0 && since >= CommitEvery) || (read > committed && since >= PlaceEvery);
    }

    // A disk that is full or fails may recover: nothing is lost by waiting, everything by going on.
    private async Task CommitAsync(CancellationToken cancel)
    {
        for (var wait = TimeSpan.FromSeconds(1); ; wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
        {
            try
            {
                await Task.Run(Commit, cancel);
                now = new StateNow(SettleState.Running, null);
                return;
            }
            catch (Exception e) when (e is SqliteException or UnauthorizedAccessException or (IOException and not SettledHarmedException))
            {
                now = new StateNow(SettleState.Failing, e.Message);
                CannotSettle(e.Message, wait.TotalSeconds);
                await Task.Delay(wait, time, cancel);
            }
        }
    }

    private void Commit()
    {
        var batch = SettleBatch.Of(settling, settled, revisions);

        // While it reads again what it had read before a stop, that has still been carried.
        settled.Append(batch.Revisions, batch.LastOffsets, new Position(journal.Epoch, Math.Max(read, coverage.Through)), Math.Min(read, (open.FirstNumber ?? read + 1) - 1));
        foreach (var (key, revision) in batch.Counted) revisions.Put(key, revision);
        settling.Clear();
        unsynced.Clear();
        committed = read;
        lastCommit = time.GetTimestamp();
        settled.Forget(journal.FirstNumber, readers);
    }

    private sealed record StateNow(SettleState State, string? Why);

    [LoggerMessage(EventId = 503, Level = LogLevel.Error, Message = "settled/{File} is damaged and is set aside; what it held settles once more, and destinations are sent it once more with the same ids")]
    private partial void SetAside(string file);

    [LoggerMessage(EventId = 501, Level = LogLevel.Error, Message = "Settling has stopped: {Why} Receiving and storing go on.")]
    private partial void Stopped(string why);

    [LoggerMessage(EventId = 502, Level = LogLevel.Error, Message = "Cannot write the settled sequence: {Why}. Trying again in {Seconds} s; receiving and storing go on.")]
    private partial void CannotSettle(string why, double seconds);
}
