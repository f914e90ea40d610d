namespace Callwatch.Settle;

/// <summary>Whoever keeps places in the settled sequence (the lanes), as far as the sequence has to know of them.</summary>
public interface ISettledReaders
{
    /// <summary>The highest number that anything they keep refers to: it is never given away again, whatever has become of the sequence's files.</summary>
    long HighestSeq { get; }

    /// <summary>Revisions up to the number are about to be forgotten, because the journal has none of their spans any more.</summary>
    /// <param name="waiting">How many of them a tenant has behind a number.</param>
    void Forgets(long through, Func<int, long, long> waiting);
}
