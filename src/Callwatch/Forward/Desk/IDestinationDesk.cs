using Callwatch.Spans;

namespace Callwatch.Forward.Desk;

/// <summary>
/// Where people change destinations: for the API, the pages and the command line alike. It knows the rules, keeps secrets sealed, writes a
/// row of audit for each change, and never asks a platform anything but in the checks. Thread-safe. Another tenant's destinations are unknown here.
/// </summary>
/// <remarks>How a destination's lane fares is asked of <see cref="Lanes.ILanes"/>, what it could not deliver of <see cref="Lanes.DeadLetters"/>, once <see cref="Find"/> has said whose it is.</remarks>
public interface IDestinationDesk
{
    /// <summary>In order of their titles.</summary>
    IReadOnlyList<IDestinationKind> Kinds { get; }

    /// <summary>Of a tenant, in order of making.</summary>
    IReadOnlyList<DestinationView> List(int tenantId);

    /// <summary>Null when the tenant has no such destination.</summary>
    DestinationView? Find(int tenantId, int id);

    /// <summary>Addresses are resolved for the guard, for at most two seconds; what does not resolve is taken, and met again at each connect.</summary>
    /// <param name="who">For the audit: a key's label, a person.</param>
    Task<DestinationAnswer> CreateAsync(int tenantId, DestinationWish wish, string who, CancellationToken cancel);

    /// <summary>What the wish leaves out keeps its value (see <see cref="DestinationWish"/>). The lane goes on where it stands, with the new settings.</summary>
    Task<DestinationAnswer> UpdateAsync(int tenantId, int id, DestinationWish wish, string who, CancellationToken cancel);

    /// <summary>With all that its lane knows: position, dead letters, replays. What it delivered stays at the platform. False when there is none.</summary>
    bool Delete(int tenantId, int id, string who);

    /// <summary>The lane stops after what is on its way; what comes meanwhile waits. Twice is fine.</summary>
    DestinationAnswer Pause(int tenantId, int id, string who);

    /// <summary>Ends a pause; a lane that waits for its next attempt makes it at once. Twice is fine.</summary>
    DestinationAnswer Resume(int tenantId, int id, string who);

    /// <summary>A real check of what is to be created. Nothing is kept.</summary>
    Task<CheckAnswer> CheckAsync(int tenantId, DestinationWish wish, CancellationToken cancel);

    /// <summary>A real check of a destination, with the changes a form holds where there are any: secrets it leaves out are those that are kept.</summary>
    Task<CheckAnswer> CheckAsync(int tenantId, int id, DestinationWish? changes, CancellationToken cancel);

    /// <summary>Of an app of the tenant: where its traces go.</summary>
    AppTracing TracingOf(int tenantId, int appId);

    /// <summary>Changes all destinations that it takes in one step.</summary>
    TracingAnswer PutTracing(int tenantId, int appId, TracingWish wish, string who);
}

/// <summary>A destination as people see it: everything but its secrets.</summary>
public sealed record DestinationView
{
    public required int Id { get; init; }

    public required int TenantId { get; init; }

    /// <summary>Grows with every change, a pause included.</summary>
    public required long Revision { get; init; }

    public required string Name { get; init; }

    /// <summary><c>langfuse</c>, ...</summary>
    public required string Kind { get; init; }

    /// <summary>
    /// Every field of the kind: its value, null where it has none. A secret is always null; of an object whose values are secret the names
    /// are there, each null. A copy of the caller's own.
    /// </summary>
    public required System.Text.Json.Nodes.JsonObject Config { get; init; }

    /// <summary>The secret fields that have a value.</summary>
    public required IReadOnlyList<string> ConfigSet { get; init; }

    /// <summary><c>["*"]</c>, or names in order; none when it serves no app.</summary>
    public required IReadOnlyList<string> Apps { get; init; }

    /// <summary>With <c>["*"]</c>: the apps it does not serve all the same.</summary>
    public IReadOnlyList<string> ExceptApps { get; init; } = [];

    /// <summary>As it was written; null for everything.</summary>
    public string? Filter { get; init; }

    public required double SampleRate { get; init; }

    public required bool KeepErrors { get; init; }

    /// <summary>Names of built-in patterns or regular expressions, as they were written.</summary>
    public IReadOnlyList<string> Mask { get; init; } = [];

    /// <summary>Of <c>traces</c>, <c>logs</c>, <c>metrics</c>.</summary>
    public required IReadOnlyList<string> Signals { get; init; }

    public required bool Enabled { get; init; }

    /// <summary>A person has paused it.</summary>
    public required bool Paused { get; init; }

