using Callwatch.Spans;
using Callwatch.Store.Sqlite;

namespace Callwatch.Store.Partitions;

/// <summary>
/// The trace filters of closed partitions, kept beside them so that a start need not read their indexes. A kept one names the batch it
/// was made after; a partition that was touched since has its filter made anew.
/// </summary>
internal static class TraceFilterFiles
{
    private const int Format = 1;

    public static TraceFilter Load(string folder, Partition partition)
    {
        if (Kept(folder, partition) is { } kept) return kept;
        var filter = Scan(folder, partition);
        if (partition.Closed) Keep(folder, partition, filter);
        return filter;
    }

    /// <summary>Keeps the filter of a partition that is not being written.</summary>
    public static void Keep(string folder, Partition partition, TraceFilter filter)
    {
        var path = PathOf(folder, partition.File);
        using (var file = File.Create(path + ".new"))
        {
            using var head = new BinaryWriter(file, System.Text.Encoding.UTF8, leaveOpen: true);
            head.Write(Format);
            head.Write(partition.Applied);
            head.Flush();
            filter.Save(file);
        }

        File.Move(path + ".new", path, overwrite: true);
    }

    public static void Delete(string folder, string file) => File.Delete(PathOf(folder, file));

    private static TraceFilter? Kept(string folder, Partition partition)
    {
        var path = PathOf(folder, partition.File);
        if (!File.Exists(path)) return null;
        using var file = File.OpenRead(path);
        if (file.Length < 12) return null;
        using var head = new BinaryReader(file, System.Text.Encoding.UTF8, leaveOpen: true);
        return head.ReadInt32() == Format && head.ReadInt64() == partition.Applied ? TraceFilter.Load(file) : null;
    }

    private static TraceFilter Scan(string folder, Partition partition)
    {
        var filter = new TraceFilter();
        var path = Path.Combine(folder, partition.File);
        if (!File.Exists(path)) return filter;
        using var connection = StoreDatabase.OpenForReading(path);
        if (StoreDatabase.SchemaOf(connection) == 0) return filter;
        using var scan = new Statement(connection, "SELECT DISTINCT trace FROM spans UNION ALL SELECT trace FROM traces UNION ALL SELECT trace FROM joined_logs");
        while (scan.Step())
            if (TraceId.TryRead(scan.Blob(0), out var trace)) filter.Add(trace);
        return filter;
    }

    private static string PathOf(string folder, string file) => Path.Combine(folder, file + ".traces");
}
