using System.Diagnostics.Tracing;

namespace Callwatch.Client.Records;

/// <summary>What goes wrong with records, for <c>dotnet-trace</c> and the like: source <c>Callwatch-Client-Records</c>. Never anything of their contents.</summary>
[EventSource(Name = "Callwatch-Client-Records")]
internal sealed class RecordEvents : EventSource
{
    public static readonly RecordEvents Log = new();

    [Event(1, Level = EventLevel.Warning, Message = "{1} records dropped: {0}")]
    public void Dropped(string reason, long count) => WriteEvent(1, reason, count);

    [Event(2, Level = EventLevel.Warning, Message = "The server refused a record: {0} in {1}")]
    public void Refused(string code, string field) => WriteEvent(2, code, field);

    [Event(3, Level = EventLevel.Informational, Message = "A request failed ({0}); it is made again in {1} ms")]
    public void Failed(string why, long retryInMs) => WriteEvent(3, why, retryInMs);

    [Event(4, Level = EventLevel.Error, Message = "The spool folder cannot be used: {0}")]
    public void SpoolUnusable(string why) => WriteEvent(4, why);
}
