using Callwatch.Spans;

namespace Callwatch.Forward.Lanes;

/// <summary>Items that go in one request, and how that has gone so far.</summary>
/// <param name="failures">Those it begins with, as a part of what has failed before.</param>
internal sealed class Part(List<Outgoing> items, int failures = 0)
{
    private HashSet<TraceId>? traces;

    public List<Outgoing> Items => items;

    /// <summary>In a row, as a whole.</summary>
    public int Failures { get; private set; } = failures;

    /// <summary>Of these the ones that were its own.</summary>
    public int OwnFailures { get; private set; }

    /// <summary>Before then (a timestamp) it is not its turn.</summary>
    public long NotBefore { get; set; } = long.MinValue;

    /// <summary>Of an item that stands alone, from its first failure on.</summary>
    public FailureRow? Row { get; private set; }

    public IReadOnlySet<TraceId> Traces => traces ??= [.. items.Select(item => item.Item.TraceId)];

    /// <summary>The request as a whole has failed.</summary>
    /// <returns>Whether others have passed since it last did.</returns>
    public bool Failed(Gate gate)
    {
        Failures++;
        OwnFailures++;
        if (items.Count > 1) return false;
        if (Row is not null) return Row.Failed(gate);
        Row = new FailureRow(gate);
        return false;
    }

    /// <summary>The platform has dealt with it, whatever it made of it.</summary>
    public void Answered() => (Failures, OwnFailures, NotBefore, Row) = (0, 0, long.MinValue, null);
}

/// <summary>
/// An item that stands alone and fails again and again, and how the platform has taken other things since its first failure. Whether it is to
/// blame is a question of chance: a platform that is overloaded and fails every other request at random makes rows of failures, too.
/// </summary>
internal sealed class FailureRow(Gate gate)
{
    private readonly (long Passed, long Failed) begun = (gate.Successes, gate.FailuresBeforeSuccess);
    private long seen = gate.Successes;

    /// <summary>Failures in a row before each of which something else had passed: those while nothing passes say nothing.</summary>
    public int Length { get; private set; }

    /// <returns>Whether others have passed since it last failed.</returns>
    public bool Failed(Gate gate)
    {
        var passed = gate.Successes;
        var beside = passed > seen;
        seen = passed;
        if (beside) Length++;
        return beside;
    }

    /// <summary>
    /// How probable such a row is if this item is like all others. Of p requests that passed and the f failures they had before, and the r of
    /// the row, each order is then as likely as any other; that all of the row's are failures has the chance (f+1)…(f+r) / (p+f+1)…(p+f+r).
    /// </summary>
    public double Chance(Gate gate)
    {
        var (passed, failed) = (gate.Successes - begun.Passed, gate.FailuresBeforeSuccess - begun.Failed);
        var chance = 1.0;
        for (var i = 1; i <= Length && chance > 0; i++) chance *= (double)(failed + i) / (passed + failed + i);
        return chance;
    }
}

/// <summary>
/// The requests of a stream that are still to be made. One that fails lets others go first, but none overtakes one before it that has a part
/// of the same trace. For one caller at a time.
/// </summary>
internal sealed class PartQueue(IEnumerable<Part> first)
{
    private readonly List<Part> parts = [.. first];

    public int Count => parts.Count;

    /// <summary>How many could go beside it: those that share no trace with it.</summary>
    public int Beside(Part part) => parts.Count(other => other != part && !other.Traces.Overlaps(part.Traces));

    /// <summary>The one whose turn it is, taken out; null when all have to wait.</summary>
    public Part? Take(long now)
    {
        if (Find(now, from: 0) is not { } index) return null;
        var part = parts[index];
        parts.RemoveAt(index);
        return part;
    }

    /// <summary>When the first of those has its turn that have to wait.</summary>
    public long NextAfter(long now) => parts.Where(part => part.NotBefore > now).Select(part => part.NotBefore).DefaultIfEmpty(now).Min();

    /// <summary>These go before all others.</summary>
    public void PutFirst(IEnumerable<Part> next) => parts.InsertRange(0, next);

    /// <summary>It has failed, and goes again when another has had its turn.</summary>
    /// <returns>Whether there is another.</returns>
    public bool PutBack(Part part, long now)
    {
        parts.Insert(0, part);
        if (Find(now, from: 1) is not { } index) return false;
        var other = parts[index];
        parts.RemoveAt(index);
        parts.Insert(0, other);
        return true;
    }

    private int? Find(long now, int from)
    {
        HashSet<TraceId>? passed = null;
        for (var i = 0; i < parts.Count; i++)
        {
            var part = parts[i];
            if (i >= from && part.NotBefore <= now && passed?.Overlaps(part.Traces) != true) return i;
            (passed ??= []).UnionWith(part.Traces);
        }

        return null;
    }
}
