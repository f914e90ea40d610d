using System.Globalization;

namespace Callwatch.Server.Hosting;

/// <summary>How many files, sockets among them, the system lets this process have open.</summary>
public static class OpenFiles
{
    private const int Most = 10_000;

    // Fewer, and one page that stays open would keep everybody else out.
    private const int Least = 16;

    // Some 290 are taken before the first request: assemblies above all. With none left the runtime itself cannot go on.
    private const int Reserve = 400;

    /// <summary>Whether a server could not even start, or would end with its first requests.</summary>
    public static bool AreTooFew => Limit() < Reserve;

    /// <summary>Connections for each of so many ports: half of the files, and 400, are for all else.</summary>
    public static int ConnectionsFor(int ports) => ConnectionsFor(ports, Limit());

    internal static int ConnectionsFor(int ports, long limit) => (int)Math.Clamp(Math.Min(limit / 2, limit - Reserve) / Math.Max(1, ports), Least, Most);

    // "Max open files            1024                 524288               files": the first number is in force; the runtime has raised it by now.
    private static long Limit()
    {
        const string Name = "Max open files";
        try
        {
            var line = File.ReadLines("/proc/self/limits").FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal));
            var number = line?[Name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
            return long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : long.MaxValue;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not a Linux: there the bound is ours alone.
            return long.MaxValue;
        }
    }
}
