using Microsoft.Extensions.Logging;

namespace Callwatch.Client.Sentry;

/// <summary>
/// Reports errors to Sentry. Never waits and never throws into the application. Without a DSN every member does nothing. What is set or left here belongs
/// to the request or job at hand (the local root of the current <see cref="System.Diagnostics.Activity"/>), outside of any to the process.
/// </summary>
public interface ICallwatchSentry
{
    /// <summary>Whether there is a DSN.</summary>
    bool IsEnabled { get; }

    /// <summary>What has become of what was reported.</summary>
    SentryCounts Counts { get; }

    /// <summary>Reports an exception that the application has dealt with. Its id; null when it is not sent (ignored, sampled away, queue full, reported before).</summary>
    /// <param name="exception">With its causes.</param>
    /// <param name="level">How bad it is.</param>
    /// <param name="tags">Keys of at most 32 letters, digits and <c>_.:-</c>; values of at most 200 characters.</param>
    string? Capture(Exception exception, LogLevel level = LogLevel.Error, IEnumerable<KeyValuePair<string, string>>? tags = null);

    /// <summary>Reports a message. Its id; null as above.</summary>
    /// <param name="message">In words.</param>
    /// <param name="level">How bad it is.</param>
    /// <param name="tags">As above.</param>
    string? Capture(string message, LogLevel level = LogLevel.Information, IEnumerable<KeyValuePair<string, string>>? tags = null);

    /// <summary>Leaves a breadcrumb: what happened before an error.</summary>
    void Breadcrumb(string message, string category = "app", LogLevel level = LogLevel.Information);

    /// <summary>Who is served. Said by the application, it goes along whatever <see cref="SentryOptions.SendDefaultPii"/> says.</summary>
    void SetUser(string? id, string? name = null);

    /// <summary>Goes along with every later error of this request or job; null takes it away.</summary>
    void SetTag(string key, string? value);

    /// <summary>Completes when everything reported before has been sent, spooled or dropped.</summary>
    /// <param name="cancel">Gives up waiting; nothing is dropped by it.</param>
    Task FlushAsync(CancellationToken cancel = default);
}

/// <summary>What has become of errors and transactions.</summary>
/// <param name="Taken">Put into the queue.</param>
/// <param name="Sent">Taken by Sentry.</param>
/// <param name="Spooled">Put into the spool folder, to be sent later.</param>
/// <param name="Dropped">By reason, in Sentry's words for it (<c>queue_overflow</c>, <c>ratelimit_backoff</c>, <c>sample_rate</c>, <c>before_send</c>, ...).</param>
public sealed record SentryCounts(long Taken, long Sent, long Spooled, IReadOnlyDictionary<string, long> Dropped);

/// <summary>Where there is no DSN.</summary>
internal sealed class SilentSentry : ICallwatchSentry
{
    public bool IsEnabled => false;

    public SentryCounts Counts { get; } = new(0, 0, 0, new Dictionary<string, long>());

    public string? Capture(Exception exception, LogLevel level = LogLevel.Error, IEnumerable<KeyValuePair<string, string>>? tags = null) => null;

    public string? Capture(string message, LogLevel level = LogLevel.Information, IEnumerable<KeyValuePair<string, string>>? tags = null) => null;

    public void Breadcrumb(string message, string category = "app", LogLevel level = LogLevel.Information)
    {
    }

    public void SetUser(string? id, string? name = null)
    {
    }

    public void SetTag(string key, string? value)
    {
    }

    public Task FlushAsync(CancellationToken cancel = default) => Task.CompletedTask;
}
