using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Callwatch.Client.Telemetry.Sources;

/// <summary>
/// Logged exceptions become events of the current span: <c>exception</c> by the conventions, with what was logged beside it. From the level Error on
/// the span has failed; what was logged lower was dealt with. Our own lines carry no exceptions, so there is nothing to go round in circles.
/// </summary>
[ProviderAlias("CallwatchExceptions")]
internal sealed class ExceptionLogs(ExceptionLogs.Switch on) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new Log(categoryName, on);

    public void Dispose()
    {
        // Holds nothing.
    }

    /// <summary>Set when traces have begun: loggers are made before that.</summary>
    public sealed class Switch
    {
        public bool IsOn { get; set; }
    }

    private sealed class Log(string category, Switch on) : ILogger
    {
        private const int LongestMessage = 2_000;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        // For our sake nobody needs to make up a line that carries no exception.
        public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Warning and not LogLevel.None;

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (exception is null || Activity.Current is not { IsAllDataRequested: true, IsStopped: false } span || !on.IsOn) return;
            try
            {
                var message = formatter(state, exception);
                var tags = new TagList
                {
                    { "log.level", logLevel.ToString() },
                    { "log.logger", category },
                    { "log.message", message.Length > LongestMessage ? message[..LongestMessage] : message },
                };
                SpanErrors.TryAdd(span, exception, in tags);
                if (logLevel < LogLevel.Error) return;
                if (span.GetTagItem("error.type") is null) span.SetTag("error.type", exception.GetType().FullName);
                if (span.Status == ActivityStatusCode.Unset) span.SetStatus(ActivityStatusCode.Error, exception.Message);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                TelemetryEvents.Log.Unexpected("a logged exception", e.GetType().Name);
            }
        }
    }
}
