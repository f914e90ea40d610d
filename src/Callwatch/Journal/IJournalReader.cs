namespace Callwatch.Journal;

/// <summary>
/// A reader that keeps its own durable place (the store, in its partitions) instead of one in <see cref="ICursors"/>: registered so that
/// System can show its lag and retention can say what it lost.
/// </summary>
public interface IJournalReader
{
    string Name { get; }

    /// <summary>The last record it is durably done with; number 0 before the first, null while that is not known yet.</summary>
    Position? Place { get; }

    /// <summary>The highest number of a record that anything it keeps may refer to, of whatever epoch: the journal gives none of them away again.</summary>
    long HighestNumber => Place?.Number ?? 0;
}

/// <summary>How a durable place stands to the journal as it is now.</summary>
public enum PlaceStanding
{
    /// <summary>Reading can go on behind it.</summary>
    Fits,

    /// <summary>Reading can go on, but retention has taken records the reader had not seen.</summary>
    Expired,

    /// <summary>It belongs to a journal from before a restore: a person has to choose where to go on.</summary>
    OtherEpoch,

    /// <summary>The journal ends before it, and knows nothing of the records up to there: a person has to choose where to go on.</summary>
    BeyondHead,
}

public static class JournalPlaces
{
    /// <summary>Whether a reader may go on from its place. It never skips on its own: only <see cref="PlaceStanding.Fits"/> and <see cref="PlaceStanding.Expired"/> may.</summary>
    public static PlaceStanding StandingOf(this IJournal journal, Position place) =>
        place.Epoch != journal.Epoch ? PlaceStanding.OtherEpoch
        : place.Number > journal.LastGiven ? PlaceStanding.BeyondHead
        : place.Number + 1 < journal.FirstNumber ? PlaceStanding.Expired
        : PlaceStanding.Fits;
}
