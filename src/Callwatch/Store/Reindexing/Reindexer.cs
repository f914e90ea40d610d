using Callwatch.Spans;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Callwatch.Store.Reindexing;

/// <summary>Rebuilds days of the store from the journal while everything goes on, one job at a time.</summary>
public sealed partial class Reindexer : BackgroundService
{
    private static readonly TimeSpan Rhythm = TimeSpan.FromSeconds(5);

    /// <summary>So long a question that began before a swap may go on reading the files it found.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(2);

    private readonly ReindexTools tools;
    private readonly StoreProgress progress;
    private readonly StoreWork work;
    private readonly RulesVersions versions;
    private readonly ILogger log;
    private readonly Lock gate = new();
    private readonly Dictionary<string, DateTimeOffset> replaced = [];
    private ReindexJob? job;
    private (Task Done, CancellationTokenSource Cancel)? running;
    private int jobs;

    internal Reindexer(ReindexTools tools, StoreProgress progress, StoreWork work, ILogger<Reindexer> log)
    {
        (this.tools, this.progress, this.work, this.log) = (tools, progress, work, log);
        versions = new RulesVersions(tools.Live);
        CleanUp();
    }

    public ReindexStatus Status()
    {
        lock (gate) return new ReindexStatus(job, versions.OutdatedDays(), new DayPlans(tools.Live, tools.Journal, tools.ShortestRows, tools.Time).Damaged());
    }

    /// <summary>The job, or what is being done instead.</summary>
    public (ReindexJob? Job, string? Busy) Start(ReindexWish wish)
    {
        lock (gate)
        {
            if (progress.State is not (StoreState.Running or StoreState.Failing)) return (null, "The store is not running.");
            var turn = work.TryBegin("Days are being rebuilt.");
            if (turn is null) return (null, work.Doing ?? "Something else has just ended; try again.");
            job = new ReindexJob(++jobs, wish, ReindexState.Running, "planning", 0, 0, Timestamp.From(tools.Time.GetUtcNow()), null, null, []);
            var cancel = new CancellationTokenSource();
            running = (Task.Run(() => RunAsync(wish, turn, cancel.Token), CancellationToken.None), cancel);
            return (job, null);
        }
    }

    /// <summary>False when none is running.</summary>
    public async Task<bool> CancelAsync()
    {
        (Task Done, CancellationTokenSource Cancel)? now;
        lock (gate) now = running;
        if (now is not { Done.IsCompleted: false } one) return false;
        await one.Cancel.CancelAsync();
        await one.Done;
        return true;
    }

    /// <summary>When the job under way is over.</summary>
    internal Task WhenDoneAsync()
    {
        lock (gate) return running?.Done ?? Task.CompletedTask;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            using var timer = new PeriodicTimer(Rhythm, tools.Time);
            while (await timer.WaitForNextTickAsync(stoppingToken)) await LookAfterAsync();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await CancelAsync();
        }
    }

    /// <summary>What swaps have left to do.</summary>
    internal async Task LookAfterAsync()
    {
        if (progress.State != StoreState.Running) return;
        try
        {
            await tools.Thread.RunAsync(() =>
            {
                new Swap(tools.Live, tools.Writer, null).JudgeReaching();
                var now = tools.Time.GetUtcNow();
                using var removing = tools.Hold.TryRemove();
                if (removing is null) return;
                foreach (var file in tools.Live.Catalog.Swaps.Replaced())
                {
                    if (replaced.TryAdd(file, now) || now - replaced[file] < Grace) continue;
                    tools.Live.Forget(file);
                    tools.Live.Catalog.Swaps.Remove(file);
                    replaced.Remove(file);
                }
            });
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            Delayed(e.Message);
        }
    }

    private async Task RunAsync(ReindexWish wish, IDisposable turn, CancellationToken cancel)
    {
        var (state, reason) = (ReindexState.Done, (string?)null);
        try
        {
            await new Reindexing(tools, wish, Report).RunAsync(cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            (state, reason) = (ReindexState.Cancelled, "Cancelled; nothing was changed.");
        }
        catch (Exception e) when (e is ReindexStoppedException or SqliteException or IOException or UnauthorizedAccessException)
        {
            (state, reason) = (ReindexState.Failed, e.Message);
        }
        catch (Exception e)
        {
            // The message may quote what was sent; where it happened cannot.
            (state, reason) = (ReindexState.Failed, "A fault of the program, " + e.GetType().Name + "; the log says where.");
            Fault(e.GetType().Name, e.StackTrace);
        }

        CleanUp(state == ReindexState.Done);
        turn.Dispose();
        Report(now => now with { State = state, Reason = reason, Phase = "done", EndedAt = Timestamp.From(tools.Time.GetUtcNow()) });
        if (job is { } over) Ended(over.Id, over.State, over.Days.Count(day => day.State == DayState.Replaced), over.Days.Count(day => day.State == DayState.Untouched), reason);
    }

    private void Report(Func<ReindexJob, ReindexJob> change)
    {
        lock (gate) job = job is null ? null : change(job);
    }

    // At the start whatever an earlier process was building is worth nothing.
    private void CleanUp(bool isOver = false)
    {
        try
        {
            if (job is null && tools.Left() is { } wish)
            {
                var now = Timestamp.From(tools.Time.GetUtcNow());
                job = new ReindexJob(
                    0, wish, ReindexState.Interrupted, "done", 0, 0, now, now, "The process ended in the middle. What stood before stands; start it again.", []);
            }

            tools.CleanUp();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!isOver) Delayed(e.Message);
        }
    }

    [LoggerMessage(EventId = 421, Level = LogLevel.Information, Message = "Reindex {Job} is {State}: {Replaced} days rebuilt, {Untouched} left untouched. {Reason}")]
    private partial void Ended(int job, ReindexState state, int replaced, int untouched, string? reason);

    [LoggerMessage(EventId = 422, Level = LogLevel.Warning, Message = "What rebuilding has left to do has to wait: {Why}")]
    private partial void Delayed(string why);

    [LoggerMessage(EventId = 423, Level = LogLevel.Error, Message = "Rebuilding failed over {What}. {Where}")]
    private partial void Fault(string what, string? where);
}
