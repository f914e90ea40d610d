using System.Diagnostics;

namespace Callwatch.Client.Telemetry.Propagation;

/// <summary>B3 headers (openzipkin/b3-propagation): one, <c>b3: trace-span-sampled-parent</c>, or several, <c>X-B3-*</c>.</summary>
internal static class B3
{
    public const string Single = "b3";
    public const string TraceId = "X-B3-TraceId";
    public const string SpanId = "X-B3-SpanId";
    public const string Sampled = "X-B3-Sampled";
    public const string Flags = "X-B3-Flags";

    public static string Write(ActivityContext context) => $"{context.TraceId.ToHexString()}-{context.SpanId.ToHexString()}-{SampledText(context)}";

    public static string SampledText(ActivityContext context) => context.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) ? "1" : "0";

    /// <summary>False for what is no context; a bare decision (<c>0</c>) is none.</summary>
    public static bool TryRead(string? single, out ActivityContext context)
    {
        context = default;
        if (single is null) return false;
        var parts = single.Trim().Split('-');
        return parts.Length is >= 2 and <= 4 && TryRead(parts[0], parts[1], parts.Length > 2 ? parts[2] : null, out context);
    }

    /// <summary>From the parts. Without a decision the trace counts as taken: whoever sends it leaves that to us, and would not send it for nothing.</summary>
    public static bool TryRead(string? trace, string? span, string? sampled, out ActivityContext context)
    {
        context = default;
        // Ids of 64 bits are the lower half of ours.
        if (trace is { Length: 16 }) trace = "0000000000000000" + trace;
        if (trace is not { Length: 32 } || span is not { Length: 16 } || !IsId(trace) || !IsId(span)) return false;
        var taken = sampled is null or "1" or "d" || sampled.Equals("true", StringComparison.OrdinalIgnoreCase);
        context = new ActivityContext(
            ActivityTraceId.CreateFromString(trace.ToLowerInvariant()), ActivitySpanId.CreateFromString(span.ToLowerInvariant()), taken ? ActivityTraceFlags.Recorded : ActivityTraceFlags.None, isRemote: true);
        return true;
    }

    private static bool IsId(string text) => text.All(char.IsAsciiHexDigit) && text.Any(letter => letter != '0');
}
