using Callwatch.Backup.Copying;

namespace Callwatch.Backup.Restoring;

/// <summary>A file of a backup that is not what the manifest says.</summary>
public sealed record BackupDamage(string Path, string Problem);

/// <summary>Whether a backup is what it was when it was made.</summary>
/// <param name="Manifest">Null when it has none that can be used; <see cref="Damage"/> says why.</param>
public sealed record BackupVerdict(BackupManifest? Manifest, IReadOnlyList<BackupDamage> Damage)
{
    public bool IsWhole => Manifest is not null && Damage.Count == 0;

    /// <summary>The damage in one sentence for each of the first files.</summary>
    public string Words => string.Join(' ', Damage.Take(5).Select(damage => $"{damage.Path}: {damage.Problem}")) + (Damage.Count > 5 ? $" And {Damage.Count - 5} more." : "");
}

/// <summary>Reads every file of a backup and compares it with the manifest.</summary>
public static class BackupCheck
{
    public static BackupVerdict Run(string directory, Action<BackupProgress> progress, CancellationToken cancel)
    {
        BackupManifest? manifest;
        string problem;
        try
        {
            manifest = BackupManifest.Read(directory, out problem);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            (manifest, problem) = (null, $"It cannot be read ({e.Message.ReplaceLineEndings(" ").TrimEnd('.')}).");
        }

        if (manifest is null) return new BackupVerdict(null, [new BackupDamage(BackupManifest.FileName, problem)]);
        var damage = new List<BackupDamage>();
        var buffer = new byte[1 << 20];
        var (files, bytes) = (0, 0L);
        foreach (var file in manifest.Files)
        {
            cancel.ThrowIfCancellationRequested();
            progress(new BackupProgress(file.Path, files, bytes));
            if (ProblemOf(directory, file, buffer, cancel) is { } found) damage.Add(new BackupDamage(file.Path, found));
            (files, bytes) = (files + 1, bytes + file.Bytes);
        }

        return new BackupVerdict(manifest, damage);
    }

    private static string? ProblemOf(string directory, ManifestFile file, byte[] buffer, CancellationToken cancel)
    {
        if (!file.IsBelow) return "The manifest names a path outside the backup.";
        try
        {
            using var stream = new FileStream(file.In(directory), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
            if (stream.Length != file.Bytes) return $"It has {stream.Length} bytes and should have {file.Bytes}.";
            return Convert.ToHexStringLower(FileSum.Of(stream, buffer, cancel)) == file.Sha256 ? null : "Its content is damaged: it is not what was backed up.";
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return "It is missing.";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"It cannot be read ({e.Message.ReplaceLineEndings(" ").TrimEnd('.')}).";
        }
    }
}
