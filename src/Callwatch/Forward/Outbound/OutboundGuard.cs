using System.Net;
using System.Net.Sockets;
using Callwatch.Forward.Destinations.Shared;

namespace Callwatch.Forward.Outbound;

/// <summary>
/// Says where requests to platforms may go: every address a name resolves to is looked at, at save and again at each connect, and the
/// connection goes to an address that was looked at. So a name that means another host a moment later leads nowhere.
/// </summary>
internal sealed class OutboundGuard(AllowedRanges allowed, TimeProvider time, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
{
    private const string Setting = ForwardOptions.Section + ":" + nameof(ForwardOptions.AllowPrivateAddresses);
    private static readonly TimeSpan ResolveTime = TimeSpan.FromSeconds(2);

    // Of one address among several: a dead one must not use up the time of all.
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(5);

    private readonly Func<string, CancellationToken, Task<IPAddress[]>> resolve = resolve ?? Dns.GetHostAddressesAsync;

    public OutboundRules Rules { get; } = allowed.ToRules();

    /// <summary>Why nothing may be sent there, for people; null when it may, or the name cannot be resolved just now.</summary>
    public async Task<string?> ObjectionAsync(Uri address, CancellationToken cancel)
    {
        var host = address.IdnHost;
        IPAddress[] addresses;
        using var late = new CancellationTokenSource(ResolveTime, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        try
        {
            addresses = await AddressesOfAsync(host, end.Token);
        }
        catch (Exception e) when (e is SocketException or ArgumentException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return null;
        }

        return Objection(host, addresses, address.Scheme == Uri.UriSchemeHttps);
    }

    /// <summary>For <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
    /// <exception cref="OutboundRefusedException">Nothing may be sent there.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var addresses = await AddressesOfAsync(host, cancel);
        if (Objection(host, addresses, context.InitialRequestMessage.RequestUri?.Scheme == Uri.UriSchemeHttps) is { } objection) throw new OutboundRefusedException(objection);
        return await ConnectAsync(addresses, port, cancel);
    }

    public async Task<Stream> ConnectAsync(IReadOnlyList<IPAddress> addresses, int port, CancellationToken cancel)
    {
        Exception? last = null;
        foreach (var address in addresses)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            using var late = new CancellationTokenSource(ConnectTime, time);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, port), end.Token);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (Exception e) when (e is SocketException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
            {
                socket.Dispose();
                last = e is SocketException ? e : new SocketException((int)SocketError.TimedOut);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw last ?? new SocketException((int)SocketError.HostNotFound);
    }

    public Task<IPAddress[]> AddressesOfAsync(string host, CancellationToken cancel)
    {
        var literal = host.Trim('[', ']');
        if (IPAddress.TryParse(literal, out var address)) return Task.FromResult<IPAddress[]>([address]);

        // Whatever a name server says of it (RFC 6761). Who allows one of the two by its number means the name, too.
        var name = host.TrimEnd('.');
        if (!name.Equals("localhost", StringComparison.OrdinalIgnoreCase) && !name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)) return resolve(host, cancel);
        IPAddress[] loopback = [IPAddress.Loopback, IPAddress.IPv6Loopback];
        var some = loopback.Where(allowed.Allow).ToArray();
        return Task.FromResult(some.Length > 0 ? some : loopback);
    }

    /// <summary>One bad address among many is enough: which of them a connection would take is chance.</summary>
    private string? Objection(string host, IReadOnlyList<IPAddress> addresses, bool isTls)
    {
        var anyPublic = false;
        foreach (var address in addresses)
        {
            // What a name stands for inside is not told: whoever may enter addresses need not be the operator.
            var means = IPAddress.TryParse(host.Trim('[', ']'), out _) ? $"{host} is" : $"{host} stands for";
            switch (Addresses.ClassOf(address))
            {
                case AddressClass.Nobody:
                    return $"{means} an address that belongs to no host.";
                case AddressClass.Private when !allowed.Allow(address) && !allowed.Allow(Addresses.Effective(address)):
                    return $"{means} a loopback, private or link-local address, and those are refused. The operator can allow them: {Setting} is true, or names their ranges.";
                case AddressClass.Public:
                    anyPublic = true;
                    break;
            }
        }

        return anyPublic && !isTls ? "Plain http would show keys and prompts on the way; use https. Plain http goes to private addresses only, where they are allowed." : null;
    }
}
