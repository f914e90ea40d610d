using Callwatch.Control.Secrets;
using Callwatch.Journal;
using Callwatch.Query;

namespace Callwatch.Diagnose;

/// <summary>A data folder that is being looked at.</summary>
/// <param name="Data">Its path.</param>
/// <param name="Journal">The journal as it is open; null when it could not be opened, of which the folder's check has told.</param>
/// <param name="Places">Where the readers of the journal stand.</param>
/// <param name="Ready">Null where no server runs on it; else whether it can do its work, and why not.</param>
/// <param name="Deep">Whether to read every record and every page.</param>
internal sealed record Examined(string Data, SegmentJournal? Journal, IReadOnlyList<(string Reader, Position Place)> Places, (bool Ready, string? Reason)? Ready, bool Deep, TimeProvider Time)
{
    public CallwatchOptions Paths { get; } = new() { Data = Data };

    /// <summary>How deliveries to destinations fare; none where no server runs.</summary>
    public IReadOnlyList<LaneView> Lanes { get; init; } = [];

    /// <summary>Where the master key comes from.</summary>
    public required SecretsOptions Secrets { get; init; }

    /// <summary>How the readers of the journal fare; none where no server runs.</summary>
    public IReadOnlyList<ReaderStatus> Readers { get; init; } = [];

    /// <summary>Folders that hold databases, as they lie in the data folder.</summary>
    public IEnumerable<string> Databases() =>
        Directory.EnumerateFiles(Data, "*.db")
            .Concat(((string[])["store", "search", "settled"]).Select(folder => Path.Combine(Data, folder)).Where(Directory.Exists).SelectMany(folder => Directory.EnumerateFiles(folder, "*.db")))
            .Order(StringComparer.Ordinal);
}

/// <summary>One thing that is looked at. A check never changes anything and throws only what the disk throws.</summary>
internal interface ICheck
{
    /// <summary>One word.</summary>
    string Name { get; }

    /// <summary>Nothing: all is well.</summary>
    IEnumerable<Finding> Run(Examined data, CancellationToken cancel);
}
