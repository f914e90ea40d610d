using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Callwatch.Client.Telemetry.Sources;

/// <summary>Writes an exception into a span, once: the same one is often logged on several floors.</summary>
internal static class SpanErrors
{
    private const int MostEvents = 100;
    private const int MostSpans = 64;

    private static readonly ConditionalWeakTable<Exception, HashSet<ActivitySpanId>> Seen = [];

    /// <summary>False where this span knows it already, is over, or has had enough of them. Never throws.</summary>
    public static bool TryAdd(Activity span, Exception error, in TagList more = default)
    {
        if (span.IsStopped) return false;
        var events = 0;
        foreach (ref readonly var _ in span.EnumerateEvents())
            if (++events >= MostEvents) return false;
        var spans = Seen.GetOrCreateValue(error);
        lock (spans)
        {
            // An exception that is kept and thrown again for ever must not remember every span.
            if (spans.Count >= MostSpans) spans.Clear();
            if (!spans.Add(span.SpanId)) return false;
        }

        try
        {
            span.AddException(error, in more);
            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Its text is made by code of the application.
            TelemetryEvents.Log.Unexpected("an exception's text", e.GetType().Name);
            return false;
        }
    }
}
