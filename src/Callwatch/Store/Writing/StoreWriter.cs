using Callwatch.Journal;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Rollups;
using Callwatch.Telemetry;

namespace Callwatch.Store.Writing;

/// <summary>
/// Writes batches into partitions. What stands there is a function of the set of the latest copies of spans and of the log records joined
/// to them, whatever order they came in: storing something again changes nothing. That, and the position kept last, is what makes each
/// acknowledged span stored exactly once. For one thread; after an exception the next batch must follow on what was committed.
/// </summary>
internal sealed class StoreWriter : IDisposable
{
    private readonly StoreFolder folder;
    private readonly SpanAgain again;
    private readonly Counters counters;
    private readonly OpenPartitions partitions;
    private readonly TraceStates traces;
    private readonly TraceVerdicts verdicts;
    private readonly HashSet<TraceState> touched = [];
    private readonly HashSet<(TraceState Trace, SpanId Span)> toJoin = [];
    private readonly List<(SpanState State, Span Judged, bool Counts)> judged = [];
    private readonly List<Span> newCalls = [];
    private TraceChange change = new();

    public StoreWriter(StoreFolder folder, StoreOptions options, PriceOf price, SpanAgain again, Counters counters)
    {
        this.folder = folder;
        this.again = again;
        this.counters = counters;
        partitions = new OpenPartitions(folder, options);
        traces = new TraceStates(folder, options.HotSpans);
        verdicts = new TraceVerdicts(price);
    }

    /// <summary>Called before each commit with the name of the file about to be committed: for tests that stop there.</summary>
    public Action<string>? BeforeCommit { get; set; }

    /// <summary>How many times a trace had to be read back from a partition.</summary>
    public long TracesRead => traces.Loaded;

    /// <summary>Partitions with commits that may not be on disk yet; cleared by whoever makes a checkpoint of them.</summary>
    public HashSet<string> Unsynced { get; } = [];

    /// <summary>The files that a batch was at when it failed.</summary>
    public IReadOnlySet<string> Suspects { get; private set; } = new HashSet<string>();

    /// <summary>Stores a batch; the answer is the calls that are new by it.</summary>
    public IReadOnlyList<Span> Apply(StoreBatch batch)
    {
        Run(batch.Last, () =>
        {
            foreach (var span in batch.Spans) Take(span);
            foreach (var log in batch.Logs) Take(log);
            foreach (var (trace, span) in toJoin) Join(trace, span);
        });
        return [.. newCalls];
    }

    /// <summary>Judges stored traces once more; <paramref name="revise"/> may change what their spans said of themselves before. Doing it again changes nothing.</summary>
    public void JudgeAgain(IEnumerable<TraceKey> keys, Action<TraceState>? revise = null)
    {
        if (folder.Catalog.Position is not { } position) return;
        Run(position, () =>
        {
            foreach (var key in keys)
            {
                var trace = traces.Get(key);
                touched.Add(trace);
                revise?.Invoke(trace);
            }
        });
    }

    /// <summary>Of a trace too long to be held whole: reads the span, so that it can be revised.</summary>
    public void Fetch(TraceState trace, SpanId span) => traces.Fetch(trace, span);

    /// <summary>The connection a file is written through, to copy from between batches; null when it is not open.</summary>
    public Microsoft.Data.Sqlite.SqliteConnection? ConnectionOf(string file) => partitions.ConnectionOf(file);

    /// <summary>Lets go of a file, so that it can be closed or unlinked.</summary>
    public void Release(string file)
    {
        partitions.Close(file);
        traces.Forget();
    }

    /// <summary>Lets go of everything that can be opened or read again.</summary>
    public void Rest()
    {
        partitions.Dispose();
        traces.Forget();
    }

    public void Dispose()
    {
        partitions.Dispose();
        traces.Dispose();
    }

    private void Run(Position last, Action take)
    {
        try
        {
            newCalls.Clear();
            touched.Clear();
            toJoin.Clear();
            take();
            foreach (var trace in touched) Write(trace);
            Commit(last);
            traces.Settle(touched);
            partitions.Settle();
        }
        catch
        {
            Suspects = partitions.Files.Concat(traces.Files).ToHashSet(StringComparer.Ordinal);
            // What was not committed is undone by closing; what was stays, and storing the batch again finds it there.
            partitions.Dispose();
            traces.Forget();
            throw;
        }
    }

    private void Take(in ArrivedSpan arrived)
    {
        var span = arrived.Span;
        var trace = traces.Get(new TraceKey(span.TenantId, span.TraceId));
        touched.Add(trace);
        if (trace.IsTooLong) TakeFromTooLong(trace, span.SpanId);
        if (!trace.Spans.TryGetValue(span.SpanId, out var state))
        {
            trace.Put(new SpanState
            {
                Raw = StoredForm.Of(span),
                Version = arrived.Version,
                Length = arrived.Length,
                ReceivedAt = arrived.ReceivedAt,
                LogsSeen = arrived.LogsSeen,
            });
        }
        else if (arrived.Supersedes(state.Version))
        {
            counters.Add(Reason.SpanReplaced, tenantId: span.TenantId);
            (state.Raw, state.Version, state.Length) = (StoredForm.Of(span), arrived.Version, arrived.Length);
            (state.ReceivedAt, state.LogsSeen) = (arrived.ReceivedAt, arrived.LogsSeen);
            trace.Saw(state.Raw);
        }
        else
        {
            return;
        }

        // Log records of batches before: it was normalised without them.
        if (trace.Logs?.ContainsKey(span.SpanId) == true) toJoin.Add((trace, span.SpanId));
    }

