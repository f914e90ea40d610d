using System.Net.Sockets;
using Callwatch.Diagnose;
using Callwatch.Server.Hosting;

namespace Callwatch.Server.Support;

/// <summary>Whether what the server listens at can be connected to, from this machine at least.</summary>
internal sealed class PortsCheck(Listeners listeners) : IHostCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public string Name => "ports";

    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancel)
    {
        var addresses = listeners.HttpUrls.Concat(listeners.GrpcUrls).ToList();
        var asked = await Task.WhenAll(addresses.Select(address => AskAsync(address, cancel)));
        var shut = asked.OfType<Finding>().ToList();
        return shut.Count > 0 ? shut
            : [new Finding(Name, FindingLevel.Fine, $"OTLP/HTTP at {string.Join(", ", listeners.HttpUrls)}; OTLP/gRPC {(listeners.GrpcUrls.Count == 0 ? "is switched off" : "at " + string.Join(", ", listeners.GrpcUrls))}")];
    }

    private async Task<Finding?> AskAsync(string address, CancellationToken cancel)
    {
        var uri = new Uri(address);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(uri.DnsSafeHost is "0.0.0.0" ? "127.0.0.1" : uri.DnsSafeHost is "::" ? "::1" : uri.DnsSafeHost, uri.Port, limit.Token);
            return null;
        }
        catch (Exception e) when (e is SocketException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return new Finding(Name, FindingLevel.Problem, $"Nothing can be connected to {address}, where the server listens.", "Look at the firewall of this machine, and whether it has run out of file handles (ulimit -n).");
        }
    }
}
