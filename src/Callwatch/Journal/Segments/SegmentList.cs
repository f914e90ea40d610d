namespace Callwatch.Journal.Segments;

/// <summary>
/// The parts in the order of their numbers. The writer adds at the end, retention takes away, sealing puts a window in the place of segments;
/// readers see a snapshot.
/// </summary>
internal sealed class SegmentList(IEnumerable<JournalPart> parts)
{
    private readonly Lock gate = new();
    private volatile JournalPart[] all = [.. parts];

    public IReadOnlyList<JournalPart> All => all;

    /// <summary>
    /// In the place of one that begins with the same number: it ended without a record, and its name is now this one's. Were it still listed, whoever takes
    /// it away would take the new file.
    /// </summary>
    public void Add(Segment segment)
    {
        lock (gate) all = [.. all.Where(other => other.FirstNumber != segment.FirstNumber), segment];
    }

    public void Remove(JournalPart part)
    {
        lock (gate) all = [.. all.Where(other => other != part)];
    }

    /// <summary>Puts one part in the place of neighbours, all at once; without one the neighbours are only removed.</summary>
    public void Replace(IReadOnlyCollection<JournalPart> neighbours, JournalPart? part)
    {
        lock (gate)
        {
            var rest = all.Where(other => !neighbours.Contains(other));
            all = [.. (part is null ? rest : rest.Append(part)).OrderBy(other => other.FirstNumber)];
        }
    }

    /// <summary>The part in which a number lies, or else the first after it.</summary>
    public JournalPart? Holding(long number)
    {
        var snapshot = all;
        var (low, high) = (0, snapshot.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (snapshot[middle].FirstNumber <= number) low = middle + 1;
            else high = middle;
        }

        if (low > 0 && (!snapshot[low - 1].IsFull || snapshot[low - 1].LastNumber >= number)) return snapshot[low - 1];
        return low < snapshot.Length ? snapshot[low] : null;
    }
}
