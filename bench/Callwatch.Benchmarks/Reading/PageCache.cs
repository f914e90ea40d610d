using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Callwatch.Benchmarks.Reading;

/// <summary>Lets the system forget what it has read of files, as after a start of the machine.</summary>
internal static partial class PageCache
{
    private const int DontNeed = 4;

    /// <summary>Files that no process has mapped; those that one has keep the pages it uses.</summary>
    public static void Forget(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            // The server's own, which nobody else may open; nothing is read from them.
            if (Path.GetFileName(file) is "lock" or "callwatch.lock") continue;
            using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            _ = Advise(handle, 0, 0, DontNeed);
        }

        try
        {
            File.WriteAllText("/proc/sys/vm/drop_caches", "3");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Only root may; the advice above does for these files.
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(SafeFileHandle file, long offset, long length, int advice);
}
