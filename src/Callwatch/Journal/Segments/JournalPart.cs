using Callwatch.Spans;

namespace Callwatch.Journal.Segments;

/// <summary>A stretch of consecutive numbers on disk: a segment as it was written, or several of them sealed.</summary>
internal abstract class JournalPart
{
    private readonly Lock gate = new();
    private readonly HashSet<long> damagedAt = [];

    /// <summary>No record here has a lower number.</summary>
    public abstract long FirstNumber { get; }

    /// <summary>Number of the last synced record; the first number less one while there is none.</summary>
    public abstract long LastNumber { get; }

    /// <summary>What earlier parts hold beyond this was never acknowledged and is not read.</summary>
    public abstract long NumberBefore { get; }

    /// <summary>Whether nothing is added any more.</summary>
    public abstract bool IsFull { get; }

    /// <summary>Size of its files, room not yet used included.</summary>
    public abstract long SizeBytes { get; }

    public abstract int FileCount { get; }

    /// <summary>For logs: one of its files, or its only one.</summary>
    public abstract string Name { get; }

    /// <summary>When the first record came; null while there is none.</summary>
    public abstract Timestamp? FirstReceivedAt();

    /// <summary>Reads on from a number.</summary>
    /// <exception cref="FileNotFoundException">Retention has taken a file, or it has just been sealed.</exception>
    public abstract IPartReader OpenReader(long from, Damage damage);

    /// <summary>One record; null when it is not there or damaged.</summary>
    /// <param name="offsets">Where in the payload something is wanted: the rest of it need not be filled in. None for all of it.</param>
    /// <exception cref="FileNotFoundException">Retention has taken a file, or it has just been sealed.</exception>
    public abstract JournalRecord? Find(long number, ReadOnlySpan<int> offsets, Damage damage);

    /// <summary>True the first time damage at this place is met, so that several readers count it once.</summary>
    public bool IsNewDamage(long place)
    {
        lock (gate) return damagedAt.Add(place);
    }
}

/// <summary>One reader's place in a part.</summary>
internal interface IPartReader : IDisposable
{
    /// <summary>The first intact record from <paramref name="from"/> to <paramref name="through"/>; null when there is none (yet). Each call asks for a later one.</summary>
    JournalRecord? Read(long from, long through);
}
