using System.Diagnostics.Tracing;

namespace Callwatch.Client.Sentry;

/// <summary>What goes wrong with error reports, for <c>dotnet-trace</c> and the like: source <c>Callwatch-Client-Sentry</c>. Never anything of their contents.</summary>
[EventSource(Name = "Callwatch-Client-Sentry")]
internal sealed class SentryEvents : EventSource
{
    public static readonly SentryEvents Log = new();

    [Event(1, Level = EventLevel.Warning, Message = "{1} items dropped: {0}")]
    public void Dropped(string reason, long count) => WriteEvent(1, reason, count);

    [Event(2, Level = EventLevel.Warning, Message = "Sentry answered {0}: {1}")]
    public void Refused(int status, string why) => WriteEvent(2, status, why);

    [Event(3, Level = EventLevel.Informational, Message = "A request failed ({0}); the next is made in {1} ms")]
    public void Failed(string why, long retryInMs) => WriteEvent(3, why, retryInMs);

    [Event(4, Level = EventLevel.Error, Message = "The spool folder cannot be used: {0}")]
    public void SpoolUnusable(string why) => WriteEvent(4, why);

    [Event(5, Level = EventLevel.Warning, Message = "A profile could not be taken: {0}")]
    public void NoProfile(string why) => WriteEvent(5, why);

    [Event(7, Level = EventLevel.Informational, Message = "A file with lines of source could not be read: {0}")]
    public void NoLines(string why) => WriteEvent(7, why);

    [Event(6, Level = EventLevel.Error, Message = "An error could not be reported: {0}")]
    public void Broken(string why) => WriteEvent(6, why);
}
