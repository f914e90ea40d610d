using System.Collections.Concurrent;
using System.Globalization;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Search.Files;

/// <summary>The index's folder: its contents, and connections for reading. Thread-safe but for what the catalog says of itself.</summary>
internal sealed class SearchFolder : IDisposable
{
    private const int MostIdle = 4;

    // Of all files together: each is three files to the system, and a question over years comes by a thousand.
    private const int MostIdleOfAll = 32;

    private readonly ConcurrentDictionary<string, ConcurrentBag<SqliteConnection>> idle = new(StringComparer.Ordinal);
    private bool closed;
    private int idleOfAll;

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

    /// <summary>For one thread at a time; to be given back. Null when nothing was ever written to the file.</summary>
    /// <exception cref="SqliteException">It cannot be read, or what it held is gone.</exception>
    public SqliteConnection? Borrow(SearchFile file)
    {
        var path = PathOf(file);
        if (idle.TryGetValue(file.Name, out var waiting) && waiting.TryTake(out var connection))
        {
            Interlocked.Decrement(ref idleOfAll);
            // Kept open it would go on answering for a file that is not there any more.
            if (File.Exists(path)) return connection;
            connection.Dispose();
        }

        if (File.Exists(path))
        {
            connection = StoreDatabase.OpenForReading(path);
            try
            {
                if (StoreDatabase.SchemaOf(connection) > 0) return connection;
            }
            catch
            {
                connection.Dispose();
                throw;
            }

            connection.Dispose();
        }

        return file.Applied == 0 ? null : throw new SqliteException($"{path} has lost what it held.", SQLitePCL.raw.SQLITE_CORRUPT);
    }

    public void Return(SearchFile file, SqliteConnection connection)
    {
        var waiting = idle.GetOrAdd(file.Name, static _ => []);
        if (closed || waiting.Count >= MostIdle || !File.Exists(PathOf(file)))
        {
            connection.Dispose();
            return;
        }

        // What was asked last is asked again sooner than what has waited: another one goes.
        if (Interlocked.Increment(ref idleOfAll) > MostIdleOfAll) LetGoOfAnother(waiting);
        waiting.Add(connection);
    }

    private void LetGoOfAnother(ConcurrentBag<SqliteConnection> than)
    {
        foreach (var (_, other) in idle)
        {
            if (other == than || !other.TryTake(out var connection)) continue;
            Interlocked.Decrement(ref idleOfAll);
            connection.Dispose();
            return;
        }
    }

    /// <summary>Lets go of the file's idle connections: it is about to go, or nobody asks any more.</summary>
    public void Forget(SearchFile file)
    {
        if (!idle.TryRemove(file.Name, out var waiting)) return;
        while (waiting.TryTake(out var connection))
        {
            Interlocked.Decrement(ref idleOfAll);
            connection.Dispose();
        }
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
        if (Directory.Exists(path)) MoveFolder(path);
        else if (File.Exists(path)) File.Move(path, Free(path), overwrite: true);
        foreach (var part in (string[])["-wal", "-shm"]) Remove(path + part);
    }

    public static void Delete(string path)
    {
        foreach (var part in (string[])["", "-wal", "-shm"]) Remove(path + part);
    }

    private static void Remove(string path)
    {
        if (Directory.Exists(path)) MoveFolder(path);
        else File.Delete(path);
    }

    // Not deleted: whoever put it there may want what is in it.
    private static void MoveFolder(string path)
    {
        var target = Free(path);
        File.Delete(target);
        Directory.Move(path, target);
    }

    private static string Free(string path)
    {
        var target = path + ".damaged";
        for (var number = 2; Directory.Exists(target); number++) target = string.Create(CultureInfo.InvariantCulture, $"{path}.damaged-{number}");
        return target;
    }
}
