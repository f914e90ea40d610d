using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Callwatch.Testing;

/// <summary>Ports for what cannot choose one itself, or has to find its own again after a restart.</summary>
public static class Ports
{
    // Bound and never listened on: who connects is refused at once, and nobody else can be given the port.
    private static readonly Socket Silent = Bound();

    // Below those that the system deals out to connections and to whoever asks for any: between two starts on such a port nobody is given it.
    private static int next = 10_000 + (Environment.ProcessId * 7 % 15_000);

    /// <summary>An address where nobody listens, as long as the test program runs.</summary>
    public static Uri DeadEnd { get; } = new($"http://127.0.0.1:{((IPEndPoint)Silent.LocalEndPoint!).Port}");

    /// <summary>A port that nobody uses, and that nobody is given who asks the system for any.</summary>
    public static int Free()
    {
        var end = LowestDealt();
        while (true)
        {
            var port = Interlocked.Increment(ref next);
            if (port >= end) Interlocked.CompareExchange(ref next, 9_999, port);
            else if (IsFree(port)) return port;
        }
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int LowestDealt()
    {
        const string Range = "/proc/sys/net/ipv4/ip_local_port_range";
        return File.Exists(Range) ? int.Parse(File.ReadAllText(Range).Split('\t', ' ')[0], CultureInfo.InvariantCulture) : 32_768;
    }

    private static Socket Bound()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ExclusiveAddressUse = true };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }
}
