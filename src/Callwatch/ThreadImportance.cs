using System.Runtime.InteropServices;

namespace Callwatch;

/// <summary>
/// How important a thread is where several want the processor. Intake comes first: its senders wait. Storing follows it, and what people ask
/// comes last, because both can wait a moment without anybody losing anything.
/// </summary>
internal static partial class ThreadImportance
{
    /// <summary>For storing: about two thirds of a share where intake wants a whole one.</summary>
    public const int Storing = 2;

    /// <summary>For questions: about a third of a share.</summary>
    public const int Asking = 5;

    /// <summary>For sealing: a tenth of a share. Not nothing, or the disk would fill while all cores are busy.</summary>
    public const int Sealing = 10;

    /// <summary>For the full-text index: a tenth of a share.</summary>
    public const int Indexing = 10;

    /// <summary>Of the thread that calls it, for good: on Linux each has a niceness of its own. Elsewhere, or where it cannot be set, all are alike.</summary>
    public static void Lower(int niceness)
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            _ = SetPriority(which: 0, who: 0, niceness);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            // Another system library, another name.
        }
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetPriority(int which, int who, int priority);
}
