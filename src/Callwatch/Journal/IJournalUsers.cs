namespace Callwatch.Journal;

/// <summary>Readers that come and go, and whose places are not numbers of the journal (the lanes): retention asks what they lose with what it takes.</summary>
public interface IJournalUsers
{
    /// <summary>What each loses with the records from the first to the last number: its name, and how many things.</summary>
    IReadOnlyList<(string Name, long Count)> LossesOf(long first, long last);
}
