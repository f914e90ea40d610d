namespace Callwatch.Backup;

/// <summary>How a backup or a restore ended.</summary>
public abstract record BackupResult
{
    private BackupResult()
    {
    }

    /// <summary>Whole and on disk.</summary>
    /// <param name="SharedBytes">Of these bytes so many are the same files as in the backup before (hard links).</param>
    public sealed record Done(BackupManifest Manifest, long SharedBytes) : BackupResult;

    /// <summary>Nothing that could be taken for whole was left behind. The reason is fit for the operator.</summary>
    public sealed record Failed(string Reason) : BackupResult;
}

/// <summary>How far it is.</summary>
/// <param name="Part">What is being copied: <c>store</c>, <c>journal</c>, ...</param>
public sealed record BackupProgress(string Part, int Files, long Bytes);
