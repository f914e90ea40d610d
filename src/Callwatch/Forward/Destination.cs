using System.Text.Json.Nodes;
using Callwatch.Query.Filters;
using Callwatch.Spans;

namespace Callwatch.Forward;

/// <summary>Where a new destination begins.</summary>
public abstract record StartAt
{
    private StartAt()
    {
    }

    public sealed record Now : StartAt;

    /// <summary>Everything the journal still holds.</summary>
    public sealed record Beginning : StartAt;

    /// <summary>What was received from the moment on.</summary>
    public sealed record Time(Timestamp ReceivedAt) : StartAt;
}

/// <summary>A configured platform of a tenant, as its lane uses it. Immutable: a change makes a new <see cref="Revision"/>, and with it a new lane.</summary>
public sealed record Destination
{
    public required int Id { get; init; }

    public required int TenantId { get; init; }

    /// <summary>Grows with every change of anything below.</summary>
    public required long Revision { get; init; }

    public required string Name { get; init; }

    public required IDestinationKind Kind { get; init; }

    /// <summary>Normalised, with its secrets in clear; null when they cannot be opened (<see cref="Locked"/> says why).</summary>
    public JsonObject? Config { get; init; }

    /// <summary>Why the config cannot be opened: the master key is another one.</summary>
    public string? Locked { get; init; }

    /// <summary>The apps it serves; null for all of the tenant.</summary>
    public IReadOnlySet<int>? AppIds { get; init; }

    /// <summary>Apps it does not serve, whatever <see cref="AppIds"/> says: exceptions, and those that somebody has switched off.</summary>
    public IReadOnlySet<int> ExceptAppIds { get; init; } = new HashSet<int>();

    public Filter Filter { get; init; } = Filter.Everything;

    /// <summary>Share of the traces, 0 to 1.</summary>
    public double SampleRate { get; init; } = 1;

    /// <summary>Traces with an error go whatever the sample says.</summary>
    public bool KeepErrors { get; init; } = true;

    public Mask Mask { get; init; } = Mask.None;

    public IReadOnlySet<string> Signals { get; init; } = new HashSet<string>(StringComparer.Ordinal) { "traces" };

    public required StartAt Start { get; init; }

    /// <summary>When it was made; null when that is not known.</summary>
    public Timestamp? CreatedAt { get; init; }

    /// <summary>False while the config says it is switched off.</summary>
    public required bool Enabled { get; init; }

    /// <summary>True while a person has paused it.</summary>
    public bool Paused { get; init; }

    public bool Serves(int appId) => (AppIds is null || AppIds.Contains(appId)) && !ExceptAppIds.Contains(appId);
}

/// <summary>The destinations as they are now, of all tenants.</summary>
public interface IDestinationDirectory
{
    IReadOnlyList<Destination> All { get; }

    /// <summary>It was deleted, and what is known of it can be forgotten; false too for one that was never heard of.</summary>
    bool IsGone(int id) => All.All(destination => destination.Id != id);

    /// <summary>Completes at the next change, whichever process made it.</summary>
    Task ChangedAsync(CancellationToken cancel);
}
