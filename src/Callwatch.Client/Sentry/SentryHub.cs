using System.Diagnostics;
using System.Runtime.CompilerServices;
using Callwatch.Client.Sentry.Envelopes;
using Callwatch.Client.Sentry.Errors;
using Callwatch.Client.Sentry.Profiles;
using Callwatch.Client.Sentry.Traces;
using Microsoft.Extensions.Logging;

namespace Callwatch.Client.Sentry;

/// <summary>
/// Takes down what goes wrong, on the thread where it does, and hands it to <see cref="Outbox"/>: ignored? drawn? limited? then what is known of the
/// request. Watches what nobody reports: exceptions that end the process or a task, log lines with an exception, outgoing requests, and local root
/// activities, which become transactions.
/// </summary>
internal sealed class SentryHub : ICallwatchSentry, IDisposable, IAsyncDisposable
{
    private static readonly object Seen = new();

    private readonly SentryOptions options;
    private readonly TimeProvider time;
    private readonly Discards discards;
    private readonly RateLimits limits;
    private readonly Outbox outbox;
    private readonly Ignoring ignoring;
    private readonly Scopes scopes;
    private readonly ConditionalWeakTable<Exception, object> seen = [];
    private readonly Requests requests;
    private readonly TraceWatch traces;
    private readonly Profiler profiler;
    private int hooks;
    private int ended;
    private volatile bool leaving;

    /// <param name="options">Checked ones (<see cref="SentrySettings.Checked"/>).</param>
    public SentryHub(SentryOptions options, Dsn dsn, TimeProvider time)
    {
        (this.options, this.time) = (options, time);
        discards = new Discards(time);
        limits = new RateLimits(time);
        outbox = new Outbox(options, dsn, discards, limits, time);
        ignoring = new Ignoring(options.IgnoredExceptions);
        scopes = new Scopes(options.MaxBreadcrumbs);
        requests = new Requests(scopes, options.SendDefaultPii);
        profiler = new Profiler(time);
        traces = new TraceWatch(options, this, scopes, outbox, profiler);
    }

    /// <summary>Whether failures are heard of that nobody awaited: those of the whole process, and so of everything that runs in it.</summary>
    internal static bool HearsUnobserved { get; set; } = true;

    public bool IsEnabled => true;

    public SentryCounts Counts => discards.Counts();

    /// <summary>Says what the operator should know, once there is a log to say it to.</summary>
    public Action<string>? Tell
    {
        set => outbox.Tell = value;
    }

    /// <summary>Whether somebody else ends it, together with the other parts of the library.</summary>
    public bool IsPart { get; set; }

    internal SentryOptions Options => options;

    internal Outbox Outbox => outbox;

    /// <summary>Begins to watch and to send.</summary>
    public SentryHub Start()
    {
        if (Interlocked.Exchange(ref hooks, 1) != 0) return this;
        outbox.Start();
        requests.Watch();
        traces.Watch();
        AppDomain.CurrentDomain.UnhandledException += Unhandled;
        AppDomain.CurrentDomain.ProcessExit += Exiting;
        if (HearsUnobserved) TaskScheduler.UnobservedTaskException += Unobserved;
        return this;
    }

    public string? Capture(Exception exception, LogLevel level = LogLevel.Error, IEnumerable<KeyValuePair<string, string>>? tags = null) =>
        exception is null ? null : Take(exception, null, null, level, "generic", true, tags);

    public string? Capture(string message, LogLevel level = LogLevel.Information, IEnumerable<KeyValuePair<string, string>>? tags = null) =>
        string.IsNullOrWhiteSpace(message) ? null : Take(null, message, null, level, "generic", true, tags);

    public void Breadcrumb(string message, string category = "app", LogLevel level = LogLevel.Information)
    {
        if (message is null || options.MaxBreadcrumbs == 0) return;
        Here().Add(new SentryBreadcrumb(time.GetUtcNow(), category ?? "app", message.Length > 2_000 ? message[..2_000] : message, level));
    }

    public void SetUser(string? id, string? name = null) => Here().SetUser(id is null && name is null ? null : new SentryUser(id, name));

    public void SetTag(string key, string? value)
    {
        if (!string.IsNullOrWhiteSpace(key)) Here().SetTag(key, value);
    }

