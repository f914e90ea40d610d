using OpenTelemetry;
using OpenTelemetry.Context.Propagation;

namespace Callwatch.Client.Telemetry.Propagation;

/// <summary>The same headers for libraries that ask OpenTelemetry's own propagator, those of message queues for instance.</summary>
internal static class TextMap
{
    public static TextMapPropagator Of(IReadOnlyCollection<string> formats)
    {
        // The first that finds a context wins, as with the headers of the framework.
        var all = new List<TextMapPropagator>();
        if (Has("tracecontext")) all.Add(new TraceContextPropagator());
        if (Has("baggage")) all.Add(new BaggagePropagator());
        if (Has("b3") || Has("b3multi")) all.Add(new B3TextMap(formats));
        return new CompositeTextMapPropagator(all);

        bool Has(string format) => formats.Contains(format, StringComparer.OrdinalIgnoreCase);
    }

    private sealed class B3TextMap(IReadOnlyCollection<string> formats) : TextMapPropagator
    {
        private readonly HeaderPropagator headers = new(formats);

        public override ISet<string> Fields { get; } = new HashSet<string>(StringComparer.Ordinal) { B3.Single, B3.TraceId, B3.SpanId, B3.Sampled, B3.Flags };

        public override void Inject<T>(PropagationContext context, T carrier, Action<T, string, string> setter)
        {
            if (setter is null || !context.ActivityContext.IsValid()) return;
            if (formats.Contains("b3", StringComparer.OrdinalIgnoreCase)) setter(carrier, B3.Single, B3.Write(context.ActivityContext));
            if (!formats.Contains("b3multi", StringComparer.OrdinalIgnoreCase)) return;
            setter(carrier, B3.TraceId, context.ActivityContext.TraceId.ToHexString());
            setter(carrier, B3.SpanId, context.ActivityContext.SpanId.ToHexString());
            setter(carrier, B3.Sampled, B3.SampledText(context.ActivityContext));
        }

        public override PropagationContext Extract<T>(PropagationContext context, T carrier, Func<T, string, IEnumerable<string>?> getter)
        {
            if (getter is null || context.ActivityContext.IsValid()) return context;
            return headers.ReadB3(name => getter(carrier, name)?.FirstOrDefault(), out var found) ? new PropagationContext(found, context.Baggage) : context;
        }
    }
}
