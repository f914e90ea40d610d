using System.Buffers.Binary;
using Callwatch.Journal.Segments;
using Callwatch.Spans;
using Callwatch.Store.Sqlite;

namespace Callwatch.Store.Partitions;

/// <summary>
/// The trace filters of closed partitions, kept beside them so that a start need not read their indexes. A kept one names the batch it
/// was made after; a partition that was touched since has its filter made anew.
/// </summary>
internal static class TraceFilterFiles
{
    private const int Format = 2;

    // Format, the batch it was made after, and the CRC-32C of all that follows: a filter that has lost bits would hide traces.
    private const int HeadBytes = 16;

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
        using var bytes = new MemoryStream();
        bytes.Position = HeadBytes;
        filter.Save(bytes);
        var content = bytes.GetBuffer().AsSpan(0, (int)bytes.Length);
        BinaryPrimitives.WriteInt32LittleEndian(content, Format);
        BinaryPrimitives.WriteInt64LittleEndian(content[4..], partition.Applied);
        BinaryPrimitives.WriteUInt32LittleEndian(content[12..], Crc32C.Of(content[HeadBytes..]));
        Folders.WriteWhole(PathOf(folder, partition.File), content);
    }

    public static void Delete(string folder, string file) => File.Delete(PathOf(folder, file));

    private static TraceFilter? Kept(string folder, Partition partition)
    {
        var path = PathOf(folder, partition.File);
        if (!File.Exists(path)) return null;
        var bytes = File.ReadAllBytes(path);
        var content = bytes.AsSpan();
        return bytes.Length >= HeadBytes
            && BinaryPrimitives.ReadInt32LittleEndian(content) == Format
            && BinaryPrimitives.ReadInt64LittleEndian(content[4..]) == partition.Applied
            && BinaryPrimitives.ReadUInt32LittleEndian(content[12..]) == Crc32C.Of(content[HeadBytes..])
            ? TraceFilter.Load(new MemoryStream(bytes, HeadBytes, bytes.Length - HeadBytes)) : null;
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
