using Callwatch.Journal;

namespace Callwatch.Forward;

/// <summary>
/// The journal records read last. Traces that were sent in one request settle one after the other: without this each would have the whole
/// request read once more. What has been sealed meanwhile is read some megabytes at a time, because what a request brought lies all over a
/// sealed window, and for one request nearly as much has to be inflated as for a thousand.
/// </summary>
/// <param name="most">Bytes of payloads; the newest is kept whatever its size.</param>
/// <param name="ahead">Bytes that are read on at a time, beside those.</param>
internal sealed class RecentRecords(IJournal journal, long most, long ahead = 0)
{
    // One who has asked for so many in a row, none far from the one before, goes through all of them.
    private const int InARow = 3;
    private const int Near = 256;
    private const int Places = 4;

    // Where little of what was read on is asked for, as by lanes that stand far apart, so many are read one by one before it is tried again.
    private const int Patience = 64;

    private readonly Lock gate = new();
    private readonly Shelf asked = new(most);
    private readonly Shelf unasked = new(ahead);
    private readonly List<(long Last, int Row)> places = [];
    private int readOn;
    private int askedOfThem;
    private int oneByOne;

    public JournalRecord? Find(long number, int tenantId)
    {
        bool on;
        lock (gate)
        {
            if (unasked.Take(number) is { } waiting)
            {
                askedOfThem++;
                asked.Put(waiting);
            }

            if (asked.Take(number) is { } known)
            {
                asked.Put(known);
                return known;
            }

            on = ReadsOn(number);
        }

        var records = on ? journal.FindOn(number, tenantId, ahead) : journal.Find(number) is { } one ? [one] : [];
        foreach (var record in records) MemoryKeeper.Read(record.Payload.Length);
        lock (gate)
        {
            foreach (var record in records.Skip(1)) unasked.Put(record);
            if (records.Count > 0) asked.Put(records[0]);
            if (records.Count > 1)
            {
                (readOn, askedOfThem, oneByOne) = (records.Count - 1, 0, 0);
                Place(records[^1].Number, InARow);
            }
        }

        return records is [var found, ..] ? found : null;
    }

    private bool ReadsOn(long number)
    {
        if (ahead == 0) return false;
        var at = places.FindIndex(place => number > place.Last && number <= place.Last + Near);
        var row = at < 0 ? 0 : places[at].Row + 1;
        if (at >= 0) places.RemoveAt(at);
        Place(number, row);
        return row >= InARow && (askedOfThem * 2 >= readOn || ++oneByOne >= Patience);
    }

    private void Place(long last, int row)
    {
        if (places.Count == Places) places.RemoveAt(0);
        places.Add((last, row));
    }

    /// <summary>Records up to so many bytes; the oldest go.</summary>
    private sealed class Shelf(long most)
    {
        private readonly Dictionary<long, LinkedListNode<JournalRecord>> held = [];
        private readonly LinkedList<JournalRecord> order = [];
        private long bytes;

        public JournalRecord? Take(long number)
        {
            if (!held.Remove(number, out var node)) return null;
            order.Remove(node);
            bytes -= node.Value.Payload.Length;
            return node.Value;
        }

        public void Put(JournalRecord record)
        {
            if (held.ContainsKey(record.Number)) return;
            held[record.Number] = order.AddLast(record);
            bytes += record.Payload.Length;
            while (bytes > most && order is { Count: > 1, First: { } oldest }) Take(oldest.Value.Number);
        }
    }
}
