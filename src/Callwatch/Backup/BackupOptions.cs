namespace Callwatch.Backup;

/// <summary>Settings under <c>Callwatch:Backup</c>.</summary>
public sealed class BackupOptions
{
    public const string Section = "Callwatch:Backup";

    /// <summary>Folder below which another machine may have a backup made; this one may name any. Default none: only this machine may.</summary>
    public string? Folder { get; set; }
}
