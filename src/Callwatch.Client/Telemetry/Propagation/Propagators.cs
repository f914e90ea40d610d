using System.Diagnostics;
using Callwatch.Client.Hosting;
using OpenTelemetry;

namespace Callwatch.Client.Telemetry.Propagation;

/// <summary>Puts ours in the place of the framework's; one that the application chose itself stays.</summary>
internal sealed class Propagators
{
    private readonly DistributedContextPropagator before = DistributedContextPropagator.Current;
    private readonly HeaderPropagator own;

    private Propagators(HeaderPropagator own) => this.own = own;

    /// <summary>Null where there is nothing for it to do, or the application has one of its own.</summary>
    public static HeaderPropagator? Of(ClientSettings settings)
    {
        var options = settings.Options.OpenTelemetry;
        var isFrameworks = DistributedContextPropagator.Current is HeaderPropagator || DistributedContextPropagator.Current.GetType().Assembly == typeof(Activity).Assembly;
        return options.Enabled && isFrameworks && HeaderPropagator.IsWanted(options.Propagators) ? new HeaderPropagator(options.Propagators) : null;
    }

    /// <summary>For the process: handlers of HTTP clients that are made from now on use it.</summary>
    public static Propagators? Set(ClientSettings settings)
    {
        if (Of(settings) is not { } own) return null;
        var set = new Propagators(own);
        DistributedContextPropagator.Current = own;
        Sdk.SetDefaultTextMapPropagator(TextMap.Of([.. settings.Options.OpenTelemetry.Propagators]));
        return set;
    }

    /// <summary>As it was before.</summary>
    public void Undo()
    {
        if (ReferenceEquals(DistributedContextPropagator.Current, own)) DistributedContextPropagator.Current = before;
    }
}
