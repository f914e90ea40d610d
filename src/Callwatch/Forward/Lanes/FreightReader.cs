using Callwatch.Journal;
using Callwatch.Settle;
using Callwatch.Spans;

namespace Callwatch.Forward.Lanes;

/// <summary>Reads a settled number back from the journal and takes from it what is for the destination.</summary>
internal sealed class FreightReader(Destination destination, LaneServices services)
{
    private readonly bool takesTraces = destination.Signals.Contains("traces");
    private readonly bool chooses = destination.SampleRate < 1 || destination.Filter.Terms.Count > 0;

    /// <summary>What goes, mostly one thing or none, and how many spans the journal no longer holds.</summary>
    /// <param name="onItsWay">Traces that will have an anchor in a moment.</param>
    public (IReadOnlyList<Freight> Freight, int Gone) Read(SettledRevision revision, LaneRow lane, IReadOnlySet<TraceId> onItsWay)
    {
        if (revision.Reason == SettleReason.PassedOn) return Record(revision);
        if (!takesTraces) return ([], 0);
        var (trace, gone) = services.Traces.Read(revision);
        if (trace.Spans.Count == 0 && trace.Scored.Count == 0) return ([], gone);

        // Something of the trace has gone there before: what comes of it later goes too, or the platform would show half of it.
        var isOnItsWay = onItsWay.Contains(revision.TraceId);
        var anchor = !isOnItsWay && (chooses || trace.Scored.Count > 0) ? services.Anchors.Find(destination.Id, revision.TraceId) : null;
        var isAnchored = isOnItsWay || anchor is not null;
        if (Selecting.Of(destination, trace, isAnchored) is not { } wanted) return ([], gone);

        // Frozen by this very number, which was stopped before it arrived: what it had chosen with it may not have arrived either.
        var isAgain = anchor is not null && ((revision.Seq >= anchor.Seq && revision.Seq <= anchor.FirstThrough) || anchor.Later.Any(later => later.Seq == revision.Seq));
        List<Freight> freight = [.. chooses && (!isAnchored || isAgain) && revision.Revision > 1 ? Earlier(revision, lane, isAgain) : [], new Freight(revision, wanted, null)];
        return (freight, gone);
    }

    /// <summary>The same of what was chosen before; null when the journal no longer holds it, or the destination no longer serves its app.</summary>
    public Freight? ReadChosen(SettledRevision revision)
    {
        if (revision.Reason == SettleReason.PassedOn) return Record(revision).Freight is [var record] ? record : null;
        return services.Traces.Read(revision).Trace is { } trace && Selecting.Of(destination, trace, isAnchored: true) is { } wanted ? new Freight(revision, wanted, null) : null;
    }

    /// <summary>Whether the destination lists the signal.</summary>
    public static bool Lists(Destination destination, Signal signal) => signal switch
    {
        Signal.Traces => destination.Signals.Contains("traces"),
        Signal.Logs => destination.Signals.Contains("logs"),
        Signal.Metrics => destination.Signals.Contains("metrics"),
        _ => false,
    };

    private (IReadOnlyList<Freight> Freight, int Gone) Record(SettledRevision revision)
    {
        if (!destination.Signals.Contains("logs") && !destination.Signals.Contains("metrics")) return ([], 0);
        if (services.Traces.Record(revision) is not { } record) return ([], 1);
        if (!Lists(destination, record.Signal) || !destination.Serves(record.AppId)) return ([], 0);
        return ([new Freight(revision, null, record)], 0);
    }

    // A filter, or an error that is kept whatever the sample says, has chosen the trace only now: what came of it before was left out, and goes first.
    private List<Freight> Earlier(SettledRevision revision, LaneRow lane, bool isAgain)
    {
        List<Freight> found = [];
        foreach (var earlier in services.Settled.Of(revision.TenantId, revision.TraceId))
        {
            if (earlier.Seq >= revision.Seq || earlier.SettledAt < lane.Created) continue;
            if (services.Traces.Read(earlier).Trace is not { Spans.Count: > 0 } trace) continue;

            // That one was chosen by itself, and took with it what came before.
            if (isAgain && Selecting.Of(destination, trace, isAnchored: false) is not null) return [];
            if (Selecting.Of(destination, trace, isAnchored: true) is { } wanted) found.Add(new Freight(earlier, wanted, null));
        }

        return found;
    }
}
