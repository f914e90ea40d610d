using System.Runtime.InteropServices;

namespace Callwatch.Backup.Copying;

/// <summary>A second name for a file.</summary>
internal static partial class HardLink
{
    /// <summary>False where the file system has none, or the two lie on different ones.</summary>
    public static bool TryMake(string existing, string name) =>
        OperatingSystem.IsWindows() ? CreateHardLink(name, existing, 0) : LinkNative(existing, name) == 0;

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LinkNative(string existing, string name);

    [LibraryImport("kernel32", EntryPoint = "CreateHardLinkW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool CreateHardLink(string name, string existing, nint reserved);
}
