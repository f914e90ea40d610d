namespace Callwatch.Store.Partitions;

/// <summary>When calls of a release were first seen in a file.</summary>
/// <param name="Second">Since 1970: of the hour where that is counted up, else the last of the file.</param>
internal readonly record struct ReleaseBegan(int Tenant, int App, string Release, long Second);

/// <summary>What a question over all days wants to know of a file, small enough to be kept for each.</summary>
/// <param name="Releases">Of all tenants; null where they are too many to be noted.</param>
/// <param name="Failures">Fingerprints of its groups of failures, of all tenants; null where they are too many to be noted.</param>
internal sealed record FileNote(IReadOnlyList<ReleaseBegan>? Releases, IReadOnlyList<long>? Failures)
{
    /// <summary>More of them are not noted: the file is opened instead.</summary>
    public const int MostReleases = 5_000, MostFailures = 4_000;

    /// <summary>False where none of these failures is in the file.</summary>
    public bool MayHave(IReadOnlySet<long> fingerprints) => Failures is null || Failures.Any(fingerprints.Contains);

    public void Write(BinaryWriter to)
    {
        to.Write(Releases?.Count ?? -1);
        foreach (var (tenant, app, release, second) in Releases ?? [])
        {
            to.Write(tenant);
            to.Write(app);
            to.Write(release);
            to.Write(second);
        }

        to.Write(Failures?.Count ?? -1);
        foreach (var fingerprint in Failures ?? []) to.Write(fingerprint);
    }

    public static FileNote Read(BinaryReader from)
    {
        var many = from.ReadInt32();
        var releases = many < 0 ? null : new ReleaseBegan[many];
        for (var i = 0; i < many; i++) releases![i] = new ReleaseBegan(from.ReadInt32(), from.ReadInt32(), from.ReadString(), from.ReadInt64());
        var count = from.ReadInt32();
        var failures = count < 0 ? null : new long[count];
        for (var i = 0; i < count; i++) failures![i] = from.ReadInt64();
        return new FileNote(releases, failures);
    }
}

/// <summary>How a file and its log lie on the disk. Whoever commits to the file changes that.</summary>
internal readonly record struct FileStamp(long Bytes, long Written, long LogBytes, long LogWritten)
{
    // File systems count time in steps of some milliseconds: of a file that was written just now, the next commit may look the same.
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2);

    /// <summary>Null where there is no such file. Nothing is opened: closing it would end locks that SQLite holds on it.</summary>
    public static FileStamp? Of(string path)
    {
        var (file, log) = (new FileInfo(path), new FileInfo(path + "-wal"));
        if (!file.Exists) return null;
        // An empty log is there or not as somebody has the file open, and says nothing.
        return log is { Exists: true, Length: > 0 }
            ? new FileStamp(file.Length, file.LastWriteTimeUtc.Ticks, log.Length, log.LastWriteTimeUtc.Ticks)
            : new FileStamp(file.Length, file.LastWriteTimeUtc.Ticks, 0, 0);
    }

    /// <summary>Whether a commit from now on is sure to be seen by it.</summary>
    public bool IsSettled(DateTimeOffset now) => now.UtcTicks - Math.Max(Written, LogWritten) > Settled.Ticks;
}
