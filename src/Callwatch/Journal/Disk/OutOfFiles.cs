namespace Callwatch.Journal.Disk;

/// <summary>
/// Tells a process, or a machine, that has as many files open as it may from a file that is gone or damaged: the same file can be opened a
/// moment later, and nobody may take it for lost meanwhile.
/// </summary>
internal static class OutOfFiles
{
    // ENFILE and EMFILE.
    public static bool Is(Exception e) => e is IOException && (e.HResult & 0xFFFF) is 23 or 24;
}
