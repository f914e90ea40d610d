using Callwatch.Dashboard.Frame;
using Callwatch.Journal;
using Callwatch.Telemetry;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.SystemState;

/// <summary>A reader of the journal: how far it is.</summary>
/// <param name="Position">Null when it has read nothing yet, or stands in another journal (<paramref name="Astray"/>).</param>
/// <param name="LagNanoseconds">How long ago the next thing it has to read was received; 0 when it has read all; null when that is not known.</param>
/// <param name="Why">Why it does not go on; null when it does.</param>
public sealed record ReaderState(string Name, long? Position, long Behind, long? LagNanoseconds, bool Astray, string? Why = null);

/// <summary>What the page of the system shows.</summary>
public sealed record SystemModel
{
    public required JournalStatus Journal { get; init; }

    public required IReadOnlyList<ReaderState> Readers { get; init; }

    /// <summary>Per reason since the start, most frequent first.</summary>
    public required IReadOnlyList<(Reason Reason, long Count)> Counts { get; init; }

    /// <summary>Bytes on disk by what they are for.</summary>
    public required IReadOnlyList<(string Name, long Bytes)> Disk { get; init; }

    public required TimeSpan Uptime { get; init; }

    public required long MemoryBytes { get; init; }
}

/// <summary>Whether it receives, keeps up and has room; and what it did not keep, by reason.</summary>
internal static class SystemPage
{
    public static IResult Get(Visit visit, SystemFacts facts)
    {
        var model = facts.Read(visit.Scope, visit.SeesInstance);
        return visit.Part == "fresh" ? visit.Render<SystemBody>((nameof(SystemBody.Model), model)) : visit.Render<SystemScreen>((nameof(SystemScreen.Model), model));
    }
}
