namespace Callwatch.Client.Api;

/// <summary>Asks for a backup.</summary>
public sealed record ApiBackupWish
{
    /// <summary>The folder to write to, on the server's machine, as a whole path; new or empty.</summary>
    public string? Directory { get; init; }

    /// <summary>A backup made before, on the same file system: files that have not changed are shared with it.</summary>
    public string? Since { get; init; }
}

/// <summary>The backup under way, or the last one since the start.</summary>
public sealed record ApiBackup
{
    /// <summary><c>idle</c> (none since the start), <c>running</c>, <c>done</c> or <c>failed</c>.</summary>
    public required string State { get; init; }

    /// <summary>Where it is written to.</summary>
    public string? Directory { get; init; }

    /// <summary>When it began, RFC 3339 in UTC.</summary>
    public string? StartedAt { get; init; }

    /// <summary>When it ended, RFC 3339 in UTC; null while it runs.</summary>
    public string? EndedAt { get; init; }

    /// <summary>What is being copied: <c>store</c>, <c>search</c>, <c>control</c>, <c>journal</c> or <c>media</c>; null when none runs.</summary>
    public string? Part { get; init; }

    /// <summary>Files copied.</summary>
    public int Files { get; init; }

    /// <summary>Bytes copied.</summary>
    public long Bytes { get; init; }

    /// <summary>Of them, shared with the backup before.</summary>
    public long SharedBytes { get; init; }

    /// <summary>The journal's epoch; null until it is done.</summary>
    public string? Epoch { get; init; }

    /// <summary>The last journal record in it; null until it is done.</summary>
    public long? Head { get; init; }

    /// <summary>What it does not hold on purpose; null until it is done.</summary>
    public IReadOnlyList<string>? LeftOut { get; init; }

    /// <summary>Why it failed.</summary>
    public string? Error { get; init; }
}

/// <summary>Whether a backup is what it was when it was made.</summary>
public sealed record ApiBackupVerdict
{
    /// <summary>True when nothing is wrong with it.</summary>
    public required bool Whole { get; init; }

    /// <summary>Where it lies.</summary>
    public required string Directory { get; init; }

    /// <summary>When it was made, RFC 3339 in UTC; null when it has no manifest.</summary>
    public string? MadeAt { get; init; }

    /// <summary>Version of the program that made it.</summary>
    public string? Version { get; init; }

    /// <summary>The last journal record in it.</summary>
    public long? Head { get; init; }

    /// <summary>Files in it.</summary>
    public int Files { get; init; }

    /// <summary>Their size.</summary>
    public long Bytes { get; init; }

    /// <summary>What is wrong, file by file.</summary>
    public required IReadOnlyList<ApiBackupDamage> Damage { get; init; }
}

/// <summary>A file of a backup that is not what it was.</summary>
/// <param name="Path">Below the backup's folder.</param>
/// <param name="Problem">What is wrong with it.</param>
public sealed record ApiBackupDamage(string Path, string Problem);

/// <summary>A data folder made of a backup.</summary>
/// <param name="Directory">The backup.</param>
/// <param name="Data">The data folder.</param>
/// <param name="Epoch">The journal's new epoch.</param>
/// <param name="Head">The last journal record.</param>
/// <param name="Files">Files in it.</param>
/// <param name="Bytes">Their size.</param>
/// <param name="AdminKeyFile">Where a new admin key was written; null when the one backed up had none.</param>
public sealed record ApiRestored(string Directory, string Data, string Epoch, long Head, int Files, long Bytes, string? AdminKeyFile);
