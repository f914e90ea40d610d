using System.Collections.Immutable;
using Callwatch.Store.Partitions;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.History;

/// <summary>
/// <c>history.db</c>: the figures of rows that are gone, and what has been moved there. It is made when the first rows go. Changed by the
/// store's upkeep alone; <see cref="Moved"/> may be read by anybody.
/// </summary>
public sealed class HistoryFile
{
    public const string File = "history.db";

    /// <summary>In the place of tenant and app: the whole file.</summary>
    internal const int All = 0;

    private readonly string folder;

    public HistoryFile(string folder)
    {
        this.folder = folder;
        if (!Exists) return;
        try
        {
            using var connection = Open();
            Moved = Read(connection);
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB)
        {
            // Its figures are lost, unless a backup has them; everything else goes on.
            DamagedFiles.SetAside(folder, File);
        }
    }

    public bool Exists => System.IO.File.Exists(Path.Combine(folder, File));

    /// <summary>File, tenant and app of what is not to be read, nor changed, where it came from.</summary>
    internal ImmutableHashSet<(string File, int Tenant, int App)> Moved { get; private set; } = [];

    internal bool IsMoved(string file) => Moved.Contains((file, All, All));

    internal bool IsMoved(string file, int tenant, int app) => !Moved.IsEmpty && (IsMoved(file) || Moved.Contains((file, tenant, app)));

    /// <summary>Whether some of the file has been moved, so that it takes nothing new.</summary>
    internal bool HasMovedOf(string file) => !Moved.IsEmpty && Moved.Any(moved => moved.File == file);

    /// <summary>The greatest number that a file of the day has had: a name is never used again.</summary>
    internal int SequenceOf(DateOnly day) => Moved.Select(moved => Partition.TryParse(moved.File, out var partition) && partition.Day == day ? partition.Sequence : 0).DefaultIfEmpty().Max();

    /// <summary>For changes: each commit is synced, for the rows are deleted next.</summary>
    internal SqliteConnection Open()
    {
        var made = !Exists;
        var connection = StoreDatabase.OpenForWriting(Path.Combine(folder, File), "history", cacheKib: 16_384);
        StoreDatabase.Execute(connection, "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000");
        if (made) Folders.Sync(folder);
        return connection;
    }

    /// <summary>After a commit.</summary>
    internal void LookAgain(SqliteConnection connection) => Moved = Read(connection);

    internal static ImmutableHashSet<(string File, int Tenant, int App)> Read(SqliteConnection connection)
    {
        var moved = ImmutableHashSet.CreateBuilder<(string, int, int)>();
        using var row = new Statement(connection, "SELECT file, tenant, app FROM moved");
        while (row.Step()) moved.Add((row.Text(0), (int)row.Long(1), (int)row.Long(2)));
        return moved.ToImmutable();
    }
}
