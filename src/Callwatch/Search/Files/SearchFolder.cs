using System.Collections.Concurrent;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Search.Files;

/// <summary>The index's folder: its contents, and connections for reading. Thread-safe but for what the catalog says of itself.</summary>
internal sealed class SearchFolder : IDisposable
{
    private const int MostIdle = 4;

    private readonly ConcurrentDictionary<string, ConcurrentBag<SqliteConnection>> idle = new(StringComparer.Ordinal);
    private bool closed;

    public SearchFolder(string folder)
    {
        Directory.CreateDirectory(folder);
        Folder = folder;
        Catalog = new SearchCatalog(folder);
    }

    public string Folder { get; }

    public SearchCatalog Catalog { get; }

    public SearchCatalog.Contents Contents => Catalog.Published;

    public long SizeBytes => new DirectoryInfo(Folder).EnumerateFiles().Sum(file => file.Exists ? file.Length : 0);

    public string PathOf(SearchFile file) => Path.Combine(Folder, file.Name);

    /// <summary>For one thread at a time; to be given back. Null when the file has just gone, or was never finished.</summary>
    public SqliteConnection? Borrow(SearchFile file)
    {
        if (idle.TryGetValue(file.Name, out var waiting) && waiting.TryTake(out var connection)) return connection;
        if (!File.Exists(PathOf(file))) return null;
        connection = StoreDatabase.OpenForReading(PathOf(file));
        if (StoreDatabase.SchemaOf(connection) > 0) return connection;
        connection.Dispose();
        return null;
    }

    public void Return(SearchFile file, SqliteConnection connection)
    {
        var waiting = idle.GetOrAdd(file.Name, static _ => []);
        if (closed || waiting.Count >= MostIdle || !File.Exists(PathOf(file))) connection.Dispose();
        else waiting.Add(connection);
    }

    /// <summary>Lets go of the file's idle connections: it is about to go, or nobody asks any more.</summary>
    public void Forget(SearchFile file)
    {
        if (!idle.TryRemove(file.Name, out var waiting)) return;
        while (waiting.TryTake(out var connection)) connection.Dispose();
    }

    public void Dispose()
    {
        closed = true;
        foreach (var name in idle.Keys.ToList()) Forget(SearchFile.Named(name)!);
        Catalog.Dispose();
    }

    public static bool IsDamage(SqliteException e) => e.SqliteErrorCode is SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB;

    /// <summary>Puts a damaged file out of the way, for whoever wants to look at it; an earlier one of the same name goes.</summary>
    public static void SetAside(string path)
    {
        if (File.Exists(path)) File.Move(path, path + ".damaged", overwrite: true);
        foreach (var part in (string[])["-wal", "-shm"]) File.Delete(path + part);
    }

    public static void Delete(string path)
    {
        foreach (var part in (string[])["", "-wal", "-shm"]) File.Delete(path + part);
    }
}