    public async Task FlushAsync(CancellationToken cancel = default)
    {
        await profiler.Pending.WaitAsync(cancel).ConfigureAwait(false);
        await outbox.FlushAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>A log line with an exception.</summary>
    /// <param name="handled">False when the framework says of it that nobody caught it.</param>
    public void Logged(Exception exception, string message, string logger, LogLevel level, bool handled) =>
        Take(exception, message, logger, level, handled ? "ILogger" : "AspNetCore.UnhandledException", handled, null);

    /// <summary>The host ends: what is cancelled from now on is no error.</summary>
    public void Leaving() => leaving = true;

    /// <summary>Sends what waits, for a bounded time; the rest goes to the spool folder, or is dropped and counted.</summary>
    public async Task StopAsync(CancellationToken cancel)
    {
        leaving = true;
        Unhook();
        await profiler.StopAsync().ConfigureAwait(false);
        await outbox.StopAsync(cancel).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref ended, 1) != 0) return;
        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        outbox.Dispose();
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref ended, 1) != 0) return;
        leaving = true;
        Unhook();
        outbox.Finish(options.ShutdownTimeout);
        outbox.Dispose();
    }

    /// <summary>The process dies of it: nothing may be left for later.</summary>
    internal void Crashed(Exception exception)
    {
        try
        {
            if (Report(exception, null, null, LogLevel.Critical, "AppDomain.UnhandledException", false, null) is { } report) outbox.SendNow(report, options.ShutdownTimeout);
            else outbox.Finish(options.ShutdownTimeout);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            SentryEvents.Log.Broken(e.GetType().Name);
        }
    }

    internal void Unobserved(AggregateException exception) => Take(exception.InnerExceptions.Count == 1 ? exception.InnerExceptions[0] : exception, null, null, LogLevel.Error, "UnobservedTaskException", false, null);

    private string? Take(Exception? exception, string? message, string? logger, LogLevel level, string mechanism, bool handled, IEnumerable<KeyValuePair<string, string>>? tags)
    {
        try
        {
            return Report(exception, message, logger, level, mechanism, handled, tags) is { } report && outbox.TryPut(report) ? report.EventId : null;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Whatever an exception of the application does when it is looked at.
            discards.Dropped(Discard.InternalSdkError, Category.Error);
            SentryEvents.Log.Broken(e.GetType().Name);
            return null;
        }
    }

    private ErrorReport? Report(Exception? exception, string? message, string? logger, LogLevel level, string mechanism, bool handled, IEnumerable<KeyValuePair<string, string>>? tags)
    {
        var category = exception is null ? Category.Default : Category.Error;
        var scope = scopes.Of(Activity.Current);
        if (exception is not null)
        {
            if (ignoring.Ignores(exception, leaving || scope?.IsAborted == true)) return Dropped(Discard.Ignored, category);

            // The framework logs what is thrown on, and what ends the process has often been logged before.
            if (!seen.TryAdd(exception, Seen)) return null;
        }

        if (options.SampleRate < 1 && Random.Shared.NextDouble() >= options.SampleRate) return Dropped(Discard.SampleRate, category);
        if (limits.IsLimited(category)) return Dropped(Discard.RatelimitBackoff, category);
        return new ErrorReport(EventJson.NewId(), time.GetUtcNow(), level, (scope ?? scopes.Outside).Now(options.SendDefaultPii))
        {
            Exception = exception,
            Message = message,
            Logger = logger,
            Mechanism = mechanism,
            Handled = handled,
            Tags = tags is null ? [] : [.. tags],
            Trace = TraceLink.Of(Activity.Current),
        };
    }

    private ErrorReport? Dropped(Discard why, string category)
    {
        discards.Dropped(why, category);
        return null;
    }

    private Scope Here() => scopes.OfOrNew(Activity.Current);

    private void Unhook()
    {
        AppDomain.CurrentDomain.UnhandledException -= Unhandled;
        AppDomain.CurrentDomain.ProcessExit -= Exiting;
        TaskScheduler.UnobservedTaskException -= Unobserved;
        requests.Dispose();
        traces.Dispose();
    }

    private void Unhandled(object sender, UnhandledExceptionEventArgs told)
    {
        if (told.ExceptionObject is not Exception exception) return;
        if (told.IsTerminating) Crashed(exception);
        else Take(exception, null, null, LogLevel.Error, "AppDomain.UnhandledException", false, null);
    }

    // A program without a host, or one whose host was not stopped.
    private void Exiting(object? sender, EventArgs told) => Dispose();

    private void Unobserved(object? sender, UnobservedTaskExceptionEventArgs told) => Unobserved(told.Exception);
}
