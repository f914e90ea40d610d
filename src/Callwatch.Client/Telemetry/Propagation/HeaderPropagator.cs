using System.Collections.Frozen;
using System.Diagnostics;

namespace Callwatch.Client.Telemetry.Propagation;

/// <summary>
/// Carries traces in headers, for everything in the framework that speaks to other processes: W3C trace context and baggage by the framework's own hand,
/// B3 beside them. W3C is believed before B3, and one B3 header before several.
/// </summary>
internal sealed class HeaderPropagator(IEnumerable<string> formats) : DistributedContextPropagator
{
    private static readonly FrozenSet<string> Known = FrozenSet.ToFrozenSet(["tracecontext", "baggage", "b3", "b3multi", "none"], StringComparer.OrdinalIgnoreCase);

    private readonly DistributedContextPropagator w3c = CreateW3CPropagator();
    private readonly FrozenSet<string> formats = formats.OfType<string>().ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public override IReadOnlyCollection<string> Fields { get; } = ["traceparent", "tracestate", "baggage", B3.Single, B3.TraceId, B3.SpanId, B3.Sampled, B3.Flags];

    private bool HasTraceContext => formats.Contains("tracecontext");

    private bool HasBaggage => formats.Contains("baggage");

    public static bool Knows(string format) => Known.Contains(format);

    /// <summary>Whether there is anything for it to do.</summary>
    public static bool IsWanted(IEnumerable<string> formats) => formats.OfType<string>().Any(format => !format.Equals("none", StringComparison.OrdinalIgnoreCase));

    public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter)
    {
        if (activity is null || setter is null) return;
        w3c.Inject(activity, carrier, (to, name, value) =>
        {
            if (name == "baggage" ? HasBaggage : HasTraceContext) setter(to, name, value);
        });
        if (activity.IdFormat != ActivityIdFormat.W3C) return;
        if (formats.Contains("b3")) setter(carrier, B3.Single, B3.Write(activity.Context));
        if (!formats.Contains("b3multi")) return;
        setter(carrier, B3.TraceId, activity.TraceId.ToHexString());
        setter(carrier, B3.SpanId, activity.SpanId.ToHexString());
        setter(carrier, B3.Sampled, B3.SampledText(activity.Context));
    }

    public override void ExtractTraceIdAndState(object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState)
    {
        (traceId, traceState) = (null, null);
        if (getter is null) return;
        if (HasTraceContext) w3c.ExtractTraceIdAndState(carrier, getter, out traceId, out traceState);
        if (traceId is not null) return;
        if (ReadB3(name => Header(getter, carrier, name), out var context))
            traceId = $"00-{context.TraceId.ToHexString()}-{context.SpanId.ToHexString()}-{(context.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) ? "01" : "00")}";
    }

    public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) =>
        getter is null || !HasBaggage ? null : w3c.ExtractBaggage(carrier, getter);

    /// <summary>The context of B3 headers, if these are read at all.</summary>
    internal bool ReadB3(Func<string, string?> header, out ActivityContext context)
    {
        context = default;
        if (formats.Contains("b3") && B3.TryRead(header(B3.Single), out context)) return true;
        return formats.Contains("b3multi")
            && B3.TryRead(header(B3.TraceId), header(B3.SpanId), header(B3.Flags) == "1" ? "d" : header(B3.Sampled), out context);
    }

    private static string? Header(PropagatorGetterCallback getter, object? carrier, string name)
    {
        getter(carrier, name, out var value, out var values);
        return value ?? values?.FirstOrDefault();
    }
}
