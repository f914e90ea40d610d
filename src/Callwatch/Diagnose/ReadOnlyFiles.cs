using Callwatch.Journal.Writing;

namespace Callwatch.Diagnose;

/// <summary>A disk that takes nothing: the journal opens and reads as after a start, and leaves everything as it is.</summary>
internal sealed class ReadOnlyFiles : IJournalFiles
{
    public static ReadOnlyFiles Instance { get; } = new();

    public IJournalFile Create(string path, long size) => throw Refused();

    public IJournalFile Open(string path) => throw Refused();

    public void Rename(string from, string to) => throw Refused();

    public void Delete(string path) => throw Refused();

    public void SyncFolder(string folder) => throw Refused();

    private static IOException Refused() => new("Nothing is written here.");
}
