using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Rows;

namespace Callwatch.Store.Writing;

/// <summary>
/// The traces that batches touch: new ones, those kept in memory since a batch before, and older ones, read from the partitions they lie in.
/// </summary>
internal sealed class TraceStates(StoreFolder folder, int mostSpans) : IDisposable
{
    private readonly Dictionary<TraceKey, LinkedListNode<TraceState>> hot = [];
    private readonly LinkedList<TraceState> order = [];
    private readonly Dictionary<string, PartitionReader?> readers = [];

    /// <summary>How many traces had to be read from partitions.</summary>
    public long Loaded { get; private set; }

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
            if (Reader(partition) is { } reader) Load(trace, partition, reader);
        hot[key] = order.AddFirst(trace);
        return trace;
    }

    /// <summary>After a commit: gives readers back and forgets the traces that were not touched for longest.</summary>
    public void Settle()
    {
        ReturnReaders();
        // Weighed anew each time: a trace grows while it is kept.
        var spans = 0;
        for (var node = order.First; node is not null;)
        {
            var next = node.Next;
            spans += node.Value.Spans.Count + 1;
            if (spans > mostSpans)
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
        readers.TryGetValue(partition.File, out var reader) ? reader : readers[partition.File] = folder.Open(partition);

    private void Load(TraceState trace, Partition partition, PartitionReader reader)
    {
        Loaded++;
        using (var row = reader.SpansOf(trace.Key.TenantId, trace.Key.TraceId))
            while (row.Read()) Take(trace, partition, SpanRows.Read(row, reader), row.IsDBNull(SpanRows.ColumnCount) ? 0 : row.GetInt64(SpanRows.ColumnCount));
        using (var row = reader.LogsOf(trace.Key.TenantId, trace.Key.TraceId))
        {
            while (row.Read())
            {
                trace.Put(
                    new SpanId(unchecked((ulong)row.GetInt64(0))),
                    new LogPlace(new Timestamp(row.GetInt64(1)), new SpanVersion(row.GetInt64(2), row.GetInt32(3))));
            }
        }

        using var summary = reader.SummaryOf(trace.Key.TenantId, trace.Key.TraceId);
        if (summary.Read()) trace.SummaryFiles.Add(partition.File);
    }

    private static void Take(TraceState trace, Partition partition, SpanRow row, long overflow)
    {
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
