using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Rows;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Writing;

/// <summary>
/// The traces that batches touch: new ones, those kept in memory since a batch before, and older ones, read from the partitions they lie in.
/// </summary>
internal sealed class TraceStates(StoreFolder folder, int mostSpans) : IDisposable
{
    /// <summary>How much more the traces of the last batch may hold together: reading a long one back for every batch costs far more.</summary>
    private const long LongestShare = 4;

    private readonly Dictionary<TraceKey, LinkedListNode<TraceState>> hot = [];
    private readonly LinkedList<TraceState> order = [];
    private readonly Dictionary<string, PartitionReader?> readers = [];

    /// <summary>How many traces had to be read from partitions.</summary>
    public long Loaded { get; private set; }

    /// <summary>Those being read by the batch under way.</summary>
    public IEnumerable<string> Files => readers.Keys;

    public TraceState Get(TraceKey key)
    {
        if (hot.TryGetValue(key, out var node))
        {
            order.Remove(node);
            order.AddFirst(node);
            return node.Value;
        }

        var trace = new TraceState(key);
        foreach (var partition in folder.MayHold(key.TraceId))
            if (Reader(partition) is { } reader) LoadSummary(trace, partition, reader);
        trace.Shorten();
        if (!trace.IsTooLong)
        {
            foreach (var partition in folder.MayHold(key.TraceId))
            {
                if (Reader(partition) is not { } reader) continue;
                Load(trace, partition, reader, reader.SpansOf(key.TenantId, key.TraceId), reader.LogsOf(key.TenantId, key.TraceId));
            }
        }

        hot[key] = order.AddFirst(trace);
        return trace;
    }

    /// <summary>Reads one span of a trace that is too long to be held whole.</summary>
    public void Fetch(TraceState trace, SpanId span)
    {
        if (trace.Spans.ContainsKey(span)) return;
        foreach (var partition in folder.MayHold(trace.Key.TraceId))
        {
            if (Reader(partition) is not { } reader) continue;
            Load(trace, partition, reader, reader.SpansOf(trace.Key.TenantId, trace.Key.TraceId, span), reader.LogsOf(trace.Key.TenantId, trace.Key.TraceId, span));
        }
    }

    /// <summary>After a commit: gives readers back and forgets the traces that were not touched for longest.</summary>
    public void Settle(HashSet<TraceState> touched)
    {
        ReturnReaders();
        // Weighed anew each time: a trace grows while it is kept. One of this batch, which may get more, weighs less than the others.
        var spans = 0L;
        for (var node = order.First; node is not null;)
        {
            var next = node.Next;
            node.Value.Shorten();
            spans += node.Value.Spans.Count + 1;
            if (spans > (touched.Contains(node.Value) ? mostSpans * LongestShare : mostSpans))
            {
                order.Remove(node);
                hot.Remove(node.Value.Key);
            }

            node = next;
        }
    }

    /// <summary>What is in memory may not be what was committed.</summary>
    public void Forget()
    {
        ReturnReaders();
        hot.Clear();
        order.Clear();
    }

    public void Dispose() => Forget();

    private void ReturnReaders()
    {
        foreach (var reader in readers.Values) reader?.Dispose();
        readers.Clear();
    }

    private PartitionReader? Reader(Partition partition) =>
        readers.TryGetValue(partition.File, out var reader) ? reader : OpenReader(partition);

    private PartitionReader? OpenReader(Partition partition)
    {
        // Named before it is opened, so that it is among those looked at when that fails.
        readers[partition.File] = null;
        return readers[partition.File] = folder.Open(partition);
    }

    private void LoadSummary(TraceState trace, Partition partition, PartitionReader reader)
    {
        using var row = reader.SummaryOf(trace.Key.TenantId, trace.Key.TraceId);
        if (!row.Read() || folder.History.IsMoved(partition.File, trace.Key.TenantId, row.GetInt32(2))) return;
        trace.SummaryFiles.Add(partition.File);
        var summary = TraceRow.Read(row, reader);
        if (trace.Summary is null || summary.Number > trace.Summary.Number) trace.Summary = summary;
    }

    private void Load(TraceState trace, Partition partition, PartitionReader reader, SqliteDataReader spans, SqliteDataReader logs)
    {
        Loaded++;
        using (spans)
            while (spans.Read()) Take(trace, partition, Judged(SpanRows.Read(spans, reader), spans), spans.IsDBNull(SpanRows.ColumnCount) ? 0 : spans.GetInt64(SpanRows.ColumnCount));
        using (logs)
        {
            while (logs.Read())
            {
                trace.Put(
                    new SpanId(unchecked((ulong)logs.GetInt64(0))),
                    new LogPlace(new Timestamp(logs.GetInt64(1)), new SpanVersion(logs.GetInt64(2), logs.GetInt32(3))));
            }
        }
    }

    private static SpanRow Judged(SpanRow row, SqliteDataReader from) =>
        !row.IsCall || from.IsDBNull(SpanRows.ColumnCount + 1) || row.Span.Call is not { } call ? row
            : row with { Span = row.Span with { Call = call with { Feedback = (Liking)from.GetInt64(SpanRows.ColumnCount + 1) } } };

    private void Take(TraceState trace, Partition partition, SpanRow row, long overflow)
    {
        // Its figures stand elsewhere, and it is about to be deleted.
        if (folder.History.IsMoved(partition.File, row.Span.TenantId, row.Span.AppId)) return;
        var stored = new StoredSpan(partition.File, partition.Day, row.Id, row.Span, row.Version, row.IsCall, overflow);
        var state = new SpanState
        {
            Raw = row.Raw,
            Version = row.Version,
            Length = row.Length,
            ReceivedAt = row.ReceivedAt,
            LogsSeen = int.MaxValue,
            Stored = stored,
        };
        if (!trace.Spans.TryGetValue(row.Span.SpanId, out var other))
        {
            trace.Put(state);
            return;
        }

        // Two rows of one span: it was moved, and a stop came between the two files.
        var later = row.Version.CompareTo(other.Version) > 0;
        (trace.LeftBehind ??= []).Add(later ? other.Stored! : stored);
        if (later) trace.Put(state);
    }
}
