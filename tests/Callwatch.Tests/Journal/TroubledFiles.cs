using Callwatch.Journal.Writing;

namespace Callwatch.Tests.Journal;

/// <summary>The real disk, with its syncs counted and, where the test wants it, held up or failing. Folders are not synced: these tests lose no power.</summary>
internal sealed class TroubledFiles : IJournalFiles
{
    private int recordSyncs;
    private int failedDeletes;

    /// <summary>Syncs of files that had records written since their last.</summary>
    public int RecordSyncs => Volatile.Read(ref recordSyncs);

    /// <summary>Called before each write of records with the number of bytes; what it returns is how many of them are written before the write fails; null: all, no failure.</summary>
    public Func<long, long?>? CutWrite { get; set; }

    /// <summary>Called in place of each sync of records.</summary>
    public Action? OnSync { get; set; }

    public bool CreateFails { get; set; }

    public bool TruncateFails { get; set; }

    public bool DeleteFails { get; set; }

    public int FailedDeletes => Volatile.Read(ref failedDeletes);

    public static IOException Full() => new("No space left on device", 28);

    public IJournalFile Create(string path, long size) => CreateFails ? throw Full() : new Troubled(this, DiskFiles.Instance.Create(path, size));

    public IJournalFile Open(string path) => new Troubled(this, DiskFiles.Instance.Open(path));

    public void Rename(string from, string to) => DiskFiles.Instance.Rename(from, to);

    public void Delete(string path)
    {
        if (DeleteFails)
        {
            Interlocked.Increment(ref failedDeletes);
            throw new IOException("Input/output error", 5);
        }

        DiskFiles.Instance.Delete(path);
    }

    public void SyncFolder(string folder)
    {
    }

    private sealed class Troubled(TroubledFiles owner, IJournalFile file) : IJournalFile
    {
        private bool hasRecords;

        public void Write(IReadOnlyList<ReadOnlyMemory<byte>> parts, long offset)
        {
            // A segment's header, and the zeros of the next file, are written at its start and alone.
            hasRecords |= parts.Count > 1;
            if (parts.Count > 1 && owner.CutWrite?.Invoke(parts.Sum(part => (long)part.Length)) is { } kept)
            {
                file.Write([parts.SelectMany(part => part.ToArray()).Take((int)kept).ToArray()], offset);
                throw Full();
            }

            file.Write(parts, offset);
        }

        public void Sync()
        {
            if (!hasRecords) return;
            hasRecords = false;
            Interlocked.Increment(ref owner.recordSyncs);
            owner.OnSync?.Invoke();
        }

        public void Truncate(long length)
        {
            if (owner.TruncateFails) throw new IOException("Input/output error", 5);
            file.Truncate(length);
        }

        public void Reserve(long length) => file.Reserve(length);

        public void Dispose() => file.Dispose();
    }
}
