using System.Diagnostics;
using Callwatch.Control;
using Callwatch.Normalize.Pricing;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Reading;
using Callwatch.Store.Writing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Callwatch.Store.Repricing;

/// <summary>How asking for a repricing ended.</summary>
public abstract record RepriceAnswer
{
    private RepriceAnswer()
    {
    }

    public sealed record Shown(RepriceDifference Difference) : RepriceAnswer;

    /// <summary>It goes on by itself from here, also after a restart.</summary>
    public sealed record Begun(long Id, RepriceDifference Difference) : RepriceAnswer;

    /// <summary>Data or prices are no longer those that were shown.</summary>
    public sealed record Changed(RepriceDifference Difference) : RepriceAnswer;

    public sealed record Busy(string Why) : RepriceAnswer;

    public sealed record Wrong(string Field, string Message, int? Offset) : RepriceAnswer;
}

/// <summary>The only way to change stored costs: shows the difference first, then does exactly that, in small transactions, as often as need be.</summary>
public sealed partial class Repricer : BackgroundService
{
    private static readonly TimeSpan Rhythm = TimeSpan.FromSeconds(2);

    private readonly StoreFolder folder;
    private readonly StoreWriter writer;
    private readonly WriterThread thread;
    private readonly StoreProgress progress;
    private readonly PriceBooks prices;
    private readonly RepricingLog records;
    private readonly RepriceTestOf testOf;
    private readonly StoreWork work;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly SemaphoreSlim wanted = new(0);

    internal Repricer(
        StoreFolder folder, StoreWriter writer, WriterThread thread, StoreProgress progress, PriceBooks prices, RepricingLog records, RepriceTestOf testOf, StoreWork work,
        TimeProvider time, ILogger<Repricer> log)
    {
        (this.folder, this.writer, this.thread, this.progress, this.prices) = (folder, writer, thread, progress, prices);
        (this.records, this.testOf, this.work, this.time, this.log) = (records, testOf, work, time, log);
    }

    /// <summary>Shows what the book in force would change, or with the token of what was shown begins to do it.</summary>
    /// <param name="expect">Null only shows.</param>
    /// <param name="toJson">The difference as it is kept with the change.</param>
    public async Task<RepriceAnswer> AskAsync(RepriceSelection selection, string? expect, string who, Func<RepriceDifference, string> toJson, CancellationToken cancel)
    {
        if (testOf(selection) is not RepriceTest.Of { Holds: { } test })
            return testOf(selection) is RepriceTest.Wrong wrong ? new RepriceAnswer.Wrong(wrong.Field, wrong.Message, wrong.Offset) : throw new InvalidOperationException("A selection is read or wrong.");
        using var turn = expect is null ? null : work.TryBegin("Costs are being changed.");
        if (expect is not null && turn is null) return new RepriceAnswer.Busy(work.Doing ?? "Something else has just ended; try again.");
        var difference = await Task.Run(() => Show(selection, test, cancel), cancel);
        if (expect is null) return new RepriceAnswer.Shown(difference);
        if (records.Unfinished() is not null) return new RepriceAnswer.Busy("Costs are being changed.");
        if (expect != difference.Token) return new RepriceAnswer.Changed(difference);
        var id = records.Begin(new RepricingRecord(
            0, selection.TenantId, selection.From, selection.To, selection.App, selection.Model, selection.Q, difference.Book, toJson(difference), who, default, null, null));
        wanted.Release();
        return new RepriceAnswer.Begun(id, difference);
    }

    /// <summary>Latest first.</summary>
    public IReadOnlyList<RepricingRecord> History(int tenantId, int limit) => records.List(tenantId, limit);

    /// <summary>Called before each small step of a change, for tests that stop there.</summary>
    internal Action? BeforeStep { get; set; }

    /// <summary>Does what was begun and has not ended.</summary>
    internal async Task FinishAsync(CancellationToken cancel)
    {
        while (records.Unfinished() is { } record)
        {
            IDisposable? turn;
            while ((turn = work.TryBegin("Costs are being changed.")) is null) await Task.Delay(Rhythm, time, cancel);
            using (turn) records.End(record.Id, await ChangeAsync(record, cancel));
            Ended(record.Id, record.Book, record.Who);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                while (progress.State != StoreState.Running) await Task.Delay(Rhythm, time, stoppingToken);
                await FinishAsync(stoppingToken);
                await wanted.WaitAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
            {
                // A full disk, a reader in the way: what was done stays done, the rest is tried again.
                Delayed(e.Message);
                await Task.Delay(Rhythm * 5, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    public override void Dispose()
    {
        wanted.Dispose();
        base.Dispose();
    }

    private RepriceDifference Show(RepriceSelection selection, Func<Span, bool> test, CancellationToken cancel)
    {
        using var scan = new RepriceScan(folder, prices, prices.Version, selection, test);
        foreach (var partition in scan.Partitions)
            foreach (var _ in scan.Touched(partition, cancel)) cancel.ThrowIfCancellationRequested();
        return scan.Difference();
    }

    /// <summary>Null when it came to its end, else why it did not.</summary>
    private async Task<string?> ChangeAsync(RepricingRecord record, CancellationToken cancel)
    {
        var selection = new RepriceSelection(record.Tenant, record.From, record.To, record.App, record.Model, record.Q);
        if (testOf(selection) is not RepriceTest.Of { Holds: { } test }) return "Its filter can no longer be read.";
        using var scan = new RepriceScan(folder, prices, record.Book, selection, test);
        var newPrices = new NewPrices(prices, record.Book);
        foreach (var partition in scan.Partitions)
        {
            foreach (var page in scan.Touched(partition, cancel))
            {
                if (page.Count == 0) continue;
                var watch = Stopwatch.StartNew();
                var calls = page.GroupBy(call => call.Trace).ToDictionary(trace => trace.Key, trace => trace.Select(call => call.Span).ToHashSet());
                foreach (var some in calls.Keys.Chunk(Reindexing.Swap.MostTraces))
                {
                    BeforeStep?.Invoke();
                    await thread.RunAsync(() => writer.JudgeAgain(some, trace => Revise(newPrices, trace, calls[trace.Key])));
                }

                // As long as it worked it rests: storing and reading are not to feel it.
                await Task.Delay(watch.Elapsed, time, cancel);
            }
        }

        // The journal cannot say it again: it counts as done when it is on disk.
        while (!await thread.RunAsync(() => new Checkpoints(folder.Folder).Run(writer.Unsynced))) await Task.Delay(Rhythm, time, cancel);
        return null;
    }

    private void Revise(NewPrices newPrices, TraceState trace, HashSet<SpanId> calls)
    {
        if (trace.IsTooLong)
            foreach (var call in calls) writer.Fetch(trace, call);
        newPrices.Revise(trace, calls);
    }

    [LoggerMessage(EventId = 431, Level = LogLevel.Information, Message = "Repricing {Id} by book {Book}, asked for by {Who}, is done")]
    private partial void Ended(long id, string book, string who);

    [LoggerMessage(EventId = 432, Level = LogLevel.Warning, Message = "Changing costs has to wait: {Why}")]
    private partial void Delayed(string why);
}
