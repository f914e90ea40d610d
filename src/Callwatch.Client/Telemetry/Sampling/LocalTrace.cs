using System.Diagnostics;
using Callwatch.Client.Hosting;

namespace Callwatch.Client.Telemetry.Sampling;

/// <summary>The spans of one trace beneath one local root: a span without a parent in this process. Guarded by the buffer's lock.</summary>
internal sealed class LocalTrace(Activity root)
{
    public Activity Root { get; } = root;

    public Verdict Verdict { get; set; }

    /// <summary>Ended spans that wait for the verdict, with their estimated size.</summary>
    public List<Activity> Waiting { get; } = [];

    public long Bytes { get; set; }

    /// <summary>When the first of these came.</summary>
    public long Since { get; set; }

    /// <summary>In the line of those with waiting spans.</summary>
    public LinkedListNode<LocalTrace>? Place { get; set; }
}

/// <summary>
/// Finds the local trace of a span. Only roots carry it: a property makes a dictionary, and a span in between may come from a source that nobody listens
/// to. Each buffer has its own.
/// </summary>
internal sealed class LocalTraces
{
    private readonly string property = OwnProperty.Named("callwatch.local_trace");

    /// <summary>By the nearest ancestor that is a local root; null where it began before anybody listened.</summary>
    public LocalTrace? Of(Activity? span)
    {
        for (; span is not null; span = span.Parent)
            if (span.GetCustomProperty(property) is LocalTrace trace) return trace;
        return null;
    }

    /// <summary>That of its ancestors, else a new one.</summary>
    public LocalTrace Begin(Activity span)
    {
        if (Of(span.Parent) is { } trace) return trace;
        var begun = new LocalTrace(span);
        span.SetCustomProperty(property, begun);
        return begun;
    }
}

/// <summary>What is known of a local trace.</summary>
internal enum Verdict
{
    Open,
    Keep,
    Leave,
}
