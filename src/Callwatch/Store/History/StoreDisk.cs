using Callwatch.Journal;
using Microsoft.Extensions.Options;

namespace Callwatch.Store.History;

/// <summary>Whether the disk is so short of room that the store has to give some up: of journal and store the larger one does.</summary>
internal sealed class StoreDisk(StoreProgress progress, IJournal journal, Partitions.StoreFolder folder, IOptions<JournalOptions> options)
{
    public bool IsShort()
    {
        var settings = options.Value;
        var drive = new DriveInfo(Path.GetFullPath(folder.Folder));
        var keep = Math.Max(settings.MinFreeBytes, (long)(drive.TotalSize * settings.MinFreePercent / 100));
        // As the journal does, before senders are refused.
        return drive.AvailableFreeSpace < keep * 5 / 4 && progress.Status().SizeBytes > journal.Status().SizeBytes;
    }
}