    private void TakeFromTooLong(TraceState trace, SpanId span)
    {
        traces.Fetch(trace, span);
        counters.Add(Reason.TraceTooLong, tenantId: trace.Key.TenantId);
    }

    private void Take(in ArrivedLog log)
    {
        var trace = traces.Get(new TraceKey(log.TenantId, log.TraceId));
        touched.Add(trace);
        if (trace.IsTooLong) traces.Fetch(trace, log.SpanId);
        // By the day it came: its own time can be anything, and its span's is not known yet.
        partitions.For(Partition.DayOf(log.ReceivedAt)).AddLog(log);
        trace.Put(log.SpanId, log.Place);
        toJoin.Add((trace, log.SpanId));
    }

    private void Join(TraceState trace, SpanId spanId)
    {
        if (!trace.Spans.TryGetValue(spanId, out var state)) return;
        var logs = trace.Logs![spanId];
        if (logs.Count == state.LogsSeen || again(state.Raw, state.Version, state.ReceivedAt, [.. logs]) is not { } span) return;
        (state.Raw, state.LogsSeen) = (StoredForm.Of(span), logs.Count);
        trace.Saw(state.Raw);
    }

    private void Write(TraceState trace)
    {
        foreach (var left in trace.LeftBehind ?? []) partitions.Of(left.File).Remove(left);
        trace.LeftBehind = null;
        if (trace.Spans.Count == 0) return;
        verdicts.Judge(trace, judged);
        change = new TraceChange();
        Span? last = null;
        var lastFile = "";
        foreach (var (state, span, counts) in judged)
        {
            if (!IsStored(state, span, counts)) Place(state, span, counts);
            if (last is null || IsAfter(span, last)) (last, lastFile) = (span, state.Stored!.File);
        }

        WriteRecords();
        WriteSummary(trace, lastFile);
    }

    private void WriteRecords()
    {
        var records = TraceRecords.Of(judged);
        for (var i = 0; i < judged.Count; i++)
        {
            // One that is not to be counted may have been until now.
            if (RecordFigures.IsRecord(judged[i].Judged.Kind)) partitions.Of(judged[i].State.Stored!.File).PutRecord(judged[i].State.Stored!, records?[i]);
        }
    }

    private static bool IsStored(SpanState state, Span span, bool counts) =>
        state is { IsChanged: false, Stored: { } stored } && stored.IsCall == counts && TraceVerdicts.Same(stored.Judged, span);

    private void Place(SpanState state, Span span, bool counts)
    {
        var before = state.Stored;
        var day = Partition.DayOf(span.End);
        var stays = before?.Day == day;
        var target = stays ? partitions.Of(before!.File) : partitions.For(day);
        if (before is not null && !stays) partitions.Of(before.File).Remove(before);
        state.Stored = target.Put(state, span, counts, stays ? before : null);
        change.Add(before, state);
        if (counts && before is not { IsCall: true }) newCalls.Add(span);
        if (span.MergedInto is not null && before?.Judged.MergedInto is null) counters.Add(Reason.CallMerged, tenantId: span.TenantId);
    }

    // In the partition of the trace's latest end, where lists by end look for it.
    private void WriteSummary(TraceState trace, string file)
    {
        TraceRow row;
        if (trace is { IsTooLong: true, Summary: { } known })
        {
            row = known.With(change);
            if (trace.SummaryFiles.Count > 0 && known.End == row.End) file = trace.SummaryFiles[0];
        }
        else
        {
            row = TraceRow.Of(trace, judged);
        }

        foreach (var other in trace.SummaryFiles.Where(other => other != file)) partitions.Of(other).RemoveTrace(trace.Key);
        if (trace.SummaryFiles.Contains(file) && trace.Summary?.Says(row) == true)
        {
            trace.SummaryFiles.RemoveAll(other => other != file);
            return;
        }

        partitions.Of(file).PutTrace(trace.Key, row);
        trace.SummaryFiles.Clear();
        trace.SummaryFiles.Add(file);
        trace.Summary = row;
    }

    private void Commit(Position last)
    {
        var files = partitions.Touched.ToList();
        foreach (var partition in files)
        {
            BeforeCommit?.Invoke(partition.Partition.File);
            partition.Commit(last.Number);
            Unsynced.Add(partition.Partition.File);
        }

        BeforeCommit?.Invoke("catalog.db");
        folder.Catalog.Commit(last, files.Select(partition => partition.Partition));
        folder.Publish();
    }

    private static bool IsAfter(Span a, Span b) => a.End == b.End ? a.SpanId.CompareTo(b.SpanId) > 0 : a.End > b.End;
}
