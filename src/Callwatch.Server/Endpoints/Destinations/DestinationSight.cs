using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Forward;
using Callwatch.Forward.Desk;
using Callwatch.Forward.Lanes;
using Callwatch.Server.Access;

namespace Callwatch.Server.Endpoints.Destinations;

/// <summary>
/// What a caller sees of destinations. A key of one app sees those that serve its app and how they are; their settings, and the platform's
/// words, which may quote what other apps sent, are for keys of the whole tenant.
/// </summary>
internal sealed class DestinationSight(IDestinationDesk desk, ILanes lanes, DeadLetters letters, Apps apps)
{
    public IEnumerable<DestinationView> List(Caller caller) => desk.List(caller.TenantId).Where(view => Serves(view, caller));

    /// <summary>Null when there is none for this caller.</summary>
    public DestinationView? Find(Caller caller, int id) => desk.Find(caller.TenantId, id) is { } view && Serves(view, caller) ? view : null;

    public ApiDestination Show(DestinationView view, Caller caller, IReadOnlyList<string> warnings)
    {
        var whole = caller.AppId is null;
        return new ApiDestination
        {
            Id = view.Id,
            Revision = view.Revision,
            Name = view.Name,
            Kind = view.Kind,
            Config = whole ? view.Config : [],
            ConfigSet = whole ? view.ConfigSet : [],
            Apps = whole || view.Apps is ["*"] ? view.Apps : [apps.NameOf(caller.AppId!.Value)],
            ExceptApps = whole ? view.ExceptApps : [],
            Filter = whole ? view.Filter : null,
            SampleRate = view.SampleRate,
            KeepErrors = view.KeepErrors,
            Mask = whole ? view.Mask : [],
            Signals = view.Signals,
            Enabled = view.Enabled,
            Start = view.Start switch { StartAt.Beginning => "beginning", StartAt.Time at => at.ReceivedAt.ToString(), _ => "now" },
            CreatedAt = view.CreatedAt.ToString(),
            UpdatedAt = view.UpdatedAt.ToString(),
            Warnings = warnings,
            Status = Status(view, caller),
        };
    }

    public ApiDestinationStatus Status(DestinationView view, Caller caller)
    {
        var status = lanes.Status(view.Id);
        return new ApiDestinationStatus
        {
            State = Word(StateOf(view, status)),
            Position = status?.Position ?? 0,
            Backlog = status?.Backlog ?? 0,
            OldestAgeS = Math.Round(status?.OldestAgeSeconds ?? 0, 3),
            Sent = status?.Sent ?? 0,
            Refused = status?.Refused ?? 0,
            Retried = status?.Retried ?? 0,
            Expired = status?.Expired ?? 0,
            DeadLetters = caller.AppId is null ? letters.Count(view.Id) : null,
            NextAttempt = status?.NextAttempt?.ToString(),
            LastDelivery = status?.LastDelivery?.ToString(),
            LastError = status?.LastError is { } error ? new ApiDestinationError(error.Time.ToString(), error.Status, caller.AppId is null ? error.Message : null, error.Advice) : null,
        };
    }

    // A lane stops and starts a moment after it was told to; what a person has just said is true at once.
    private static LaneState StateOf(DestinationView view, LaneStatus? status) =>
        view.Paused || !view.Enabled ? LaneState.Paused
        : view.Locked is not null ? LaneState.Blocked
        : status is null or { State: LaneState.Paused } ? LaneState.Idle : status.State;

    private bool Serves(DestinationView view, Caller caller) =>
        caller.AppId is not { } only || (apps.NameOf(only) is var name && (view.Apps is ["*"] ? !view.ExceptApps.Contains(name) : view.Apps.Contains(name)));

    private static string Word(LaneState state) => state switch
    {
        LaneState.Running => "running",
        LaneState.Retrying => "retrying",
        LaneState.Blocked => "blocked",
        LaneState.Paused => "paused",
        _ => "idle",
    };
}

/// <summary>Kinds as the API shows them.</summary>
internal static class KindsInApi
{
    public static ApiDestinationKind ToApi(this IDestinationKind kind) => new()
    {
        Name = kind.Name,
        Title = kind.Title,
        Deduplicates = kind.Deduplicates,
        Signals = kind.Signals,
        Fields =
        [
            .. kind.Fields.Select(field => new ApiDestinationField
            {
                Name = field.Name,
                Type = field.Type,
                Secret = field.Secret,
                Required = field.Required,
                Default = field.Default?.DeepClone(),
                Choices = field.Choices,
                Help = field.Help,
            }),
        ],
    };
}
