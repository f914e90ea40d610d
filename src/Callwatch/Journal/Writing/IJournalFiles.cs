namespace Callwatch.Journal.Writing;

/// <summary>The disk as the writing side sees it: a boundary, behind which tests let it fail and count its syncs. All of it throws <see cref="IOException"/>.</summary>
internal interface IJournalFiles
{
    /// <summary>A new file with room for <paramref name="size"/> bytes, all zero; one of that name is replaced.</summary>
    IJournalFile Create(string path, long size);

    IJournalFile Open(string path);

    void Rename(string from, string to);

    void Delete(string path);

    bool Exists(string path) => File.Exists(path);

    /// <summary>Makes names that were added, changed or removed in a folder durable.</summary>
    void SyncFolder(string folder);
}

internal interface IJournalFile : IDisposable
{
    /// <summary>Writes all parts one after the other.</summary>
    void Write(IReadOnlyList<ReadOnlyMemory<byte>> parts, long offset);

    /// <summary>Returns once everything written is on the disk itself.</summary>
    void Sync();

    void Truncate(long length);

    /// <summary>Makes room up to this length, so that later writes need none.</summary>
    void Reserve(long length);
}
