using System.Diagnostics.Tracing;

namespace Callwatch.Client.Telemetry;

/// <summary>What goes wrong with telemetry, for <c>dotnet-trace</c> and the like: source <c>Callwatch-Client-Telemetry</c>. Never anything of its contents.</summary>
[EventSource(Name = "Callwatch-Client-Telemetry")]
internal sealed class TelemetryEvents : EventSource
{
    public static readonly TelemetryEvents Log = new();

    [Event(1, Level = EventLevel.Warning, Message = "{1} spans dropped: {0}")]
    public void Dropped(string reason, long count) => WriteEvent(1, reason, count);

    [Event(2, Level = EventLevel.Warning, Message = "A request with {0} failed: {1}")]
    public void Failed(string signal, string why) => WriteEvent(2, signal, why);

    [Event(3, Level = EventLevel.Warning, Message = "{0} was left out for an unexpected {1}")]
    public void Unexpected(string what, string type) => WriteEvent(3, what, type);
}
