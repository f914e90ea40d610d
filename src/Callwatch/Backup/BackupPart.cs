using Callwatch.Backup.Copying;
using Callwatch.Journal;

namespace Callwatch.Backup;

/// <summary>
/// A part of the data folder, as backups see it. The list is in the order of copying: what keeps a place in the journal before the journal,
/// so that no place lies beyond the copied head; what the journal refers to after it.
/// </summary>
internal abstract class BackupPart
{
    public abstract string Name { get; }

    public abstract Task CopyAsync(BackupTarget target, CancellationToken cancel);

    /// <summary>Where readers stand by what lies in a data folder that nobody uses.</summary>
    /// <param name="inUse">True when the folder may hold what a crash left; false for a backup, beside which nothing may be written.</param>
    public virtual IEnumerable<(string Reader, Position Place)> PlacesIn(string data, bool inUse = false) => [];

    /// <summary>In a restored folder that nobody uses yet: moves places for which <paramref name="fits"/> holds to another epoch, at the same number.</summary>
    public virtual void Move(string data, Func<Position, bool> fits, Guid epoch)
    {
    }

    /// <summary>Files and folders of the data folder that no backup holds: secrets, and what is only of use to a running process.</summary>
    public static IReadOnlyList<string> Secrets { get; } = ["master.key", "master.key.next", "admin.key", "forms"];
}
