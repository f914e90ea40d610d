using System.Collections.Concurrent;
using Callwatch.Journal;
using Callwatch.Spans;
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
    private const int RecentTraces = 200_000;

    private readonly IJournal journal;
    private readonly SettledLog settled;
    private readonly TimeProvider time;
    private readonly ILogger<Settler> log;
    private readonly OpenTraces open;
    private readonly List<(OpenTrace Trace, SettleReason Reason, Timestamp At)> settling = [];
    private readonly ConcurrentDictionary<(int, TraceId), bool> unsynced = new();
    private readonly Dictionary<(int, TraceId), int> revisions = [];
    private readonly Queue<(int, TraceId)> recent = new();
    private Dictionary<(int Tenant, TraceId Trace), (long Number, int Offset)>? covered;
    private long coveredThrough;
    private long read;
    private long committed;
    private long lastCommit;

    public Settler(IJournal journal, SettledLog settled, IOptions<SettleOptions> options, TimeProvider time, ILogger<Settler> log)
    {
        (this.journal, this.settled, this.time, this.log) = (journal, settled, time, log);
        open = new OpenTraces(options.Value, (tenantId, trace) => unsynced[(tenantId, trace)] = true);
        lastCommit = time.GetTimestamp();
    }

    public string Name => "settle";

    public Position? Place => settled.Place is { } place ? new Position(place.Read.Epoch, place.Needed) : new Position(journal.Epoch, 0);

    public SettleStatus Status { get; private set; } = new(SettleState.Starting, 0, 0, null);

    public bool IsOpen(int tenantId, TraceId trace, long lastNumber) => Volatile.Read(ref read) < lastNumber || open.IsOpen(tenantId, trace) || unsynced.ContainsKey((tenantId, trace));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.Run(settled.Load, stoppingToken);
            if (!MayGoOn()) return;
            Status = Status with { State = SettleState.Running };
            await FollowAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is open is read again from the journal.
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            Status = Status with { State = SettleState.Stopped, Why = e.Message };
            Stopped(e.Message);
        }
        finally
        {
            settled.Dispose();
        }
    }

    private bool MayGoOn()
    {
        if (settled.Place is not { } place) return true;
        var why = journal.StandingOf(place.Read) switch
        {
            PlaceStanding.OtherEpoch => "The settled sequence was made from another journal (it was restored or replaced).",
            PlaceStanding.BeyondHead => "The journal ends before what has been settled from it.",
            _ => null,
        };
        if (why is null)
        {
            read = committed = place.Needed;
            coveredThrough = place.Read.Number;
            covered = settled.Covered(place.Needed);
            return true;
        }

        Status = Status with { State = SettleState.Stopped, Why = why };
        Stopped(why);
        return false;
    }

    private async Task FollowAsync(CancellationToken cancel)
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
            var until = due.ToDateTimeOffset() - time.GetUtcNow() + TimeSpan.FromMilliseconds(1);
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
        if (covered is not null && record.Number > coveredThrough) covered = null;
        open.Take(record, covered is null ? null : IsCovered);
        Volatile.Write(ref read, record.Number);
    }

    private bool IsCovered(int tenantId, TraceId trace, long number, int offset) =>
        covered!.TryGetValue((tenantId, trace), out var through) && (number, offset).CompareTo(through) <= 0;

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
                Status = new SettleStatus(SettleState.Running, open.Count, settled.Head, null);
                return;
            }
            catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
            {
                Status = Status with { State = SettleState.Failing, Why = e.Message };
                CannotSettle(e.Message, wait.TotalSeconds);
                await Task.Delay(wait, time, cancel);
            }
        }
    }

    private void Commit()
    {
        var batch = new List<SettledRevision>(settling.Count);
        var offsets = new List<int>(settling.Count);
        var seq = settled.Head;
        var counted = new Dictionary<(int, TraceId), int>();
        foreach (var (trace, reason, at) in settling)
        {
            var key = (trace.TenantId, trace.TraceId);
            var before = counted.TryGetValue(key, out var known) || revisions.TryGetValue(key, out known) ? known : settled.RevisionsOf(trace.TenantId, trace.TraceId);
            counted[key] = before + 1;
            batch.Add(trace.Settle(++seq, before + 1, reason, at));
            offsets.Add(trace.LastOffset);
        }

        settled.Append(batch, offsets, new Position(journal.Epoch, read), Math.Min(read, (open.FirstNumber ?? read + 1) - 1));
        foreach (var (key, revision) in counted) Remember(key, revision);
        settled.Forget(journal.FirstNumber);
        settling.Clear();
        unsynced.Clear();
        committed = read;
        lastCommit = time.GetTimestamp();
    }

    private void Remember((int, TraceId) key, int revision)
    {
        if (!revisions.ContainsKey(key)) recent.Enqueue(key);
        revisions[key] = revision;
        while (recent.Count > RecentTraces) revisions.Remove(recent.Dequeue());
    }

    [LoggerMessage(EventId = 501, Level = LogLevel.Error, Message = "Settling has stopped: {Why} Receiving and storing go on.")]
    private partial void Stopped(string why);

    [LoggerMessage(EventId = 502, Level = LogLevel.Error, Message = "Cannot write the settled sequence: {Why}. Trying again in {Seconds} s; receiving and storing go on.")]
    private partial void CannotSettle(string why, double seconds);
}
