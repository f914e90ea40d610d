using Callwatch.Journal;
using Callwatch.Normalize;
using Callwatch.Receive.Otlp;
using Callwatch.Spans;

namespace Callwatch.Settle;

/// <summary>
/// The traces that are not settled, and which of them are due. A function of the journal's records and the clock given; for one thread,
/// apart from <see cref="IsOpen"/>.
/// </summary>
/// <param name="closing">Told of a trace before it leaves the open ones, so that nobody finds it nowhere until it is committed.</param>
internal sealed class OpenTraces(SettleOptions options, Action<int, TraceId>? closing = null)
{
    // Records come nearly in the order of their receipt; what came so much later than now was stamped by a clock that has been put back since.
    private static readonly TimeSpan OutOfOrder = TimeSpan.FromMinutes(1);

    private readonly System.Collections.Concurrent.ConcurrentDictionary<(int Tenant, TraceId Trace), OpenTrace> traces = new();
    private readonly LinkedList<OpenTrace> byAge = [];

    // Each open trace stands here once, by a time not later than it is due; one that proves not to be due yet is put back.
    private readonly PriorityQueue<OpenTrace, Timestamp> byDue = new();
    private readonly List<(OpenTrace Trace, SettleReason Reason)> ready = [];
    private long waiting;

    public int Count => traces.Count;

    public long Waiting => waiting;

    /// <summary>The first journal number that somebody still needs; null when nothing is open.</summary>
    public long? FirstNumber => byAge.First?.Value.FirstNumber;

    public bool IsOpen(int tenantId, TraceId trace) => traces.ContainsKey((tenantId, trace));

    /// <summary>When the next trace is due, or may be; null when nothing is open.</summary>
    public Timestamp? NextDue => byDue.TryPeek(out _, out var due) ? due : null;

    /// <summary>Takes up what a record brings. <paramref name="isCovered"/> says which places earlier revisions have carried already.</summary>
    public void Take(JournalRecord record, Func<int, TraceId, long, int, bool>? isCovered)
    {
        if (record.Signal == Signal.Traces)
        {
            foreach (var span in OtlpSpan.In(record.Payload.Span))
            {
                if (isCovered?.Invoke(record.TenantId, span.TraceId, record.Number, span.Offset) == true) continue;
                var open = Open(record, span.TraceId);
                var before = open.Count;
                open.Add(span.SpanId, record.Number, span.Offset, span.Body.Length, IsRoot(span), record.ReceivedAt);
                waiting += open.Count - before;
                if (open.Count >= options.MostSpans || open.Bytes >= options.MostBytes) Close(open, SettleReason.Large);
            }
        }
        else if (record.Signal == Signal.Logs)
        {
            foreach (var log in OtlpLog.In(record.Payload.Span))
            {
                if (!SpanNormalizer.Joins(log) || isCovered?.Invoke(record.TenantId, log.TraceId, record.Number, log.Offset) == true) continue;
                Open(record, log.TraceId).AddLog(log.SpanId, record.Number, log.Offset, record.ReceivedAt, log.EventName.SequenceEqual("gen_ai.evaluation.result"u8));
            }
        }

        while (waiting > options.MostWaiting && byAge.First is { } oldest) Close(oldest.Value, SettleReason.Pressure);
    }

    /// <summary>What is to be settled at this moment, in order; each is open no more.</summary>
    public IReadOnlyList<(OpenTrace Trace, SettleReason Reason)> Settle(Timestamp now)
    {
        BelieveClock(now);
        while (byDue.TryPeek(out var trace, out var due) && due <= now)
        {
            byDue.Dequeue();
            if (trace.IsSettled) continue;
            if (trace.DueAt(options) is var later && later > now) byDue.Enqueue(trace, later);
            else Close(trace, trace.ReasonAt(now, options));
        }

        List<(OpenTrace, SettleReason)> settled = [.. ready];
        ready.Clear();
        return settled;
    }

    // Else they would wait until the clock has come to the time that it once was wrong by, which may be years.
    private void BelieveClock(Timestamp now)
    {
        var latest = now.Plus(options.Longest + OutOfOrder);
        if (byAge.First is not { } oldest || oldest.Value.FirstReceivedAt <= latest) return;
        for (var node = oldest; node is not null && node.Value.FirstReceivedAt > latest; node = node.Next) node.Value.CameAt(now);
        byDue.Clear();
        foreach (var trace in byAge) byDue.Enqueue(trace, trace.FirstReceivedAt.Plus(options.QuietAfterRoot));
    }

    private OpenTrace Open(JournalRecord record, TraceId trace)
    {
        if (traces.TryGetValue((record.TenantId, trace), out var open)) return open;
        open = new OpenTrace(record.TenantId, trace, record.Number, record.ReceivedAt);
        traces[(record.TenantId, trace)] = open;
        open.Node = byAge.AddLast(open);

        // The earliest it can be due; whether it is will be seen then.
        byDue.Enqueue(open, record.ReceivedAt.Plus(options.QuietAfterRoot));
        return open;
    }

    // Log records alone make no revision: they wait for their span, and go when they have waited long enough. Judgements are of use without it,
    // for their span has mostly been settled long ago; whether it has, whoever commits them knows.
    private void Close(OpenTrace trace, SettleReason reason)
    {
        trace.IsSettled = true;
        if (trace.HasNews) closing?.Invoke(trace.TenantId, trace.TraceId);
        traces.TryRemove((trace.TenantId, trace.TraceId), out _);
        byAge.Remove(trace.Node!);
        waiting -= trace.Count;
        if (trace.HasNews) ready.Add((trace, reason));
    }

    // A parent in another process never comes here: the sender says so in the flags (bits 8 and 9), else it is the side that was called.
    private static bool IsRoot(in OtlpSpan span) =>
        span.ParentSpanId.IsNone || (span.Flags & 0x300) == 0x300 || ((span.Flags & 0x100) == 0 && span.Kind is 2 or 5);
}
