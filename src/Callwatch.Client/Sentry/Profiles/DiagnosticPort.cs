using System.Buffers.Binary;
using System.IO.Pipes;
using System.Net.Sockets;
using System.Text;

namespace Callwatch.Client.Sentry.Profiles;

/// <summary>
/// A session of the runtime's event pipe in this very process, asked for over its own diagnostic port (dotnet/diagnostics, "Diagnostic IPC Protocol").
/// Only stack samples are asked for, and at the end which method lies where: nothing of what the application does passes here.
/// </summary>
internal sealed class DiagnosticPort : IDisposable
{
    private const byte EventPipe = 2;
    private const byte Stop = 1;
    private const byte CollectTracing4 = 5;
    private const byte Server = 0xFF;
    private const int HeaderBytes = 20;

    // Loader, JIT, NGen and "end of enumeration": the names of methods and of their files; and the tables that lead from their code back to IL.
    private const ulong Methods = 0x138 | 0x20000;

    private readonly ulong session;

    private DiagnosticPort(Stream events, ulong session) => (Events, this.session) = (events, session);

    /// <summary>In the format nettrace, to its end.</summary>
    public Stream Events { get; }

    /// <summary>Null where the runtime has no port (switched off, or a platform without one).</summary>
    public static DiagnosticPort? Open()
    {
        var connection = Connect();
        if (connection is null) return null;
        try
        {
            using var body = new MemoryStream();
            using var words = new BinaryWriter(body, Encoding.Unicode);
            words.Write(32u);
            words.Write(1u);
            words.Write(Methods);
            words.Write((byte)1);
            words.Write(1u);
            words.Write(0xF000_0000_0000UL);
            words.Write(4u);
            Text(words, "Microsoft-DotNETCore-SampleProfiler");
            Text(words, null);
            words.Flush();
            if (Ask(connection, CollectTracing4, body.ToArray()) is { } session) return new DiagnosticPort(connection, session);
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidDataException)
        {
            // As without a port.
        }

        connection.Dispose();
        return null;
    }

    /// <summary>Ends the session; what it still has comes through <see cref="Events"/>, and then its end.</summary>
    public void End()
    {
        using var connection = Connect();
        if (connection is null) return;
        var id = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(id, session);
        Ask(connection, Stop, id);
    }

    public void Dispose() => Events.Dispose();

    // The id of the session; null when the runtime refuses.
    private static ulong? Ask(Stream connection, byte command, byte[] body)
    {
        var message = new byte[HeaderBytes + body.Length];
        "DOTNET_IPC_V1\0"u8.CopyTo(message);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(14), (ushort)message.Length);
        message[16] = EventPipe;
        message[17] = command;
        body.CopyTo(message, HeaderBytes);
        connection.Write(message);
        connection.Flush();
        var header = new byte[HeaderBytes];
        connection.ReadExactly(header);
        var length = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(14)) - HeaderBytes;
        if (length is < 0 or > 4_096) throw new InvalidDataException("not the diagnostic port");
        var answer = new byte[length];
        connection.ReadExactly(answer);
        return header[16] == Server && header[17] == 0 && length >= 8 ? BinaryPrimitives.ReadUInt64LittleEndian(answer) : null;
    }

    private static Stream? Connect()
    {
        var process = Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture);
        try
        {
            if (OperatingSystem.IsWindows())
            {
                var pipe = new NamedPipeClientStream(".", "dotnet-diagnostic-" + process, PipeDirection.InOut, PipeOptions.None);
                pipe.Connect(1_000);
                return pipe;
            }

            // The last one is this process's: an earlier process of the same number may have left its own.
            var path = Directory.EnumerateFiles(Path.GetTempPath(), $"dotnet-diagnostic-{process}-*-socket").OrderDescending(StringComparer.Ordinal).FirstOrDefault();
            if (path is null) return null;
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                socket.Connect(new UnixDomainSocketEndPoint(path));
                socket.ReceiveTimeout = 60_000;
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException or TimeoutException)
        {
            return null;
        }
    }

    private static void Text(BinaryWriter words, string? text)
    {
        words.Write(text is null ? 0u : (uint)text.Length + 1);
        if (text is null) return;
        words.Write(Encoding.Unicode.GetBytes(text));
        words.Write((ushort)0);
    }
}
