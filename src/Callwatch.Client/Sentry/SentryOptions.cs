namespace Callwatch.Client.Sentry;

/// <summary>
/// Settings of error reports, under <c>Callwatch:Sentry</c>; <c>SENTRY_DSN</c>, <c>SENTRY_ENVIRONMENT</c>, <c>SENTRY_RELEASE</c>, <c>SENTRY_TRACES_SAMPLE_RATE</c>
/// and <c>SENTRY_PROFILES_SAMPLE_RATE</c> are read where ours are not set. A setting that is wrong is said in one line and left out.
/// </summary>
public sealed class SentryOptions
{
    /// <summary>Where to: <c>https://KEY@HOST/PROJECT</c>. Default none: nothing is watched, kept or sent, and nothing is registered.</summary>
    public string? Dsn { get; set; }

    /// <summary>At most 64 characters, no blanks or slashes. Default: the host's environment, in small letters.</summary>
    public string? Environment { get; set; }

    /// <summary>At most 200 characters, no slashes. Default: name and version of the application, as <c>shop@1.4.2</c>.</summary>
    public string? Release { get; set; }

    /// <summary>Name of this machine or instance. Default: the host's name.</summary>
    public string? ServerName { get; set; }

    /// <summary>Share of errors that are sent, 0 to 1. Default 1.</summary>
    public double SampleRate { get; set; } = 1;

    /// <summary>Share of traces that are sent as transactions, 0 to 1; null for none. Default null.</summary>
    public double? TracesSampleRate { get; set; }

    /// <summary>Share of sent transactions that bring a profile of the processor, 0 to 1; null for none. Default null.</summary>
    public double? ProfilesSampleRate { get; set; }

    /// <summary>
    /// Whether user ids, names, addresses, queries, values in log lines, and prompts and answers go along. Keys and passwords are taken out whatever it
    /// says. Default false.
    /// </summary>
    public bool SendDefaultPii { get; set; }

    /// <summary>Breadcrumbs kept of a request or job. Default 100, 0 to 1,000.</summary>
    public int MaxBreadcrumbs { get; set; } = 100;

    /// <summary>
    /// Full type names; subclasses are meant too. Default: <c>BadHttpRequestException</c>, <c>ValidationException</c>, <c>FileNotFoundException</c>. Besides these
    /// an answer's HTTP status told by exception, a provider's rate limit, and the cancellation of an aborted request or at the host's end are never sent.
    /// </summary>
    public IList<string> IgnoredExceptions { get; } =
    [
        "Microsoft.AspNetCore.Http.BadHttpRequestException", "Microsoft.AspNetCore.Server.Kestrel.Core.BadHttpRequestException",
        "System.ComponentModel.DataAnnotations.ValidationException", "System.IO.FileNotFoundException",
    ];

    /// <summary>Beginnings of type names that are not the application's own, besides those of the framework and well-known libraries. Default none.</summary>
    public IList<string> NotInApp { get; } = [];

    /// <summary>Is shown each error before it is sent and may change it; null drops it. Called in the background, never twice at a time. Default none.</summary>
    public Func<SentryEvent, SentryEvent?>? BeforeSend { get; set; }

    /// <summary>Local roots that shall be no transactions, health checks for instance; asked when they have ended. Default none.</summary>
    public Func<System.Diagnostics.Activity, bool>? IgnoreTransaction { get; set; }

    /// <summary>Whether Sentry is told how much was dropped, and why. Default true.</summary>
    public bool SendClientReports { get; set; } = true;

    /// <summary>Errors and transactions that may wait in memory; more are dropped and counted. Default 100, 1 to 10,000.</summary>
    public int QueueItems { get; set; } = 100;

    /// <summary>Longest a request may take. Default 10 s, 0.1 s to 1 min.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest the end of the host, or of a process that dies of an exception, waits for what is still to be sent. Default 2 s, 0 to 10 s.</summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>A folder that keeps what could not be sent over a restart; null for none. Two processes must not share one. Default null.</summary>
    public string? SpoolFolder { get; set; }

    /// <summary>Most bytes of that folder; beyond, the oldest are dropped and counted. Default 32 MiB, 1 MiB to 1 GiB.</summary>
    public long SpoolBytes { get; set; } = 32L << 20;
}
