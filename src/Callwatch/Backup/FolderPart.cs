using Callwatch.Backup.Copying;
using Callwatch.Journal;
using Callwatch.Store.Reading;
using Callwatch.Store.Reindexing;
using Callwatch.Store.Writing;

namespace Callwatch.Backup;

/// <summary>
/// A folder of databases and other files. Its databases may keep the place of a reader in a table <c>position</c> (epoch, number), one row;
/// the one named first holds it for the others and is copied before them.
/// </summary>
internal sealed class FolderPart(string name, string data, string first, (StoreWriter Writer, WriterThread Thread)? writer = null) : BackupPart
{
    private static readonly string[] NotKept = ["-wal", "-shm", "-journal", ".tmp", ".new", ".lock"];

    public override string Name => name;

    public override async Task CopyAsync(BackupTarget target, CancellationToken cancel)
    {
        var folder = Path.Combine(data, name);
        if (!Directory.Exists(folder)) return;

        // It never claims more than the others hold, so what they have beyond it is found there and read again; the other way round something would be missing.
        if (first.Length > 0) await CopyAsync(folder, first, target, cancel);

        // As listed now: a file that is made from here on holds only what comes after the place copied above.
        foreach (var file in FilesBelow(folder).Where(file => file != first)) await CopyAsync(folder, file, target, cancel);
    }

    public override IEnumerable<(string Reader, Position Place)> PlacesIn(string folder, bool inUse) =>
        from file in Databases(folder)
        from place in (inUse ? PositionTable.ReadInUse(Path.Combine(folder, name, file)) : PositionTable.Read(Path.Combine(folder, name, file))) is { } known ? new[] { known } : []
        select (file == first ? name : name + "/" + file, place);

    public override void Move(string folder, Func<Position, bool> fits, Guid epoch)
    {
        foreach (var file in Databases(folder)) PositionTable.Move(Path.Combine(folder, name, file), fits, epoch);
    }

    private async Task CopyAsync(string folder, string file, BackupTarget target, CancellationToken cancel)
    {
        var (source, path) = (Path.Combine(folder, file), name + "/" + file.Replace('\\', '/'));
        if (file.EndsWith(".db", StringComparison.Ordinal)) await Copying.Databases.CopyAsync(source, path, target, writer, cancel);
        else target.Copy(source, path, length: null, cancel);
    }

    private IEnumerable<string> Databases(string folder) =>
        Directory.Exists(Path.Combine(folder, name)) ? FilesBelow(Path.Combine(folder, name)).Where(file => file.EndsWith(".db", StringComparison.Ordinal)) : [];

    // Days that are being rebuilt are nobody's yet, and may go at any moment.
    private static bool IsBeingMade(string file) => file.StartsWith(ReindexTools.FolderName + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static List<string> FilesBelow(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file))
            .Where(file => !IsBeingMade(file) && !NotKept.Any(ending => file.EndsWith(ending, StringComparison.Ordinal))).Order(StringComparer.Ordinal),
    ];
}
