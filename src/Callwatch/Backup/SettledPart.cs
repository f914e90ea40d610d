using Callwatch.Backup.Copying;
using Callwatch.Journal;

namespace Callwatch.Backup;

/// <summary>
/// The settled sequence: after <c>forward.db</c>, whose lanes stand at numbers of it, and before the journal, in which it has a place itself.
/// The newest of its files tells the place.
/// </summary>
internal sealed class SettledPart(string data) : BackupPart
{
    private readonly FolderPart files = new("settled", data, first: "");

    public override string Name => files.Name;

    public override Task CopyAsync(BackupTarget target, CancellationToken cancel) => files.CopyAsync(target, cancel);

    public override IEnumerable<(string Reader, Position Place)> PlacesIn(string folder, bool inUse) =>
        files.PlacesIn(folder, inUse).OrderBy(place => place.Reader, StringComparer.Ordinal).TakeLast(1).Select(place => ("settle", place.Place));

    public override void Move(string folder, Func<Position, bool> fits, Guid epoch) => files.Move(folder, fits, epoch);
}
