using Callwatch.Journal;

namespace Callwatch.Forward;

/// <summary>
/// The journal records read last. Traces that were sent in one request settle one after the other: without this each would have the whole
/// request read once more.
/// </summary>
/// <param name="most">Bytes of payloads; the newest is kept whatever its size.</param>
internal sealed class RecentRecords(IJournal journal, long most)
{
    private readonly Lock gate = new();
    private readonly Dictionary<long, LinkedListNode<JournalRecord>> held = [];
    private readonly LinkedList<JournalRecord> order = [];
    private long bytes;

    public JournalRecord? Find(long number)
    {
        lock (gate)
        {
            if (held.TryGetValue(number, out var known))
            {
                order.Remove(known);
                order.AddLast(known);
                return known.Value;
            }
        }

        var record = journal.Find(number);
        if (record is not null) Keep(record);
        return record;
    }

    private void Keep(JournalRecord record)
    {
        lock (gate)
        {
            if (held.ContainsKey(record.Number)) return;
            held[record.Number] = order.AddLast(record);
            bytes += record.Payload.Length;
            while (bytes > most && order is { Count: > 1, First: { } oldest })
            {
                order.RemoveFirst();
                held.Remove(oldest.Value.Number);
                bytes -= oldest.Value.Payload.Length;
            }
        }
    }
}
