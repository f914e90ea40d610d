using System.Diagnostics;
using System.Threading.Channels;
using Callwatch.Client.Spooling;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Callwatch.Client.Records;

/// <summary>
/// The way of a record: queue, pack, (spool), server. With a spool folder packs go to disk first and from there to the server, so that the queue
/// stays empty while the server is away; without one they wait in memory, and the queue behind them.
/// </summary>
internal sealed partial class Recorder : ICallwatchRecorder, IHostedService, IAsyncDisposable, IDisposable
{
    private readonly RecorderOptions options;
    private readonly TimeProvider time;
    private readonly ILogger<Recorder> log;
    private readonly Tally tally = new();
    private readonly Turns turns = new();
    private readonly Channel<object> queue;
    private readonly PackDelivery delivery;
    private readonly Spool<RecordPack>? spool;
    private readonly CancellationTokenSource stop = new();
    private readonly SemaphoreSlim spooled = new(0);
    private Task? work;
    private volatile bool stopped;
    private volatile bool packed;
    private bool isDisposed;

    public Recorder(RecorderOptions options, TimeProvider time, ILogger<Recorder> log)
    {
        (this.options, this.time, this.log) = (options.Bounded((setting, range, used) => RecorderServices.BadSetting(log, setting, range, used)), time, log);
        queue = Channel.CreateBounded<object>(new BoundedChannelOptions(this.options.QueueRecords) { SingleReader = true });
        delivery = new PackDelivery(this.options, time, tally, log);
        if (this.options.SpoolFolder is { } folder && (spool = Spool<RecordPack>.Open(folder, this.options.SpoolBytes, new PackFormat(tally))) is null) SpoolUnusable(folder);
        if (!this.options.IsOff) return;
        stopped = true;
        queue.Writer.TryComplete();
    }

    public RecorderCounts Counts => tally.Counts();

    public bool Record(TraceRecord record) => record is not null && Take(Joined(record));

    public bool Feedback(FeedbackRecord feedback) => feedback is not null && Take(feedback);

    public Task FlushAsync(CancellationToken cancel = default) => turns.ReachedAsync(cancel);

    /// <summary>Whether somebody else begins and ends it, and not the host.</summary>
    internal bool IsPart { get; set; }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (!IsPart) Begin();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => IsPart ? Task.CompletedTask : EndAsync(options.ShutdownTimeout, cancellationToken);

    // Not within the host's own start: whatever happens here must not keep it.
    internal void Begin() =>
        work ??= options.IsOff ? Task.CompletedTask : Task.WhenAll(Task.Run(PackAsync, CancellationToken.None), spool is null ? Task.CompletedTask : Task.Run(() => UnspoolAsync(spool), CancellationToken.None));

    internal async Task EndAsync(TimeSpan within, CancellationToken cancel)
    {
        stopped = true;
        queue.Writer.TryComplete();
        if (work is null) return;
        try
        {
            await work.WaitAsync(options.ShutdownTimeout < within ? options.ShutdownTimeout : within, time, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // A container disposes of it once for each interface that it is registered as.
        if (Interlocked.Exchange(ref isDisposed, true)) return;
        stopped = true;
        queue.Writer.TryComplete();
        await stop.CancelAsync().ConfigureAwait(false);
        if (work is not null) await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        delivery.Dispose();
        stop.Dispose();
        spooled.Dispose();
    }

    // A container may be disposed of without waiting; after the cancellation there is nothing left to wait for.
    public void Dispose() => Task.Run(() => DisposeAsync().AsTask()).GetAwaiter().GetResult();

    // The order matters to FlushAsync: what it counts on must already be in the queue.
    private bool Take(object item)
    {
        if (!queue.Writer.TryWrite(item))
        {
            tally.Dropped(stopped ? Drop.Stopped : Drop.QueueFull);
            return false;
        }

        tally.Took();
        turns.Taken();
        return true;
    }

    private TraceRecord Joined(TraceRecord record)
    {
        if (options.App is not null && record.App is null) record = record with { App = options.App };
        if (!options.JoinCurrentActivity || record.TraceId is not null || record.Traceparent is not null) return record;
        return Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } context } ? record with { Traceparent = context } : record;
    }

    private async Task PackAsync()
    {
        var items = new List<object>(options.BatchRecords);
        while (await queue.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
        {
            await GatherAsync(items).ConfigureAwait(false);
            foreach (var pack in Packs(items)) await PassOnAsync(pack).ConfigureAwait(false);
            turns.Handled(items.Count);
            items.Clear();
        }

        packed = true;
        spooled.Release();
    }

    private async Task GatherAsync(List<object> items)
    {
        while (items.Count < options.BatchRecords && queue.Reader.TryRead(out var item)) items.Add(item);
        if (items.Count >= options.BatchRecords || queue.Reader.Completion.IsCompleted || stop.IsCancellationRequested) return;
        using var due = new CancellationTokenSource(options.BatchDelay, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(due.Token, stop.Token);
        try
        {
            while (items.Count < options.BatchRecords && await queue.Reader.WaitToReadAsync(either.Token).ConfigureAwait(false))
                while (items.Count < options.BatchRecords && queue.Reader.TryRead(out var item)) items.Add(item);
        }
        catch (OperationCanceledException)
        {
            // What has come goes out.
        }
    }

    private IEnumerable<RecordPack> Packs(List<object> items)
    {
        var records = new List<byte[]>(items.Count);
        foreach (var item in items)
        {
            if (RecordJson.TryWrite(item) is not { } bytes)
            {
                tally.Dropped(Drop.Unreadable);
                continue;
            }

            if (item is TraceRecord)
            {
                records.Add(bytes);
                continue;
            }

            // A judgement comes after the records that were handed over before it.
            if (records.Count > 0) yield return new RecordPack(false, [.. records]);
            records.Clear();
            yield return new RecordPack(true, [bytes]);
        }

        if (records.Count > 0) yield return new RecordPack(false, records);
    }

    private async Task PassOnAsync(RecordPack pack)
    {
        if (spool?.TryAdd(pack) is not null)
        {
            spooled.Release();
            return;
        }

        if (!await delivery.DeliverAsync(pack, stop.Token).ConfigureAwait(false)) tally.Dropped(Drop.Stopped, pack.Items.Count);
    }

    private async Task UnspoolAsync(Spool<RecordPack> folder)
    {
        while (true)
        {
            // Looked at first: what is packed after it brings this round once more.
            var isLast = packed;
            while (folder.Oldest() is { } oldest)
            {
                if (!await delivery.DeliverAsync(oldest.Item, stop.Token).ConfigureAwait(false)) return;
                folder.Remove(oldest.Number);
            }

            if (isLast) return;
            try
            {
                await spooled.WaitAsync(stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    [LoggerMessage(EventId = 527, Level = LogLevel.Warning, Message = "Callwatch:Records:SpoolFolder {Folder} cannot be used; records that cannot be sent are lost when the application ends")]
    private partial void SpoolUnusable(string folder);
}
