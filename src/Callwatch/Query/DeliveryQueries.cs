using Callwatch.Forward;
using Callwatch.Forward.Lanes;
using Callwatch.Settle;
using Callwatch.Spans;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;

namespace Callwatch.Query;

/// <summary>What became of a trace at a destination.</summary>
public enum DeliveryState
{
    /// <summary>Taken by the platform, all of it that has settled.</summary>
    Done,

    /// <summary>It has not settled, or the lane has not come to it; <see cref="TraceDelivery.Reason"/> says what it waits for.</summary>
    Waiting,

    /// <summary>The platform refused some of it for good: dead letters.</summary>
    Refused,

    /// <summary>It was too old when the lane came to it, or the journal no longer had it.</summary>
    Expired,

    /// <summary>Nothing of it was to go there: the filter, the sample, or it had settled before the destination began.</summary>
    LeftOut,
}

/// <summary>A trace at one destination.</summary>
/// <param name="Time">When the lane was done with it; of a refusal when that was; null while it waits, or when that is no longer known.</param>
/// <param name="Reason">Of those that wait <c>not_settled, queued, paused, blocked, retrying</c>; of the expired <c>too_old, journal_gone</c>; of a refusal the platform's words; else a word or null.</param>
/// <param name="Link">Where a person finds it there; null when unknown.</param>
public sealed record TraceDelivery(int DestinationId, string Destination, string Kind, DeliveryState State, Timestamp? Time, string? Reason, string? Link);

/// <summary>What becomes of traces behind the store: settling, and each destination of their apps.</summary>
public sealed class DeliveryQueries(
    ISettledLog? settled = null, IDestinationDirectory? directory = null, ILanes? lanes = null, DeadLetters? letters = null, IOptions<ForwardOptions>? options = null)
{
    private readonly ForwardOptions settings = options?.Value ?? new ForwardOptions();

    /// <summary>When a trace last settled; null when nothing of it has, or that is forgotten.</summary>
    public Timestamp? SettledAt(int tenantId, TraceId trace) => Revisions(tenantId, trace) is [.., var last] ? last.SettledAt : null;

    /// <summary>At each destination that carries traces of one of the apps, in order of making.</summary>
    public IReadOnlyList<TraceDelivery> Of(int tenantId, TraceId trace, IReadOnlyCollection<int> appIds)
    {
        if (directory is null || lanes is null || letters is null) return [];
        var wanted = directory.All
            .Where(destination => destination.TenantId == tenantId && destination.Signals.Contains("traces") && appIds.Any(destination.Serves))
            .OrderBy(destination => destination.Id).ToList();
        if (wanted.Count == 0) return [];
        var revisions = Revisions(tenantId, trace);
        return [.. wanted.Select(destination => Of(destination, trace, revisions))];
    }

    private TraceDelivery Of(Destination destination, TraceId trace, IReadOnlyList<SettledRevision> revisions)
    {
        var status = lanes!.Status(destination.Id);
        var refused = letters!.Of(destination.Id, trace);
        return refused.Count > 0 ? Told(DeliveryState.Refused, refused[^1].Time, Words(refused[^1]))
            : revisions is not [.., var last] ? Told(DeliveryState.Waiting, null, "not_settled")
            : status is null || status.Position < last.Seq ? Told(DeliveryState.Waiting, null, Waits(status))
            : lanes.LossOf(destination.Id, last.Seq) is { } loss ? Told(DeliveryState.Expired, lanes.DeliveredAt(destination.Id, last.Seq), loss == "gone" ? "journal_gone" : "too_old")
            : !lanes.WasSent(destination.Id, trace) ? Told(DeliveryState.LeftOut, null, "filter_sample_or_start")
            : lanes.DeliveredAt(destination.Id, last.Seq) is not { } time ? Told(DeliveryState.Done, null, null)
            : last.FirstReceivedAt.Plus(settings.MaxAge) < time ? Told(DeliveryState.Expired, time, "too_old")
            : Told(DeliveryState.Done, time, null);

        TraceDelivery Told(DeliveryState state, Timestamp? time, string? reason) => new(
            destination.Id, destination.Name, destination.Kind.Name, state, time, reason, state is DeliveryState.LeftOut ? null : lanes.LinkTo(destination.Id, trace));
    }

    private static string Waits(LaneStatus? status) => status?.State switch
    {
        LaneState.Paused => "paused",
        LaneState.Blocked => "blocked",
        LaneState.Retrying => "retrying",
        _ => "queued",
    };

    private static string Words(DeadLetter letter) =>
        letter.Status is { } status ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{status} {letter.Message}") : letter.Message;

    private IReadOnlyList<SettledRevision> Revisions(int tenantId, TraceId trace)
    {
        try
        {
            return settled?.Of(tenantId, trace) ?? [];
        }
        catch (Exception e) when (e is SqliteException or IOException)
        {
            // A damaged file is being set aside; what it held settles once more.
            return [];
        }
    }
}
