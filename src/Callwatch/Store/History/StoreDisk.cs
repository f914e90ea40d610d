using Callwatch.Journal;
using Callwatch.Journal.Disk;
using Microsoft.Extensions.Options;

namespace Callwatch.Store.History;

/// <summary>Whether the disk is so short of room that the store has to give some up: of journal and store the larger one does.</summary>
internal sealed class StoreDisk(StoreProgress progress, IJournal journal, Partitions.StoreFolder folder, IOptions<JournalOptions> options, IDiskSpace? space = null)
{
    private readonly IDiskSpace space = space ?? new RealDiskSpace();

    public bool IsShort()
    {
        var disk = space.Of(Path.GetFullPath(folder.Folder));
        // As the journal does, before senders are refused.
        return disk.FreeBytes < options.Value.KeepFreeBytes(disk.TotalBytes) * 5 / 4 && progress.Status().SizeBytes > journal.Status().SizeBytes;
    }
}
