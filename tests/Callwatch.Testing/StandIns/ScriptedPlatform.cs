using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Callwatch.Testing.StandIns;

/// <summary>A request as it came: each line of the body is an item.</summary>
public sealed record PlatformRequest(int Number, string Path, IReadOnlyDictionary<string, string> Headers, IReadOnlyList<string> Items, byte[] Body);

/// <summary>What the platform does with a request.</summary>
/// <param name="Taken">Which items it keeps, by index; null for all.</param>
public abstract record PlatformReply(Func<int, bool>? Taken)
{
    public static PlatformReply Ok { get; } = new Answer(200, "{}");

    /// <summary>A whole answer. Items are kept when the status is of success.</summary>
    public sealed record Answer(int Status, string Body = "", params (string Name, string Value)[] Headers) : PlatformReply(Status is >= 200 and < 300 ? null : _ => false);

    /// <summary>200, but these items are not taken; the body says so.</summary>
    public sealed record Partly(string Body, Func<int, bool> Keeps) : PlatformReply(Keeps);

    /// <summary>Bytes as they are, then the connection is reset.</summary>
    public sealed record Torn(string Bytes, bool Keeps = false) : PlatformReply(_ => Keeps);

    /// <summary>Nothing, until the client gives up; or headers and then nothing.</summary>
    public sealed record Hangs(string Bytes = "", bool Keeps = false) : PlatformReply(_ => Keeps);

    /// <summary>A whole answer once the gate has been opened.</summary>
    public sealed record Later(Task Gate, PlatformReply Then) : PlatformReply(Then.Taken);
}

/// <summary>
/// A platform that answers from a script, on a socket of its own and down to the byte, so that it can also answer by halves or not at all.
/// It remembers every request, and every item it has taken.
/// </summary>
public sealed class ScriptedPlatform : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly Lock gate = new();
    private readonly List<PlatformRequest> requests = [];
    private readonly List<string> taken = [];
    private readonly Task accepting;
    private int inFlight;

    public ScriptedPlatform()
    {
        listener.Start();
        accepting = AcceptAsync();
    }

    /// <summary>Asked for each request; takes everything until it is set.</summary>
    public Func<PlatformRequest, PlatformReply> Script { get; set; } = _ => PlatformReply.Ok;

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");

    public IReadOnlyList<PlatformRequest> Requests
    {
        get
        {
            lock (gate) return [.. requests];
        }
    }

    /// <summary>Every item that was kept, in the order of its coming, as often as it came.</summary>
    public IReadOnlyList<string> Taken
    {
        get
        {
            lock (gate) return [.. taken];
        }
    }

    public int MostAtOnce { get; private set; }

    public int AtOnce
    {
        get
        {
            lock (gate) return inFlight;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await accepting;
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (!stop.IsCancellationRequested) connections.Add(ServeAsync(await listener.AcceptTcpClientAsync(stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }

        await Task.WhenAll(connections);
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var _ = client;
        try
        {
            await using var stream = client.GetStream();
            while (await ReadAsync(stream) is { } request)
            {
                Count(1);
                if (!await AnswerAsync(client, stream, request, Script(request))) return;
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The client has gone, or the test is over.
        }
    }

    private void Count(int by)
    {
        lock (gate)
        {
            inFlight += by;
            MostAtOnce = Math.Max(MostAtOnce, inFlight);
        }
    }

    private async Task<bool> AnswerAsync(TcpClient client, NetworkStream stream, PlatformRequest request, PlatformReply reply)
    {
        lock (gate) taken.AddRange(request.Items.Where((_, index) => reply.Taken?.Invoke(index) ?? true));
        switch (reply)
        {
            case PlatformReply.Answer answer:
                await WriteAsync(stream, answer.Status, answer.Body, answer.Headers);
                return true;
            case PlatformReply.Partly partly:
                await WriteAsync(stream, 200, partly.Body, []);
                return true;
            case PlatformReply.Torn torn:
                Count(-1);
                await stream.WriteAsync(Encoding.ASCII.GetBytes(torn.Bytes), stop.Token);
                client.LingerState = new LingerOption(true, 0);
                return false;
            case PlatformReply.Hangs hangs:
                await HangAsync(stream, hangs.Bytes);
                return false;
            case PlatformReply.Later later:
                await later.Gate.WaitAsync(stop.Token);
                return await FinishAsync(client, stream, later.Then);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private async Task<bool> FinishAsync(TcpClient client, NetworkStream stream, PlatformReply reply)
    {
        if (reply is PlatformReply.Answer answer)
        {
            await WriteAsync(stream, answer.Status, answer.Body, answer.Headers);
            return true;
        }

        Count(-1);
        client.Close();
        return false;
    }

    private async Task HangAsync(NetworkStream stream, string bytes)
    {
        try
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(bytes), stop.Token);
            _ = await stream.ReadAtLeastAsync(new byte[1], 1, throwOnEndOfStream: false, stop.Token);
        }
        finally
        {
            Count(-1);
        }
    }

    private async Task WriteAsync(NetworkStream stream, int status, string body, (string Name, string Value)[] headers)
    {
        // Before the answer can be read, for who reads it may ask again at once, over another connection.
        Count(-1);
        var bytes = Encoding.UTF8.GetBytes(body);
        var head = new StringBuilder().Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {status} X\r\nContent-Length: {bytes.Length}\r\n");
        foreach (var (name, value) in headers) head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()), stop.Token);
        await stream.WriteAsync(bytes, stop.Token);
    }

    private async Task<PlatformRequest?> ReadAsync(NetworkStream stream)
    {
        var head = new List<byte>();
        var one = new byte[1];
        while (!EndsHead(head))
        {
            if (await stream.ReadAsync(one, stop.Token) == 0) return null;
            head.Add(one[0]);
        }

        var lines = Encoding.ASCII.GetString([.. head]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var headers = lines[1..].Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        var body = new byte[int.Parse(headers.GetValueOrDefault("Content-Length", "0"), CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body, stop.Token);
        lock (gate)
        {
            var request = new PlatformRequest(requests.Count + 1, lines[0].Split(' ')[1], headers, Encoding.UTF8.GetString(body).Split('\n', StringSplitOptions.RemoveEmptyEntries), body);
            requests.Add(request);
            return request;
        }
    }

    private static bool EndsHead(List<byte> head) => head is [.., (byte)'\r', (byte)'\n', (byte)'\r', (byte)'\n'];
}
