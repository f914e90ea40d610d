using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Callwatch.Server.Hosting;

internal static class QuietLogs
{
    /// <summary>
    /// One line per event on standard error; standard output is the command's. The framework speaks only of trouble, because what it says
    /// of requests repeats what senders wrote.
    /// </summary>
    public static void AddQuietLogs(this WebApplicationBuilder builder)
    {
        builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging"));
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("Callwatch", LogLevel.Information);

        // A request that breaks off or is malformed is the sender's trouble; the counters tell of it.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Error);

        // A stranger can have it write a line for each of some thousand requests that he takes back.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel.Http2", LogLevel.None);

        // These two repeat whole request lines and headers, with what is secret in them: asking for more log must not turn them on.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel.BadRequests", LogLevel.Error);

        // Says that its keys lie unencrypted in the data folder: so does the data.
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);

        // Says of each form without its token that it has none; so does the answer.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Antiforgery", LogLevel.Error);

        // Says at length why the start failed; the command says it in one line, and speaks of failed background work itself.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        builder.Logging.AddSimpleConsole(line =>
        {
            line.SingleLine = true;
            line.UseUtcTimestamp = true;
            line.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
        });
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);

        // The last lines stay in memory, for a bundle to support.
        var recent = new RecentLog();
        builder.Services.AddSingleton(recent);
        builder.Logging.AddProvider(recent);

        // The command prints its own greeting.
        builder.Services.Configure<ConsoleLifetimeOptions>(lifetime => lifetime.SuppressStatusMessages = true);
    }
}
