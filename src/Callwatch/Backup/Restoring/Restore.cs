using System.Security.Cryptography;
using Callwatch.Control;
using Microsoft.Data.Sqlite;

namespace Callwatch.Backup.Restoring;

/// <summary>How a restore ended.</summary>
public abstract record RestoreResult
{
    private RestoreResult()
    {
    }

    /// <summary>The folder can be used.</summary>
    /// <param name="AdminKeyFile">Where a new admin key was written; null when the data folder backed up had none.</param>
    public sealed record Done(BackupManifest Manifest, Guid Epoch, string? AdminKeyFile) : RestoreResult;

    /// <summary>The backup is damaged: nothing was written.</summary>
    public sealed record Damaged(BackupVerdict Verdict) : RestoreResult;

    /// <summary>The target cannot be used: nothing was written.</summary>
    public sealed record Refused(string Reason) : RestoreResult;

    /// <summary>It broke off; the target refuses to be used until a restore into it has ended.</summary>
    public sealed record Failed(string Reason) : RestoreResult;
}

/// <summary>
/// Makes a data folder of a backup: checks all of it first, copies, begins a new epoch. While it is under way the target holds a mark with
/// which no server starts on it; another run begins anew.
/// </summary>
public sealed class Restore(TimeProvider time)
{
    private static readonly string[] OfNoCount = ["callwatch.lock", "lost+found", DataFolder.RestoringFile + ".tmp"];

    public RestoreResult Run(string backup, string target, Action<BackupProgress> progress, CancellationToken cancel)
    {
        (backup, target) = (BackupFolder.RealPath(backup), BackupFolder.RealPath(target));
        if (BackupFolder.IsWithin(target, backup)) return new RestoreResult.Refused($"{target} lies within the backup.");
        if (BackupFolder.IsWithin(backup, target)) return new RestoreResult.Refused($"{target} holds the backup.");
        var verdict = BackupCheck.Run(backup, progress, cancel);
        if (!verdict.IsWhole) return new RestoreResult.Damaged(verdict);
        try
        {
            if (File.Exists(target)) return new RestoreResult.Refused($"{target} is a file.");
            Folders.MakePrivate(target);
            using var taken = DataFolder.Take(target);
            var mark = Path.Combine(target, DataFolder.RestoringFile);
            var inIt = Directory.EnumerateFileSystemEntries(target).Where(entry => !OfNoCount.Contains(Path.GetFileName(entry))).ToList();
            if (inIt.Count > 0 && !File.Exists(mark)) return new RestoreResult.Refused($"{target} is not empty. Restore into a new or an empty folder.");
            if (RoomMissing(verdict.Manifest!, target) is { } room) return new RestoreResult.Refused(room);
            return Fill(backup, target, mark, verdict.Manifest!, progress, cancel);
        }
        catch (StartRefusedException e)
        {
            return new RestoreResult.Refused(e.Refusal.Line);
        }
        catch (OperationCanceledException)
        {
            return new RestoreResult.Failed("It was stopped. Run it again.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SqliteException)
        {
            return new RestoreResult.Failed(e.Message.ReplaceLineEndings(" "));
        }
    }

    private RestoreResult.Done Fill(string backup, string target, string mark, BackupManifest manifest, Action<BackupProgress> progress, CancellationToken cancel)
    {
        Folders.WriteWhole(mark, "A restore is under way, or was not finished.\n"u8);
        Empty(target);
        var buffer = new byte[1 << 20];
        var (files, bytes) = (0, 0L);
        foreach (var file in manifest.Files)
        {
            progress(new BackupProgress(file.Path, files, bytes));
            Copy(file, backup, target, buffer, cancel);
            (files, bytes) = (files + 1, bytes + file.Bytes);
        }

        Directory.CreateDirectory(Path.Combine(target, JournalFolderPart.Folder));
        var epoch = NewEpoch.Begin(target, manifest, time);
        var adminKey = manifest.LeftOut.Contains(FirstStart.AdminKeyFileName) ? MakeAdminKey(target) : null;
        foreach (var folder in Directory.EnumerateDirectories(target, "*", SearchOption.AllDirectories)) Folders.Sync(folder);
        Folders.Sync(target);
        File.Delete(mark);
        Folders.Sync(target);
        if (Path.GetDirectoryName(target) is { } parent) Folders.Sync(parent);
        return new RestoreResult.Done(manifest, epoch, adminKey);
    }

    /// <summary>What an earlier run has left, which had found the folder empty.</summary>
    private static void Empty(string target)
    {
        foreach (var folder in Directory.EnumerateDirectories(target).Where(folder => !OfNoCount.Contains(Path.GetFileName(folder)))) Directory.Delete(folder, recursive: true);
        foreach (var file in Directory.EnumerateFiles(target))
            if (!OfNoCount.Contains(Path.GetFileName(file)) && Path.GetFileName(file) != DataFolder.RestoringFile) File.Delete(file);
    }

    private static void Copy(ManifestFile file, string backup, string target, byte[] buffer, CancellationToken cancel)
    {
        var to = file.In(target);
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        using var from = new FileStream(file.In(backup), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
        using var written = new FileStream(to, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 1);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int read; (read = from.Read(buffer, 0, buffer.Length)) > 0;)
        {
            cancel.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, read);
            written.Write(buffer, 0, read);
        }

        written.Flush(flushToDisk: true);

        // Checked once before; this is what was written.
        if (Convert.ToHexStringLower(hash.GetHashAndReset()) != file.Sha256) throw new IOException($"{file.Path} of the backup cannot be read twice the same.");
    }

    private static string? RoomMissing(BackupManifest manifest, string target)
    {
        var free = new DriveInfo(target).AvailableFreeSpace;
        return free >= manifest.Bytes ? null : $"The disk of {target} has {free >> 20} MiB left, and the backup takes {(manifest.Bytes >> 20) + 1} MiB.";
    }

    // A backup holds no key; whoever may fill the folder may do everything in it.
    private string? MakeAdminKey(string target)
    {
        var file = Path.Combine(target, "control.db");
        if (!File.Exists(file)) return null;
        using var db = new ControlDb(file);
        return FirstStart.MakeAdminKey(db, target, "admin, made at a restore", time);
    }
}
