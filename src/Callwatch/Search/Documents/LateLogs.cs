using Callwatch.Journal;
using Callwatch.Normalize;
using Callwatch.Spans;

namespace Callwatch.Search.Documents;

/// <summary>Whose a log record is.</summary>
internal readonly record struct SpanKey(int Tenant, TraceId Trace, SpanId Span);

/// <summary>
/// Messages told by log records come by another way than their span. Those that come before it wait here for it, as numbers only and not for ever.
/// For those that come after it, its end is remembered for a while.
/// </summary>
internal sealed class LateLogs(IJournal journal)
{
    private const int MostWaiting = 20_000;
    private const int MostEnds = 50_000;

    private readonly Dictionary<SpanKey, List<(long Number, int Offset)>> waiting = [];
    private readonly Queue<(SpanKey Key, long Number)> order = new();
    private readonly Dictionary<SpanKey, Timestamp> ends = [];
    private readonly Queue<SpanKey> endOrder = new();

    /// <summary>The oldest record that waits; null when none does.</summary>
    public long? Oldest => order.Count > 0 ? order.Peek().Number : null;

    public void Wait(SpanKey key, long number, int offset)
    {
        if (!waiting.TryGetValue(key, out var list)) waiting[key] = list = [];
        list.Add((number, offset));
        order.Enqueue((key, number));
        while (order.Count > MostWaiting) Forget(order.Dequeue());
    }

    /// <summary>The log records that came before the span.</summary>
    public void Take(SpanKey key, List<JoinedLog> into)
    {
        if (!waiting.Remove(key, out var list)) return;
        foreach (var (number, offset) in list)
            if (journal.FindItems(number, offset) is { } record) into.Add(new JoinedLog(record.Payload, offset));
        while (order.Count > 0 && !waiting.ContainsKey(order.Peek().Key)) order.Dequeue();
    }

    public void Ended(SpanKey key, Timestamp end)
    {
        if (!ends.TryAdd(key, end)) return;
        endOrder.Enqueue(key);
        while (endOrder.Count > MostEnds) ends.Remove(endOrder.Dequeue());
    }

    public Timestamp? EndOf(SpanKey key) => ends.TryGetValue(key, out var end) ? end : null;

    private void Forget((SpanKey Key, long Number) old)
    {
        if (waiting.TryGetValue(old.Key, out var list) && list[0].Number <= old.Number) waiting.Remove(old.Key);
    }
}
