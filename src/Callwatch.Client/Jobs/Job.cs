using System.Diagnostics;
using Callwatch.Client.Telemetry.Sources;

namespace Callwatch.Client.Jobs;

/// <summary>
/// A piece of background work as a span: of a hosted service's round, a queue's item, a timer's tick. Begins a trace of its own, or goes on with the one it
/// was sent from (<see cref="Envelope{T}"/>). Where nobody listens it costs next to nothing; nothing here throws.
/// </summary>
public sealed class Job : IDisposable
{
    private static readonly ActivitySource Source = new(KnownSources.Jobs, typeof(Job).Assembly.GetName().Version?.ToString(3) ?? "");

    private readonly Activity? span;
    private readonly Activity? outside;

    private Job(Activity? span, Activity? outside) => (this.span, this.outside) = (span, outside);

    /// <summary>The span; null where nobody listens.</summary>
    public Activity? Activity => span;

    /// <summary>Begins a job with a trace of its own: whatever was current, the host's start for instance, has nothing to do with it.</summary>
    /// <param name="name">Of the job, not of this one run.</param>
    public static Job Start(string name) => Begin(name, default, null, ActivityKind.Internal);

    /// <summary>Runs a job with a trace of its own. What it throws is noted and thrown on; a cancellation counts as such, and not as an error.</summary>
    /// <param name="name">Of the job, not of this one run.</param>
    /// <param name="work">What is to be done.</param>
    /// <param name="cancel">Is passed on.</param>
    public static Task RunAsync(string name, Func<CancellationToken, Task> work, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return Start(name).RunAsync(work, cancel);
    }

    /// <summary>It failed.</summary>
    public void Failed(Exception error)
    {
        if (error is null || span is not { IsAllDataRequested: true }) return;
        span.SetTag("error.type", error.GetType().FullName);
        span.SetStatus(ActivityStatusCode.Error, error.Message);
        SpanErrors.TryAdd(span, error);
    }

    /// <summary>Ends the job; again changes nothing.</summary>
    public void Dispose()
    {
        if (span is null || span.IsStopped) return;
        var current = System.Diagnostics.Activity.Current;
        span.Stop();
        System.Diagnostics.Activity.Current = ReferenceEquals(current, span) ? outside : current;
    }

    internal static Job Start(string name, string? traceparent, string? tracestate, IReadOnlyDictionary<string, string>? baggage) =>
        // Also what was sent from the same process: it is a trace's next local root, and ends when it ends.
        ActivityContext.TryParse(traceparent, tracestate, isRemote: true, out var from) ? Begin(name, from, baggage, ActivityKind.Consumer) : Begin(name, default, baggage, ActivityKind.Consumer);

    internal async Task RunAsync(Func<CancellationToken, Task> work, CancellationToken cancel)
    {
        using (this)
        {
            try
            {
                await work(cancel).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                span?.SetTag("error.type", "cancelled");
                throw;
            }
            catch (Exception e)
            {
                Failed(e);
                throw;
            }
        }
    }

    private static Job Begin(string name, ActivityContext from, IReadOnlyDictionary<string, string>? baggage, ActivityKind kind)
    {
        if (!Source.HasListeners()) return new Job(null, null);
        var outside = System.Diagnostics.Activity.Current;
        if (from == default) System.Diagnostics.Activity.Current = null;
        var span = Source.StartActivity(string.IsNullOrWhiteSpace(name) ? "job" : name, kind, from);
        if (span is null)
        {
            System.Diagnostics.Activity.Current = outside;
            return new Job(null, null);
        }

        if (kind == ActivityKind.Consumer) span.SetTag("messaging.operation.type", "process");
        foreach (var (key, value) in baggage ?? new Dictionary<string, string>(StringComparer.Ordinal)) span.AddBaggage(key, value);
        return new Job(span, outside);
    }
}
