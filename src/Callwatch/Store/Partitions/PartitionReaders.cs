using System.Collections.Concurrent;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Partitions;

/// <summary>Keeps a few idle connections, so that a page of a list does not open files again and again.</summary>
internal sealed class PartitionReaders(string folder) : IDisposable
{
    // A question over a month opens some thirty files, and a few people ask at once.
    private const int MostIdle = 128;

    // A file that is asked for the first time in a while is not in memory, and each page of a mapping that is missing has the system read
    // its whole read-ahead around it, megabytes on some machines: thirty files' figures, a few pages each, would have it read gigabytes.
    private const int MapAfter = 48;

    // Thirty days of the first screen are some 10 MB, for each that asks at once.
    private const long MostHeldBytes = 48L << 20;

    private readonly HeldRoom room = new(MostHeldBytes);

    /// <summary>What all connections keep of what they have read, in bytes.</summary>
    public long HeldBytes => room.Used;
    private readonly Lock gate = new();
    private readonly LinkedList<PartitionReader> idle = [];
    private readonly Dictionary<string, ConcurrentDictionary<long, string>> words = [];
    private bool disposed;
    private long released;

    /// <summary>Null when the file is gone.</summary>
    public PartitionReader? Open(string file)
    {
        ConcurrentDictionary<long, string>? known;
        lock (gate)
        {
            for (var node = idle.First; node is not null; node = node.Next)
            {
                if (node.Value.File != file) continue;
                idle.Remove(node);
                return node.Value;
            }

            if (!words.TryGetValue(file, out known)) words[file] = known = new ConcurrentDictionary<long, string>();
        }

        var path = Path.Combine(folder, file);
        try
        {
            return new PartitionReader(this, file, StoreDatabase.OpenForReading(path), known, room);
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_CANTOPEN && !File.Exists(path))
        {
            // Gone. One that is there and cannot be opened, because the process has no files left, is another matter: without it
            // what it holds would be taken for never stored.
            return null;
        }
    }

    public void Return(PartitionReader reader)
    {
        PartitionReader? surplus = reader;
        lock (gate)
        {
            if (!disposed && words.ContainsKey(reader.File))
            {
                if (++reader.Answered == MapAfter) MappedPages.Map(reader.Connection);
                if (MappedPages.AreMany)
                {
                    if (reader.Answered >= MapAfter) MappedPages.Release(reader.Connection);
                    // Not again and again, where it is others that have them.
                    if (Environment.TickCount64 - released >= 1_000)
                    {
                        released = Environment.TickCount64;
                        foreach (var other in idle.Where(other => other.Answered >= MapAfter)) MappedPages.Release(other.Connection);
                    }
                }

                idle.AddFirst(reader);
                surplus = null;
                // Those that have waited longest first.
                for (var node = idle.Last; node is not null && room.IsTight; node = node.Previous) node.Value.Held.Clear();
                if (idle.Count > MostIdle)
                {
                    surplus = idle.Last!.Value;
                    idle.RemoveLast();
                }
            }
        }

        surplus?.Close();
    }

    /// <summary>Lets go of a file that is about to be unlinked; connections in use close when they come back.</summary>
    public void Forget(string file)
    {
        List<PartitionReader> gone;
        lock (gate)
        {
            words.Remove(file);
            gone = [.. idle.Where(reader => reader.File == file)];
            foreach (var reader in gone) idle.Remove(reader);
        }

        foreach (var reader in gone) reader.Close();
    }

    public void Dispose()
    {
        List<PartitionReader> all;
        lock (gate)
        {
            disposed = true;
            all = [.. idle];
            idle.Clear();
        }

        foreach (var reader in all) reader.Close();
    }
}
