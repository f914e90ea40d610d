using System.Globalization;
using Callwatch.Spans;
using Microsoft.Win32.SafeHandles;

namespace Callwatch.Journal.Segments;

/// <summary>One segment file as readers see it: only what has been synced.</summary>
internal sealed class Segment(string path, SegmentHeader header) : JournalPart
{
    /// <summary>Ending of a file that could not be read as a segment.</summary>
    public const string SetAsideEnding = ".seg.damaged";

    /// <summary>Ending of a damaged segment whose intact records have been sealed.</summary>
    public const string SealedDamagedEnding = ".damaged-sealed";

    private long end = SegmentHeader.Size;
    private long last = header.FirstNumber - 1;
    private volatile bool full;
    private IReadOnlySet<(int Tenant, int App)>? owners;
    private Timestamp newest;
    private long oldest;

    public string Path { get; } = path;

    public SegmentHeader Header { get; } = header;

    public override long FirstNumber => Header.FirstNumber;

    public override long LastNumber => Volatile.Read(ref last);

    public override long NumberBefore => Header.NumberBefore;

    /// <summary>Where the last synced record ends. Read <see cref="IsFull"/> before it: once that is true it moves no more.</summary>
    public long End => Volatile.Read(ref end);

    public override bool IsFull => full;

    /// <summary>Size of the file on disk, room not yet used included.</summary>
    public long FileBytes { get; set; }

    public override long SizeBytes => FileBytes;

    public override int FileCount => 1;

    public override string Name => Path;

    public SegmentIndex Index { get; } = new();

    /// <summary>Set when it could not be sealed: its disk cannot read it. It is left as it is.</summary>
    public bool StaysUnsealed { get; set; }

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

    public override IPartReader OpenReader(long from, Damage damage) => new SegmentReader(this, from, damage);

    public override JournalRecord? Find(long number, ReadOnlySpan<int> offsets, Damage damage)
    {
        using var handle = OpenToRead();
        if (!Index.IsBuilt) BuildIndex(handle, damage);
        var place = Index.Before(number);
        using var walk = new SegmentWalk(this, handle, place.Offset, Math.Max(place.Number, FirstNumber) - 1, at => damage.Record(this, at));
        while (walk.MoveNext(End, Math.Min(number, LastNumber)))
            if (walk.Header.Number == number) return walk.ReadPayload() is { } payload ? walk.Header.ToRecord(payload) : null;
        return null;
    }

    public override Timestamp? FirstReceivedAt()
    {
        // Read by anybody, and asked for often: known once, it stays.
        if (Volatile.Read(ref oldest) is not 0 and var known) return new Timestamp(known);
        try
        {
            using var handle = OpenToRead();
            using var walk = new SegmentWalk(this, handle, SegmentHeader.Size, FirstNumber - 1, windowBytes: SegmentWalk.ForHeaders);
            if (!walk.MoveNext(End, LastNumber)) return null;
            Volatile.Write(ref oldest, walk.Header.ReceivedAt.UnixNanoseconds);
            return walk.Header.ReceivedAt;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Whose records a full one holds; found once by reading its headers.</summary>
    public IReadOnlySet<(int Tenant, int App)> Owners()
    {
        if (owners is not null) return owners;
        var found = new HashSet<(int Tenant, int App)>();
        using var handle = OpenToRead();
        using var walk = new SegmentWalk(this, handle, SegmentHeader.Size, FirstNumber - 1, windowBytes: SegmentWalk.ForHeaders);
        while (walk.MoveNext(End, LastNumber))
        {
            found.Add((walk.Header.TenantId, walk.Header.AppId));
            if (walk.Header.ReceivedAt > newest) newest = walk.Header.ReceivedAt;
        }

        return owners = found;
    }

    /// <summary>When the last record of a full one came, by what the records say.</summary>
    public Timestamp NewestReceivedAt()
    {
        _ = Owners();
        return newest;
    }

    private void BuildIndex(SafeFileHandle handle, Damage damage)
    {
        using var walk = new SegmentWalk(this, handle, SegmentHeader.Size, FirstNumber - 1, at => damage.Record(this, at), SegmentWalk.ForHeaders);
        while (walk.MoveNext(End, LastNumber)) Index.Add(walk.Header.Number, walk.Offset);
        Index.IsBuilt = true;
    }
}
