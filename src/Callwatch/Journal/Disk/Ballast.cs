using Callwatch.Journal.Writing;

namespace Callwatch.Journal.Disk;

/// <summary>A file that only holds room, given up when the disk is full so that cleaning (which itself writes) can work.</summary>
internal sealed class Ballast(string folder, long sizeBytes, IJournalFiles files)
{
    private readonly string path = Path.Combine(folder, "ballast");

    /// <summary>Bytes that are to be held but are not, because they were given up or never found room.</summary>
    public long MissingBytes => sizeBytes - HeldBytes;

    private long HeldBytes => new FileInfo(path) is { Exists: true } file ? Math.Min(file.Length, sizeBytes) : 0;

    public void Release()
    {
        if (HeldBytes > 0) files.Delete(path);
    }

    /// <summary>Takes the room if that leaves <paramref name="keepFreeBytes"/> and as much again.</summary>
    public void Restore(long freeBytes, long keepFreeBytes)
    {
        if (MissingBytes == 0 || freeBytes < keepFreeBytes + (2 * sizeBytes)) return;
        try
        {
            using var file = files.Create(path, sizeBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another program was quicker, or something else has its name; the next sweep tries again.
        }
    }
}
