using System.Globalization;

namespace Callwatch.Server.Tests;

/// <summary>One socket of a process, as Linux tells it. Addresses as in <c>/proc/net</c>; state 0A is listening.</summary>
public sealed record ProcessSocket(string Protocol, int LocalPort, string Remote, string State)
{
    /// <summary>Neither listening nor one end of a connection that came to a port listened on.</summary>
    public bool IsOutbound(IReadOnlySet<int> listening) => Protocol.StartsWith("udp", StringComparison.Ordinal) || (State != "0A" && !listening.Contains(LocalPort));

    /// <summary>All TCP and UDP sockets of the process.</summary>
    public static IReadOnlyList<ProcessSocket> Of(int process)
    {
        var inodes = Directory.EnumerateFileSystemEntries($"/proc/{process}/fd").Select(LinkOf).OfType<string>()
            .Where(link => link.StartsWith("socket:[", StringComparison.Ordinal)).Select(link => link[8..^1]).ToHashSet(StringComparer.Ordinal);
        return [.. new[] { "tcp", "tcp6", "udp", "udp6" }.SelectMany(protocol => Table(process, protocol)).Where(row => inodes.Contains(row.Inode)).Select(row => row.Socket)];
    }

    private static IEnumerable<(string Inode, ProcessSocket Socket)> Table(int process, string protocol) =>
        File.ReadLines($"/proc/{process}/net/{protocol}").Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(cells => (cells[9], new ProcessSocket(protocol, int.Parse(cells[1].AsSpan(cells[1].IndexOf(':') + 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture), cells[2], cells[3])));

    // A descriptor may be closed between listing and looking.
    private static string? LinkOf(string descriptor)
    {
        try
        {
            return new FileInfo(descriptor).LinkTarget;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
