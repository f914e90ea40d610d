using Microsoft.Win32.SafeHandles;

namespace Callwatch.Journal.Writing;

/// <summary>The real disk.</summary>
internal sealed class DiskFiles : IJournalFiles
{
    public static DiskFiles Instance { get; } = new();

    public IJournalFile Create(string path, long size)
    {
        File.Delete(path);
        var file = new DiskFile(File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete));
        try
        {
            file.Reserve(size);
            return file;
        }
        catch
        {
            file.Dispose();
            File.Delete(path);
            throw;
        }
    }

    public IJournalFile Open(string path) =>
        new DiskFile(File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete));

    public void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    public void Delete(string path) => File.Delete(path);

    public void SyncFolder(string folder) => Folders.Sync(folder);

    private sealed class DiskFile(SafeFileHandle handle) : IJournalFile
    {
        public void Write(IReadOnlyList<ReadOnlyMemory<byte>> parts, long offset) => RandomAccess.Write(handle, parts, offset);

        // The length is fixed by then.
        public void Sync() => Folders.SyncData(handle);

        public void Truncate(long length) => RandomAccess.SetLength(handle, length);

        public void Reserve(long length)
        {
            if (RandomAccess.GetLength(handle) < length) Folders.Reserve(handle, length);
        }

        public void Dispose() => handle.Dispose();
    }
}
