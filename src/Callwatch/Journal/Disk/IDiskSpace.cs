namespace Callwatch.Journal.Disk;

/// <summary>Room on the disk that holds a folder, in bytes.</summary>
internal readonly record struct DiskSpace(long FreeBytes, long TotalBytes);

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
        return new DiskSpace(drive.AvailableFreeSpace, drive.TotalSize);
    }
}
