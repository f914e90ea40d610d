using System.Diagnostics;
using Callwatch.Client.Hosting;
using Callwatch.Client.Sentry.Envelopes;
using Callwatch.Client.Sentry.Errors;
using Callwatch.Client.Sentry.Profiles;
using Microsoft.Extensions.Logging;

namespace Callwatch.Client.Sentry.Traces;

/// <summary>
/// Sees activities end: outgoing requests become breadcrumbs, local roots of drawn traces become transactions with what ended beneath them. Whether a
/// trace is drawn follows from its id, so that all services which know the same rate decide alike, and OpenTelemetry's own sampling is left alone:
/// an activity that is only ours is not marked as recorded, and no exporter sends it.
/// </summary>
internal sealed class TraceWatch : IDisposable
{
    private const string Http = "System.Net.Http";
    private const int MostSpans = 1_000;

    private readonly string property = OwnProperty.Named("callwatch.sentry.spans");
    private readonly SentryOptions options;
    private readonly SentryHub hub;
    private readonly Scopes scopes;
    private readonly Outbox outbox;
    private readonly Profiler profiler;
    private readonly double rate;
    private readonly bool wantsBreadcrumbs;
    private ActivityListener? listener;

    public TraceWatch(SentryOptions options, SentryHub hub, Scopes scopes, Outbox outbox, Profiler profiler)
    {
        (this.options, this.hub, this.scopes, this.outbox, this.profiler) = (options, hub, scopes, outbox, profiler);
        rate = options.TracesSampleRate ?? 0;
        wantsBreadcrumbs = options.MaxBreadcrumbs > 0;
    }

    public void Watch()
    {
        if (rate <= 0 && !wantsBreadcrumbs) return;
        listener = new ActivityListener
        {
            // Experimental sources tell of sockets and name look-ups, many for each request.
            ShouldListenTo = source => source.Name == Http ? wantsBreadcrumbs || rate > 0 : rate > 0 && !source.Name.StartsWith("Experimental.", StringComparison.Ordinal),
            Sample = (ref ActivityCreationOptions<ActivityContext> about) =>
                (wantsBreadcrumbs && about.Source.Name == Http) || IsDrawn(about.TraceId) ? ActivitySamplingResult.AllData : ActivitySamplingResult.None,
            ActivityStarted = Started,
            ActivityStopped = Stopped,
        };
        ActivitySource.AddActivityListener(listener);
    }

    public void Dispose() => listener?.Dispose();

    /// <summary>0 to 1, the same for all of a trace, everywhere.</summary>
    public static double Draw(ActivityTraceId trace)
    {
        Span<byte> bytes = stackalloc byte[16];
        trace.CopyTo(bytes);
        var (high, low) = (System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes), System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));
        var x = (low ^ (high << 1)) * 0xD6E8FEB86659FD93;
        x = (x ^ (x >> 32)) * 0x9E3779B97F4A7C15;
        return (x ^ (x >> 32)) / (ulong.MaxValue + 1.0);
    }

    private bool IsDrawn(ActivityTraceId trace) => rate >= 1 || (rate > 0 && Draw(trace) < rate);

    private void Started(Activity activity)
    {
        try
        {
            if (activity.Parent is not null || rate <= 0 || !activity.IsAllDataRequested || !IsDrawn(activity.TraceId)) return;
            var spans = new Spans();
            if (options.ProfilesSampleRate is { } share && (share >= 1 || Random.Shared.NextDouble() < share)) spans.Profile = profiler.TryBegin();
            activity.SetCustomProperty(property, spans);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            SentryEvents.Log.Broken(e.GetType().Name);
        }
    }

    private void Stopped(Activity activity)
    {
        try
        {
            if (wantsBreadcrumbs && activity.Source.Name == Http) hub.Breadcrumb(SpanWords.Describe(activity, "http.client") + " " + Outcome(activity), "http", activity.Status == ActivityStatusCode.Error ? LogLevel.Warning : LogLevel.Information);
            if (rate <= 0) return;
            if (activity.Parent is null)
            {
                if (activity.GetCustomProperty(property) is Spans spans) Over(activity, spans);
                return;
            }

            if (activity.IsAllDataRequested) SpansOf(activity)?.Add(activity);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            SentryEvents.Log.Broken(e.GetType().Name);
        }
    }

    private static object Outcome(Activity activity) => activity.GetTagItem("http.response.status_code") ?? activity.GetTagItem("error.type") ?? "";

    private Spans? SpansOf(Activity activity)
    {
        var root = activity;
        while (root.Parent is { } parent) root = parent;
        return root.GetCustomProperty(property) as Spans;
    }

    private void Over(Activity root, Spans spans)
    {
        var (all, dropped) = spans.Close();
        if (options.IgnoreTransaction?.Invoke(root) == true)
        {
            if (spans.Profile is { } unwanted) profiler.End(unwanted, _ => { });
            return;
        }

        var scope = scopes.Of(root)?.Now(options.SendDefaultPii) ?? new ScopeNow([], [], null, null);
        var report = new TransactionReport(EventJson.NewId(), root, all, dropped, scope, null);
        if (spans.Profile is null) outbox.TryPut(report);
        else profiler.End(spans.Profile, profile => outbox.TryPut(report with { Profile = profile }));
    }

    /// <summary>What has ended beneath a root that still runs; bounded, because a root may run for days.</summary>
    private sealed class Spans
    {
        private readonly Lock gate = new();
        private List<Activity>? spans = [];
        private long dropped;

        public ProfileRun? Profile { get; set; }

        public void Add(Activity activity)
        {
            lock (gate)
            {
                // What ends after its root is in no transaction.
                if (spans is null) return;
                if (spans.Count < MostSpans) spans.Add(activity);
                else dropped++;
            }
        }

        public (IReadOnlyList<Activity> Spans, long Dropped) Close()
        {
            lock (gate)
            {
                var all = spans ?? [];
                spans = null;
                return (all, dropped);
            }
        }
    }
}
