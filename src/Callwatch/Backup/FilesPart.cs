using Callwatch.Backup.Copying;

namespace Callwatch.Backup;

/// <summary>Single files at the top of the data folder.</summary>
internal sealed class FilesPart(string name, string data, params string[] files) : BackupPart
{
    public override string Name => name;

    public override async Task CopyAsync(BackupTarget target, CancellationToken cancel)
    {
        foreach (var file in files)
        {
            var source = Path.Combine(data, file);
            if (file.EndsWith(".db", StringComparison.Ordinal)) await Databases.CopyAsync(source, file, target, writer: null, cancel);
            else target.Copy(source, file, length: null, cancel);
        }
    }
}
