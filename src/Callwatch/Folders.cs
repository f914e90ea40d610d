using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Callwatch;

/// <summary>Makes what a folder says durable. A file that has been synced is only as safe as its name: after a power cut a new name may be gone, a removed one back.</summary>
internal static partial class Folders
{
    private const string SystemLibrary = "libc";
    private const int Interrupted = 4, InvalidArgument = 22, NotSupported = 95;
    private const int MayEnter = 1, MayWrite = 2, MayRead = 4;
    private const UnixFileMode OwnersOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // Looked up in the process as a whole rather than in the library of that name, as native code's own calls are: a preloaded library
    // that stands before the system's (to lose power in a test, to trace calls) then sees all of them.
    static Folders() => NativeLibrary.SetDllImportResolver(
        typeof(Folders).Assembly, (name, _, _) => name == SystemLibrary ? NativeLibrary.GetMainProgramHandle() : 0);

    /// <summary>Makes a folder that holds prompts and answers, for its owner alone; one that is there stays as it is.</summary>
    public static void MakePrivate(string folder)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Whether this user may read and write it, and look into it where it is a folder. Nothing is opened: closing a file would end locks that SQLite holds on it.</summary>
    public static bool MayUse(string path) => OperatingSystem.IsWindows() || AccessNative(path, Directory.Exists(path) ? MayRead | MayWrite | MayEnter : MayRead | MayWrite) == 0;

    /// <summary>Leaves a file that holds a secret to its owner alone: a copy that was put back may be open to others.</summary>
    public static void CloseToOthers(string file)
    {
        if (OperatingSystem.IsWindows() || !File.Exists(file)) return;
        try
        {
            if ((File.GetUnixFileMode(file) & ~OwnersOnly) != UnixFileMode.None) File.SetUnixFileMode(file, OwnersOnly);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It belongs to somebody else, or the file system knows no modes: it can be read, and that is what counts here.
        }
    }

    /// <summary>Returns once the names that were added, changed or removed in the folder are on the disk itself.</summary>
    /// <exception cref="IOException">The disk refuses it.</exception>
    public static void Sync(string folder)
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

    /// <summary>Puts a whole new text in the place of a file, or makes it: after a power cut it is the old or the new one, never a part, and once this has returned the new one.</summary>
    public static void WriteWhole(string file, ReadOnlySpan<byte> content, UnixFileMode? mode = null)
    {
        var (unfinished, options) = (file + ".tmp", new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 });
        // The mode counts only for a file that is made, so what an interrupted write left goes first.
        File.Delete(unfinished);
        if (mode is not null && !OperatingSystem.IsWindows()) options.UnixCreateMode = mode;
        using (var stream = new FileStream(unfinished, options))
        {
            stream.Write(content);
            stream.Flush(flushToDisk: true);
        }

        File.Move(unfinished, file, overwrite: true);
        Sync(Path.GetDirectoryName(Path.GetFullPath(file))!);
    }

    /// <summary>Without the times of the file on Linux, which would cost a second write for each sync; the length must not matter any more.</summary>
    internal static void SyncData(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(file);
            return;
        }

        while (SyncDataNative(file) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != Interrupted) throw ErrorOf("fdatasync", error);
        }
    }

    /// <summary>Makes room up to this length, so that later writes need none.</summary>
    internal static void Reserve(SafeFileHandle file, long length)
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.SetLength(file, length);
            return;
        }

        int error;
        do error = ReserveNative(file, 0, length);
        while (error == Interrupted);
        if (error != 0) throw ErrorOf("posix_fallocate", error);
    }

    private static IOException ErrorOf(string call, int error) => new($"{call}: {Marshal.GetPInvokeErrorMessage(error)}", error);

    [LibraryImport(SystemLibrary, EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int AccessNative(string path, int mode);

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
}
