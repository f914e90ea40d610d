namespace Callwatch.Journal.Disk;

/// <summary>Room on the disk that holds a folder, in bytes.</summary>
/// <param name="TotalBytes">0 where the file system does not say, as some network and user-space ones: then nothing may go for want of room.</param>
internal readonly record struct DiskSpace(long FreeBytes, long TotalBytes)
{
    public static readonly DiskSpace Unknown = new(1L << 60, 0);

    public bool IsKnown => TotalBytes > 0;

    /// <summary>One of so many parts of the disk.</summary>
    public long PartOf(int parts) => IsKnown ? TotalBytes / parts : long.MaxValue;
}

/// <summary>How much room there is: a boundary, so that tests can fill a disk without filling one.</summary>
internal interface IDiskSpace
{
    DiskSpace Of(string folder);
}

internal sealed class RealDiskSpace : IDiskSpace
{
    public DiskSpace Of(string folder)
    {
        var drive = new DriveInfo(folder);
        var total = drive.TotalSize;
        return total > 0 ? new DiskSpace(drive.AvailableFreeSpace, total) : DiskSpace.Unknown;
    }
}
