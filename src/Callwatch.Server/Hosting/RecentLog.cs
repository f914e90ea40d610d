using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Callwatch.Server.Hosting;

/// <summary>
/// The last lines of the log, in memory. As in the log itself no line holds prompts, answers or keys; of an exception only its kind is
/// kept, because its words may repeat what somebody sent.
/// </summary>
public sealed class RecentLog : ILoggerProvider
{
    public const int Most = 400;

    private const int MostCharacters = 600;

    private readonly Queue<string> lines = new(Most);
    private readonly Lock gate = new();

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<string> Lines()
    {
        lock (gate) return [.. lines];
    }

    public void Dispose()
    {
    }

    private void Add(string line)
    {
        lock (gate)
        {
            if (lines.Count == Most) lines.Dequeue();
            lines.Enqueue(line.Length > MostCharacters ? line[..MostCharacters] + "…" : line);
        }
    }

    private sealed class Logger(RecentLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel)) return;
            var said = formatter(state, null).ReplaceLineEndings(" ");
            log.Add(string.Create(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {logLevel} {category}[{eventId.Id}] {said}{(exception is null ? "" : " (" + exception.GetType().Name + ")")}"));
        }
    }
}
