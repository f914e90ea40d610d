using Callwatch.Forward.Lanes;
using Callwatch.Journal;
using Callwatch.Receive;

namespace Callwatch.Forward;

/// <summary>The destinations that list logs or metrics; also those that are paused, whose backlog waits.</summary>
internal sealed class SignalTakers(IDestinationDirectory directory) : ISignalTakers
{
    public bool Take(Signal signal, int tenantId, int? appId) => signal is Signal.Logs or Signal.Metrics
        && directory.All.Any(destination => destination.TenantId == tenantId && destination.Enabled && FreightReader.Lists(destination, signal) && (appId is not { } app || destination.Serves(app)));
}
