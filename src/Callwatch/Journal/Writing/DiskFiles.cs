using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Callwatch.Journal.Writing;

/// <summary>The real disk.</summary>
internal sealed partial class DiskFiles : IJournalFiles
{
    private const string SystemLibrary = "libc";
    private const int Interrupted = 4, InvalidArgument = 22, NotSupported = 95;

    // Looked up in the process as a whole rather than in the library of that name, as native code's own calls are: a preloaded library
    // that stands before the system's (to lose power in a test, to trace calls) then sees all of them.
    static DiskFiles() => NativeLibrary.SetDllImportResolver(
        typeof(DiskFiles).Assembly, (name, _, _) => name == SystemLibrary ? NativeLibrary.GetMainProgramHandle() : 0);

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

    public void SyncFolder(string folder)
    {
        // Windows has no such call and needs none: NTFS journals its names.
        if (OperatingSystem.IsWindows()) return;
        var descriptor = OpenNative(folder, 0);
        if (descriptor < 0) throw ErrorOf("open", Marshal.GetLastPInvokeError());
        try
        {
            while (SyncNative(descriptor) != 0)
            {
                var error = Marshal.GetLastPInvokeError();
                // Some network file systems cannot sync a folder; theirs are durable when the call that changed them returns.
                if (error is InvalidArgument or NotSupported) return;
                if (error != Interrupted) throw ErrorOf("fsync", error);
            }
        }
        finally
        {
            _ = CloseNative(descriptor);
        }
    }

    private static IOException ErrorOf(string call, int error) => new($"{call}: {Marshal.GetPInvokeErrorMessage(error)}", error);

    [LibraryImport(SystemLibrary, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenNative(string path, int flags);

    [LibraryImport(SystemLibrary, EntryPoint = "fsync", SetLastError = true)]
    private static partial int SyncNative(int descriptor);

    [LibraryImport(SystemLibrary, EntryPoint = "close", SetLastError = true)]
    private static partial int CloseNative(int descriptor);

    [LibraryImport(SystemLibrary, EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int SyncDataNative(SafeFileHandle file);

    [LibraryImport(SystemLibrary, EntryPoint = "posix_fallocate")]
    private static partial int ReserveNative(SafeFileHandle file, long offset, long length);

    private sealed class DiskFile(SafeFileHandle handle) : IJournalFile
    {
        public void Write(IReadOnlyList<ReadOnlyMemory<byte>> parts, long offset) => RandomAccess.Write(handle, parts, offset);

        public void Sync()
        {
            // On Linux without the times of the file, which would cost a second write for each sync; the length is fixed by then.
            if (!OperatingSystem.IsLinux())
            {
                RandomAccess.FlushToDisk(handle);
                return;
            }

            while (SyncDataNative(handle) != 0)
            {
                var error = Marshal.GetLastPInvokeError();
                if (error != Interrupted) throw ErrorOf("fdatasync", error);
            }
        }

        public void Truncate(long length) => RandomAccess.SetLength(handle, length);

        public void Reserve(long length)
        {
            if (RandomAccess.GetLength(handle) >= length) return;
            if (!OperatingSystem.IsLinux())
            {
                RandomAccess.SetLength(handle, length);
                return;
            }

            int error;
            do error = ReserveNative(handle, 0, length);
            while (error == Interrupted);
            if (error != 0) throw ErrorOf("posix_fallocate", error);
        }

        public void Dispose() => handle.Dispose();
    }
}
