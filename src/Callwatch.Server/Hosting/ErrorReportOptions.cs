using System.Reflection;
using Callwatch.Client.Sentry;
using Microsoft.AspNetCore.Builder;

namespace Callwatch.Server.Hosting;

/// <summary>
/// Settings under <c>Callwatch:Sentry</c>: reports of the server's own errors. They are read by the client library, which leaves out what is wrong and says
/// so: reporting errors must not keep the server from starting.
/// </summary>
public sealed class ErrorReportOptions
{
    public const string Section = "Callwatch:Sentry";

    /// <summary>Sentry project that this server's own errors are reported to, as <c>https://KEY@HOST/PROJECT</c>. Default none: nothing is reported.</summary>
    public string? Dsn { get; set; }

    /// <summary>Environment that errors are filed under. Default <c>production</c>.</summary>
    public string? Environment { get; set; }

    /// <summary>Name of this instance. Default: the host's name.</summary>
    public string? ServerName { get; set; }

    /// <summary>Share of the server's errors that are reported, 0 to 1. Default 1.</summary>
    public double SampleRate { get; set; } = 1;

    /// <summary>Share of the server's own requests that are reported as transactions, 0 to 1. Default none.</summary>
    public double? TracesSampleRate { get; set; }

    /// <summary>Share of these transactions that bring a profile of the processor, 0 to 1. Default none.</summary>
    public double? ProfilesSampleRate { get; set; }

    /// <summary>Folder that keeps reports over a restart while Sentry cannot be reached, at most 32 MiB. Default none.</summary>
    public string? SpoolFolder { get; set; }
}

internal static class ErrorReportSetup
{
    /// <summary>The client library's reports, of this server. No user, query, prompt, answer or value of a log line goes along.</summary>
    public static void AddErrorReports(this WebApplicationBuilder builder) => SentryServices.Add(builder.Services, builder.Configuration, environment: null, standard: false, options =>
    {
        options.SendDefaultPii = false;
        options.Release = "callwatch@" + (typeof(ErrorReportSetup).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0");
    });
}
