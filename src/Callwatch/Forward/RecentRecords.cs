using System.Runtime.InteropServices;
using Callwatch.Journal;

namespace Callwatch.Forward;

/// <summary>
/// The journal records read last. Traces that were sent in one request settle one after the other: without this each would have the whole
/// request read once more. What has been sealed meanwhile is read some megabytes at a time, because what a request brought lies all over a
/// sealed window, and for one request nearly as much has to be inflated as for a thousand. These lie in one piece of memory that is used again
/// for the next: what is handed out is a copy of its own.
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

    // Held only by the records that lie in it: a lane that has caught up gives it back.
    private readonly WeakReference<byte[]?> memory = new(null);
    private long lastInMemory;
    private bool isFilling;

    public JournalRecord? Find(long number, int tenantId)
    {
        bool on, intoMemory;
        lock (gate)
        {
            if (unasked.Take(number) is { } waiting)
            {
                askedOfThem++;
                asked.Put(OwnOf(waiting));
            }

            if (asked.Take(number) is { } known)
            {
                asked.Put(known);
                return known;
            }

            on = ReadsOn(number);
            intoMemory = on && TakesMemory(number);
        }

        try
        {
            var records = on ? journal.FindOn(number, tenantId, ahead, intoMemory ? Memory : null) : journal.Find(number) is { } one ? [one] : [];
            return Keep(records);
        }
        finally
        {
            if (intoMemory) Volatile.Write(ref isFilling, false);
        }
    }

    private JournalRecord? Keep(IReadOnlyList<JournalRecord> records)
    {
        if (records is not [var first, ..]) return null;
        lock (gate)
        {
            if (!LiesInMemory(first)) MemoryKeeper.Read(first.Payload.Length);
            first = OwnOf(first);
            asked.Put(first);

            // Those that would be too many are the last: the first are asked for next.
            var room = ahead;
            foreach (var record in records.Skip(1).TakeWhile(record => (room -= record.Payload.Length) >= 0))
            {
                if (LiesInMemory(record)) lastInMemory = record.Number;
                else MemoryKeeper.Read(record.Payload.Length);
                unasked.Put(record);
            }

            if (records.Count > 1)
            {
                (readOn, askedOfThem, oneByOne) = (records.Count - 1, 0, 0);
                Place(records[^1].Number, InARow);
            }
        }

        return first;
    }

    // To one at a time, and only when nothing lies in it that somebody may come to ask for.
    private bool TakesMemory(long number)
    {
        if (isFilling) return false;
        if (number > lastInMemory) unasked.Drop(LiesInMemory);
        return isFilling = !unasked.Any(LiesInMemory);
    }

    private byte[] Memory()
    {
        if (memory.TryGetTarget(out var known)) return known;
        var made = GC.AllocateUninitializedArray<byte>((int)Math.Min(ahead, Array.MaxLength));
        memory.SetTarget(made);
        return made;
    }

    private bool LiesInMemory(JournalRecord record) =>
        memory.TryGetTarget(out var known) && MemoryMarshal.TryGetArray(record.Payload, out var piece) && ReferenceEquals(piece.Array, known);

    private JournalRecord OwnOf(JournalRecord record)
    {
        if (!LiesInMemory(record)) return record;
        MemoryKeeper.Read(record.Payload.Length);
        return record with { Payload = record.Payload.ToArray() };
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

        public bool Any(Func<JournalRecord, bool> which) => order.Any(which);

        public void Drop(Func<JournalRecord, bool> which)
        {
            foreach (var record in order.Where(which).ToList()) Take(record.Number);
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
