using System.Globalization;
using Callwatch.Spans;
using Microsoft.Win32.SafeHandles;

namespace Callwatch.Journal.Segments;

/// <summary>One segment file as readers see it: only what has been synced.</summary>
internal sealed class Segment(string path, SegmentHeader header)
{
    /// <summary>Ending of a file that could not be read as a segment.</summary>
    public const string SetAsideEnding = ".seg.damaged";

    private readonly Lock gate = new();
    private readonly HashSet<long> damagedAt = [];
    private long end = SegmentHeader.Size;
    private long last = header.FirstNumber - 1;
    private volatile bool full;

    public string Path { get; } = path;

    public SegmentHeader Header { get; } = header;

    public long FirstNumber => Header.FirstNumber;

    /// <summary>Number of the last synced record; the first number less one while there is none.</summary>
    public long LastNumber => Volatile.Read(ref last);

    /// <summary>Where the last synced record ends. Read <see cref="IsFull"/> before it: once that is true it moves no more.</summary>
    public long End => Volatile.Read(ref end);

    public bool IsFull => full;

    /// <summary>Size of the file on disk, room not yet used included.</summary>
    public long FileBytes { get; set; }

    public SegmentIndex Index { get; } = new();

    public static string FileName(long firstNumber) => firstNumber.ToString("D20", CultureInfo.InvariantCulture) + ".seg";

    /// <summary>The first number in a segment's file name, also of one set aside; null for other files.</summary>
    public static long? NumberIn(string path)
    {
        var name = System.IO.Path.GetFileName(path);
        return name.Length >= 24 && name.AsSpan(20).StartsWith(".seg", StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(0, 20), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;
    }

    public SafeFileHandle OpenToRead() => File.OpenHandle(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>Lets readers see up to here.</summary>
    public void Publish(long newEnd, long newLast)
    {
        Volatile.Write(ref last, newLast);
        Volatile.Write(ref end, newEnd);
    }

    public void Close() => full = true;

    /// <summary>True the first time damage at this place is met, so that several readers count it once.</summary>
    public bool IsNewDamage(long offset)
    {
        lock (gate) return damagedAt.Add(offset);
    }

    /// <summary>When the first record came; null while there is none.</summary>
    public Timestamp? FirstReceivedAt()
    {
        try
        {
            using var handle = OpenToRead();
            using var walk = new SegmentWalk(this, handle, SegmentHeader.Size, FirstNumber - 1, windowBytes: SegmentWalk.ForHeaders);
            return walk.MoveNext(End, LastNumber) ? walk.Header.ReceivedAt : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
