using Callwatch.Journal.Disk;

namespace Callwatch.Tests.Journal;

/// <summary>A disk on which the folder's files take the room they have, and others take what the test says.</summary>
internal sealed class DiskOfFiles(string folder) : IDiskSpace
{
    public long TotalBytes { get; set; } = 1L << 40;

    public long OthersBytes { get; set; }

    public DiskSpace Of(string _) =>
        new(TotalBytes - OthersBytes - new DirectoryInfo(folder).EnumerateFiles().Sum(file => file.Exists ? file.Length : 0), TotalBytes);
}
