using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Win32.SafeHandles;

namespace Callwatch.Store.Sqlite;

/// <summary>
/// Files read through a mapping count as memory of the process for as long as they are mapped, though the system could take their pages at any time.
/// So each connection maps the beginning of its file only, and those that wait for a question let go of theirs when all together are many.
/// </summary>
internal static class MappedPages
{
    /// <summary>Of one connection.</summary>
    private const long MostOfOne = 128L << 20;

    /// <summary>Of the process, its own programs among them, before connections that wait let go.</summary>
    private const long Most = 224L << 20;

    private static readonly SafeFileHandle? Statm = Open();

    /// <summary>Whether connections should let go; always false where the system does not tell.</summary>
    public static bool AreMany => Statm is not null && Bytes() > Most;

    /// <summary>Lets go of the connection's mapping; the next reading maps it again.</summary>
    public static void Release(SqliteConnection connection)
    {
        // The driver's own limit is what a mapping is made again by.
        StoreDatabase.Execute(connection, "PRAGMA mmap_size = 0");
        Map(connection);
    }

    /// <summary>Has the connection read through a mapping from now on.</summary>
    public static void Map(SqliteConnection connection) =>
        StoreDatabase.Execute(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA mmap_size = {MostOfOne}"));

    private static long Bytes()
    {
        Span<byte> text = stackalloc byte[128];
        var length = RandomAccess.Read(Statm!, text, 0);
        // Sizes in pages: all, resident, of files.
        var parts = Encoding.ASCII.GetString(text[..length]).Split(' ');
        return parts.Length > 2 && long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var pages) ? pages * Environment.SystemPageSize : 0;
    }

    private static SafeFileHandle? Open()
    {
        try
        {
            return OperatingSystem.IsLinux() ? File.OpenHandle("/proc/self/statm") : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
