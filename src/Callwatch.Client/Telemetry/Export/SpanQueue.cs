using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using Callwatch.Client.Telemetry.Sampling;
using Microsoft.Extensions.Logging;
using OpenTelemetry;

namespace Callwatch.Client.Telemetry.Export;

/// <summary>
/// The way of an ended span: kept or not (<see cref="TailBuffer"/>), queue, batch, exporter. Putting a span into the queue takes no lock and never waits.
/// One thread of its own sends; a batch that the endpoint could not take stays, and is sent again with growing pauses, while the queue fills behind it.
/// </summary>
internal sealed partial class SpanQueue : BaseExportProcessor<Activity>
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly ConcurrentQueue<Activity> queue = new();
    private readonly ExportGate? gate;
    private readonly OpenTelemetryOptions options;
    private readonly TelemetryTally tally;
    private readonly ILogger log;
    private readonly TailBuffer buffer;
    private readonly AutoResetEvent wake = new(false);
    private readonly ManualResetEventSlim stop = new();
    private readonly Lock waitersGate = new();
    private readonly Thread thread;
    private List<ManualResetEventSlim> waiters = [];
    private int waiting;
    private volatile bool stopping;
    private volatile bool lost;
    private bool failing;

    public SpanQueue(BaseExporter<Activity> exporter, ExportGate? gate, OpenTelemetryOptions options, TimeProvider time, TelemetryTally tally, ILogger log)
        : base(exporter)
    {
        (this.gate, this.options, this.tally, this.log) = (gate, options, tally, log);
        var rules = new TailRules(options.ModelCallSamplingRate, options.ErrorSamplingRate, options.SamplingBufferSpans, options.SamplingBufferBytes, options.SamplingBufferAge);
        buffer = new TailBuffer(rules, time, tally, OnExport);
        thread = new Thread(Run) { IsBackground = true, Name = "Callwatch spans" };
        thread.Start();
    }

    /// <summary>To be added in front of this one: an exporter's processor is not told of beginnings.</summary>
    public BaseProcessor<Activity> Beginnings => new Starts(this);

    private void Started(Activity data)
    {
        try
        {
            buffer.Started(data);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            TelemetryEvents.Log.Unexpected("a span's start", e.GetType().Name);
        }
    }

    public override void OnEnd(Activity data)
    {
        try
        {
            buffer.Ended(data);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            TelemetryEvents.Log.Unexpected("a span's end", e.GetType().Name);
        }
    }

    protected override void OnExport(Activity data)
    {
        if (stopping)
        {
            tally.Add(Fate.Stopped);
            return;
        }

        var count = Interlocked.Increment(ref waiting);
        if (count > options.MaxQueueSize)
        {
            Interlocked.Decrement(ref waiting);
            tally.Add(Fate.QueueFull);
            return;
        }

        queue.Enqueue(data);
        if (count == options.MaxExportBatchSize) wake.Set();
    }

    protected override bool OnForceFlush(int timeoutMilliseconds)
    {
        if (!thread.IsAlive) return false;
        using var done = new ManualResetEventSlim();
        lock (waitersGate) waiters.Add(done);
        wake.Set();
        try
        {
            return done.Wait(timeoutMilliseconds) && !failing;
        }
        finally
        {
            lock (waitersGate) waiters.Remove(done);
        }
    }

    protected override bool OnShutdown(int timeoutMilliseconds)
    {
        buffer.Close();
        stopping = true;
        stop.Set();
        wake.Set();
        var began = Stopwatch.GetTimestamp();
        if (!thread.Join(timeoutMilliseconds))
        {
            // Whatever hangs ends now; the thread then finds that it has lost.
            lost = true;
            gate?.Abort();
            thread.Join(TimeSpan.FromMilliseconds(300));
        }

        DropAll();
        var left = timeoutMilliseconds < 0 ? timeoutMilliseconds : Math.Max(0, timeoutMilliseconds - (int)Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        return exporter.Shutdown(left);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !thread.IsAlive)
        {
            wake.Dispose();
            stop.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Run()
    {
        // Nothing in here may become a span.
        using var silence = SuppressInstrumentationScope.Begin();
        var batch = new Activity[options.MaxExportBatchSize];
        while (true)
        {
            try
            {
                wake.WaitOne(stopping ? TimeSpan.Zero : options.BatchDelay);
                List<ManualResetEventSlim> asked;
                lock (waitersGate) (asked, waiters) = (waiters, []);
                buffer.Expire();
                Send(batch);
                Array.Clear(batch);
                lock (waitersGate) asked.ForEach(one => one.Set());
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                TelemetryEvents.Log.Unexpected("a batch of spans", e.GetType().Name);
            }

            if (stopping && (lost || queue.IsEmpty)) return;
        }
    }

    private void Send(Activity[] batch)
    {
        // Those that came meanwhile have their own turn.
        for (var left = Math.Max(1, Volatile.Read(ref waiting)); left > 0 && !lost;)
        {
            var count = 0;
            while (count < batch.Length && queue.TryDequeue(out var span)) batch[count++] = span;
            if (count == 0) return;
            Interlocked.Add(ref waiting, -count);
            left -= count;
            Deliver(batch, count);
        }
    }

    private void Deliver(Activity[] spans, int count)
    {
        var isLastTry = stopping;
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            gate?.Reset();
            if (exporter.Export(new Batch<Activity>(spans, count)) == ExportResult.Success)
            {
                tally.Add(Fate.Exported, count);
                Works();
                return;
            }

            switch (gate?.Outcome())
            {
                // Also where it did not get as far as the network: one span in it may be the reason.
                case ExportOutcome.TooLarge or null when count > 1:
                    Deliver(spans[..(count / 2)], count / 2);
                    Deliver(spans[(count / 2)..count], count - (count / 2));
                    return;
                case ExportOutcome.Later later:
                    Fails(later.Why);
                    if (!isLastTry)
                    {
                        // The end of the host cuts the pause short; then there is one more try.
                        isLastTry = stopping || !Waits(later.After ?? pause);
                        tally.Retried();
                        continue;
                    }

                    lost = true;
                    tally.Add(Fate.Stopped, count);
                    return;
                case ExportOutcome.Never never:
                    Fails(never.Why);
                    tally.Add(Fate.Refused, count);
                    return;
                default:
                    Fails("the exporter refused them");
                    tally.Add(Fate.Refused, count);
                    return;
            }
        }
    }

    // False where the end came first. With some chance in it, so that many applications do not come back at once.
    private bool Waits(TimeSpan pause) => !stop.Wait((pause < LongestPause ? pause : LongestPause) * (1 + (RandomNumberGenerator.GetInt32(250) / 1_000.0)));

    private void DropAll()
    {
        var count = 0;
        while (queue.TryDequeue(out _)) count++;
        Interlocked.Add(ref waiting, -count);
        tally.Add(Fate.Stopped, count);
    }

    private void Fails(string why)
    {
        if (TelemetryEvents.Log.IsEnabled()) TelemetryEvents.Log.Failed("spans", why);
        if (failing) return;
        failing = true;
        SendingFails(log, why);
    }

    private void Works()
    {
        if (!failing) return;
        failing = false;
        SendingWorks(log);
    }

    private sealed class Starts(SpanQueue queue) : BaseProcessor<Activity>
    {
        public override void OnStart(Activity data) => queue.Started(data);
    }

    [LoggerMessage(EventId = 510, Level = LogLevel.Warning, Message = "Spans cannot be sent ({Why}); they wait, and what finds no room is dropped")]
    private static partial void SendingFails(ILogger log, string why);

    [LoggerMessage(EventId = 511, Level = LogLevel.Information, Message = "Spans are sent again")]
    private static partial void SendingWorks(ILogger log);
}
