using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Callwatch.Benchmarks;

/// <summary>One kept-alive HTTP/1.1 connection that sends prepared bodies: so little of its own that the server is what is measured.</summary>
internal sealed class HttpSender : IDisposable
{
    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] received = new byte[16 * 1024];
    private readonly string head;

    /// <param name="headers">Lines with their ends, after the first two.</param>
    public HttpSender(Uri server, string path, string headers)
    {
        socket.Connect(server.Host, server.Port);
        head = $"POST {path} HTTP/1.1\r\nHost: {server.Host}:{server.Port}\r\n{headers}";
    }

    /// <summary>Sends and waits for the whole answer; returns its status.</summary>
    public async Task<int> PostAsync(ReadOnlyMemory<byte> body)
    {
        var start = Encoding.ASCII.GetBytes(head + "Content-Length: " + body.Length.ToString(CultureInfo.InvariantCulture) + "\r\n\r\n");
        await socket.SendAsync(start, SocketFlags.None);
        for (var sent = 0; sent < body.Length;) sent += await socket.SendAsync(body[sent..], SocketFlags.None);
        var length = 0;
        while (true)
        {
            var read = await socket.ReceiveAsync(received.AsMemory(length), SocketFlags.None);
            if (read == 0) throw new IOException("the server closed the connection");
            length += read;
            var text = Encoding.ASCII.GetString(received, 0, length);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0) continue;
            var at = text.IndexOf("Content-Length: ", StringComparison.OrdinalIgnoreCase);
            var rest = at < 0 ? 0 : int.Parse(text.AsSpan(at + 16, text.IndexOf('\r', at) - at - 16), CultureInfo.InvariantCulture);
            if (length >= end + 4 + rest) return int.Parse(text.AsSpan(9, 3), CultureInfo.InvariantCulture);
        }
    }

    public void Dispose() => socket.Dispose();
}
