using Microsoft.Extensions.Logging;

namespace Callwatch.Client.Sentry;

/// <summary>
/// Log lines of level error and above that hold an exception are reported, all others from information on are breadcrumbs. Of a line its template is kept,
/// not its values, unless personal data may go along: prompts are often logged as values.
/// </summary>
[ProviderAlias(Alias)]
internal sealed class SentryLogs(SentryHub hub) : ILoggerProvider
{
    public const string Alias = "CallwatchSentry";

    /// <summary>Our own lines: an error about errors would go round for ever.</summary>
    private const string Own = "Callwatch.Client.Sentry";

    public ILogger CreateLogger(string categoryName) => categoryName.StartsWith(Own, StringComparison.Ordinal) ? Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance : new Log(categoryName, hub);

    public void Dispose()
    {
    }

    private sealed class Log(string category, SentryHub hub) : ILogger
    {
        // These say that nobody caught it.
        private readonly bool tellsOfUnhandled = category.StartsWith("Microsoft.AspNetCore.Server.", StringComparison.Ordinal) || category.StartsWith("Microsoft.AspNetCore.Diagnostics.", StringComparison.Ordinal)
            || category.StartsWith("Microsoft.Extensions.Hosting.", StringComparison.Ordinal);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information && logLevel != LogLevel.None;

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel)) return;
            try
            {
                var message = (hub.Options.SendDefaultPii ? null : Template(state)) ?? formatter(state, exception);
                if (exception is not null && logLevel >= LogLevel.Error) hub.Logged(exception, message, category, logLevel, !tellsOfUnhandled);
                hub.Breadcrumb(exception is null ? message : $"{message} ({exception.GetType().FullName})", category, logLevel);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // The application's own state and formatter.
                SentryEvents.Log.Broken(e.GetType().Name);
            }
        }

        private static string? Template<TState>(TState state)
        {
            if (state is not IReadOnlyList<KeyValuePair<string, object?>> { Count: > 0 } values) return null;
            var last = values[^1];
            return last.Key == "{OriginalFormat}" ? last.Value as string : null;
        }
    }
}
