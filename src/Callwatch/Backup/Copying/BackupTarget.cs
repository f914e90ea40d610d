using System.Security.Cryptography;

namespace Callwatch.Backup.Copying;

/// <summary>
/// The folder a backup is written to: every file hashed while it is copied and synced when it is whole. A file that the backup before has
/// byte by byte becomes another name of that one (a hard link) where the file system can.
/// </summary>
internal sealed class BackupTarget(string directory, string? since, Action<string> progress, TimeProvider time)
{
    private const int BufferBytes = 1 << 20;

    // A sync of much at once would hold up those of the journal on the same disk.
    private const long SyncEvery = 16L << 20;

    private readonly Dictionary<string, ManifestFile> before = since is null
        ? [] : (BackupManifest.Read(since, out _)?.Files ?? []).ToDictionary(file => file.Path, StringComparer.Ordinal);
    private readonly byte[] buffer = new byte[BufferBytes];
    private readonly byte[] other = new byte[BufferBytes];

    public string Directory { get; } = directory;

    public List<ManifestFile> Files { get; } = [];

    public long Bytes { get; private set; }

    public long SharedBytes { get; private set; }

    public TimeProvider Time { get; } = time;

    /// <summary>Copies a file, or its first bytes.</summary>
    /// <param name="path">Below the backup's folder, with slashes.</param>
    /// <returns>False when the source is gone.</returns>
    public bool Copy(string source, string path, long? length, CancellationToken cancel)
    {
        progress(path);
        FileStream from;
        try
        {
            from = new FileStream(source, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }

        using (from)
        {
            var bytes = length ?? from.Length;
            if (Share(from, path, bytes, cancel)) return true;
            from.Position = 0;
            var to = Place(path);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            using (var file = new FileStream(to, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 1))
            {
                long copied = 0;
                for (long synced = 0; copied < bytes;)
                {
                    cancel.ThrowIfCancellationRequested();
                    var read = from.Read(buffer, 0, (int)Math.Min(buffer.Length, bytes - copied));
                    if (read == 0) throw new IOException($"{source} ends at {copied} of {bytes} bytes");
                    hash.AppendData(buffer, 0, read);
                    file.Write(buffer, 0, read);
                    copied += read;
                    if (copied - synced < SyncEvery) continue;
                    file.Flush(flushToDisk: true);
                    synced = copied;
                }

                file.Flush(flushToDisk: true);
            }

            Add(path, bytes, hash.GetHashAndReset());
            return true;
        }
    }

    /// <summary>Takes in a file that was written to its place by other means, and synced.</summary>
    public void Adopt(string path, CancellationToken cancel)
    {
        progress(path);
        var file = Path.Combine(Directory, path);
        long length;
        byte[] sum;
        using (var written = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes))
        {
            length = written.Length;
            sum = HashOf(written, cancel);
        }

        if (before.TryGetValue(path, out var earlier) && earlier.Bytes == length && earlier.Sha256 == Convert.ToHexStringLower(sum) && IsIntact(earlier, cancel))
        {
            var aside = file + ".tmp";
            if (HardLink.TryMake(earlier.In(since!), aside))
            {
                File.Move(aside, file, overwrite: true);
                SharedBytes += length;
            }
        }

        Add(path, length, sum);
    }

    /// <summary>Where a file of this path is to be written; its folders are made.</summary>
    public string Place(string path)
    {
        var file = Path.Combine([Directory, .. path.Split('/')]);
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        return file;
    }

    /// <summary>Makes all names durable, then writes the manifest: only with it this is a backup.</summary>
    public void Finish(BackupManifest manifest)
    {
        var bytes = manifest.ToBytes();
        SyncFolders();
        Folders.WriteWhole(Path.Combine(Directory, BackupManifest.SumFileName), BackupManifest.SumBytes(bytes));
        Folders.WriteWhole(Path.Combine(Directory, BackupManifest.FileName), bytes);
        if (Path.GetDirectoryName(Directory) is { } parent) Folders.Sync(parent);
    }

    private void SyncFolders()
    {
        foreach (var folder in System.IO.Directory.EnumerateDirectories(Directory, "*", SearchOption.AllDirectories)) Folders.Sync(folder);
    }

    /// <summary>True when the backup before has the very same bytes: then they are shared.</summary>
    private bool Share(FileStream from, string path, long bytes, CancellationToken cancel)
    {
        if (!before.TryGetValue(path, out var earlier) || earlier.Bytes != bytes || !File.Exists(earlier.In(since!))) return false;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using (var old = new FileStream(earlier.In(since!), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1))
        {
            if (old.Length != bytes) return false;
            for (long at = 0; at < bytes;)
            {
                cancel.ThrowIfCancellationRequested();
                var count = (int)Math.Min(buffer.Length, bytes - at);
                if (from.ReadAtLeast(buffer.AsSpan(0, count), count, throwOnEndOfStream: false) < count) return false;
                if (old.ReadAtLeast(other.AsSpan(0, count), count, throwOnEndOfStream: false) < count) return false;
                if (!buffer.AsSpan(0, count).SequenceEqual(other.AsSpan(0, count))) return false;
                hash.AppendData(buffer, 0, count);
                at += count;
            }
        }

        if (!HardLink.TryMake(earlier.In(since!), Place(path))) return false;
        SharedBytes += bytes;
        Add(path, bytes, hash.GetHashAndReset());
        return true;
    }

    private bool IsIntact(ManifestFile file, CancellationToken cancel)
    {
        if (!File.Exists(file.In(since!))) return false;
        using var old = new FileStream(file.In(since!), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
        return Convert.ToHexStringLower(HashOf(old, cancel)) == file.Sha256;
    }

    private byte[] HashOf(FileStream file, CancellationToken cancel) => FileSum.Of(file, buffer, cancel);

    private void Add(string path, long bytes, byte[] sum)
    {
        Files.Add(new ManifestFile(path, bytes, Convert.ToHexStringLower(sum)));
        Bytes += bytes;
    }
}