    public required StartAt Start { get; init; }

    public required Timestamp CreatedAt { get; init; }

    public required Timestamp UpdatedAt { get; init; }

    /// <summary>Why its secrets cannot be opened, for people; null when they can.</summary>
    public string? Locked { get; init; }
}

/// <summary>
/// What a destination shall be. Null leaves a field out: at creation it gets its default, later it keeps its value; an empty text or list
/// takes a value away.
/// </summary>
public sealed record DestinationWish
{
    /// <summary>1 to 100 characters. Needed at creation.</summary>
    public string? Name { get; init; }

    /// <summary>Needed at creation, and the same ever after.</summary>
    public string? Kind { get; init; }

    /// <summary>
    /// Fields by name. A field left out keeps its value. Of a secret, null keeps it and an empty text takes it away; of any other field both take it away.
    /// An object whose values are secret (headers) is given whole: names left out go, names with null keep their value.
    /// </summary>
    public System.Text.Json.Nodes.JsonObject? Config { get; init; }

    /// <summary><c>["*"]</c> (the default) or names; names nobody has used yet become apps.</summary>
    public IReadOnlyList<string>? Apps { get; init; }

    /// <summary>With <c>["*"]</c>: the apps it shall not serve.</summary>
    public IReadOnlyList<string>? ExceptApps { get; init; }

    /// <summary>The filter language; empty for everything.</summary>
    public string? Filter { get; init; }

    /// <summary>0 to 1. Default 1.</summary>
    public double? SampleRate { get; init; }

    /// <summary>Default true.</summary>
    public bool? KeepErrors { get; init; }

    public IReadOnlyList<string>? Mask { get; init; }

    /// <summary>Default <c>["traces"]</c>. Others than traces only where the kind takes them.</summary>
    public IReadOnlyList<string>? Signals { get; init; }

    /// <summary>Default true.</summary>
    public bool? Enabled { get; init; }

    /// <summary>Default now: what is received after it was made, also while it is paused or switched off. It counts at creation; another one later is refused, for a replay does that.</summary>
    public StartAt? Start { get; init; }

    /// <summary>Of an update: the revision it was made from; another one now refuses it. Null does not ask.</summary>
    public long? Revision { get; init; }
}

/// <summary>How a change of a destination ended.</summary>
public abstract record DestinationAnswer
{
    private DestinationAnswer()
    {
    }

    /// <param name="Warnings">What looks odd and was taken all the same.</param>
    public sealed record Done(DestinationView Destination, IReadOnlyList<string> Warnings) : DestinationAnswer;

    /// <summary>The field that is wrong (<c>name</c>, <c>config.host</c>) and what would be right. Never holds a secret.</summary>
    public sealed record Refused(string Field, string Message) : DestinationAnswer;

    /// <summary>Somebody has changed it meanwhile: it is at this revision now.</summary>
    public sealed record Outdated(long Revision) : DestinationAnswer;

    /// <summary>The tenant has as many as it may.</summary>
    public sealed record Full(int Most) : DestinationAnswer;

    /// <summary>The disk has no room left; nothing was changed.</summary>
    public sealed record DiskFull : DestinationAnswer;

    /// <summary>The tenant has no such destination.</summary>
    public sealed record Unknown : DestinationAnswer;
}

/// <summary>How a check ended.</summary>
public abstract record CheckAnswer
{
    private CheckAnswer()
    {
    }

    /// <summary>The platform was asked, or could not be reached.</summary>
    public sealed record Checked(CheckResult Result) : CheckAnswer;

    /// <summary>It could not be saved like that, so nobody was asked.</summary>
    public sealed record Refused(string Field, string Message) : CheckAnswer;

    public sealed record Unknown : CheckAnswer;
}

/// <summary>Where an app's traces go.</summary>
/// <param name="Enabled">False: nowhere. True also for an app of which nobody has said anything.</param>
/// <param name="Destinations">The ids of those that serve the app, in order, while it is enabled; those for all apps included.</param>
public sealed record AppTracing(bool Enabled, IReadOnlyList<int> Destinations);

/// <summary>Null leaves a part as it is.</summary>
/// <param name="Destinations">Exactly these shall serve the app: one for all apps that is not named makes an exception of it.</param>
public sealed record TracingWish(bool? Enabled, IReadOnlyList<int>? Destinations);

public abstract record TracingAnswer
{
    private TracingAnswer()
    {
    }

    public sealed record Done(AppTracing Tracing) : TracingAnswer;

    public sealed record Refused(string Field, string Message) : TracingAnswer;
}
