using System.Text.Json.Nodes;
using Callwatch.Forward.Lanes;

namespace Callwatch.Forward.Desk;

/// <summary>Asks a platform whether address, key and project are good: a few at a time, each with a client and a bound of time of its own.</summary>
internal sealed class DestinationChecks(IOutboundHttp http, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    private readonly SemaphoreSlim atOnce = new(4, 4);

    public async Task<CheckResult> RunAsync(int tenantId, IDestinationKind kind, JsonObject config, CancellationToken cancel)
    {
        var secrets = new Destinations.Shared.Secrets(ConfigParts.TextsOf(kind.Fields, config));
        using var late = new CancellationTokenSource(Longest, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        try
        {
            await atOnce.WaitAsync(end.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new CheckResult(false, "Too many checks are under way; try again.");
        }

        var began = time.GetTimestamp();
        try
        {
            using var client = http.ClientFor(tenantId, kind.TlsOf(config));
            await using var platform = kind.Create((JsonObject)config.DeepClone(), new DestinationContext(client, time, Query.SystemQueries.Version));
            var result = await platform.CheckAsync(end.Token);
            return result with { Detail = secrets.HideIn(result.Detail), ProjectUrl = result.ProjectUrl is null ? null : secrets.HideIn(result.ProjectUrl), Latency = result.Latency ?? time.GetElapsedTime(began) };
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new CheckResult(false, "No answer in time.", Latency: time.GetElapsedTime(began));
        }
        catch (Exception e) when (e is not (OperationCanceledException or OutOfMemoryException))
        {
            // A fault of ours. Its message is not repeated: it may hold the address, and an address a key.
            return new CheckResult(false, "The check failed: " + e.GetType().Name + ".");
        }
        finally
        {
            atOnce.Release();
        }
    }

    public void Dispose() => atOnce.Dispose();
}
