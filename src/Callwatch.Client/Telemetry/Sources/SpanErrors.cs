using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Callwatch.Client.Telemetry.Sources;

/// <summary>Writes an exception into a span, once: the same one is often logged on several floors.</summary>
internal static class SpanErrors
{
    private static readonly ConditionalWeakTable<Exception, HashSet<ActivitySpanId>> Seen = [];

    /// <summary>False where this span knows it already.</summary>
    public static bool TryAdd(Activity span, Exception error, in TagList more = default)
    {
        var spans = Seen.GetOrCreateValue(error);
        lock (spans)
            if (!spans.Add(span.SpanId)) return false;
        span.AddException(error, in more);
        return true;
    }
}
