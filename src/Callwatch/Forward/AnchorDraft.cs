using Callwatch.Spans;

namespace Callwatch.Forward;

/// <summary>
/// Anchors of the traces of one batch, as they are or will be: each trace is mapped with its own as soon as it is read, and its bodies need not be
/// held; all are written together, before anything is sent. For one thread.
/// </summary>
internal sealed class AnchorDraft(Anchors anchors, int destination)
{
    private readonly Dictionary<TraceId, Drafted> drafted = [];

    /// <summary>The anchor of the revision's trace, made where there is none.</summary>
    public Anchor Of(TraceToSend trace)
    {
        var id = trace.Revision.TraceId;
        if (!drafted.TryGetValue(id, out var known))
        {
            var (stored, facts) = anchors.Stored(destination, id);
            known = new Drafted(facts, stored);
        }

        var anchor = known.Anchor is null ? anchors.Make(trace) : anchors.Attempted(known.Anchor, trace.Revision.Seq);
        drafted[id] = known with { Anchor = anchor, IsNew = known.IsNew || !ReferenceEquals(anchor, known.Anchor) };
        return anchor;
    }

    /// <summary>Writes what is new, in one synced transaction.</summary>
    /// <returns>Traces that somebody else has frozen since they were looked at: what was made with their anchors has to be made again, and they are forgotten here.</returns>
    public IReadOnlySet<TraceId> Write()
    {
        var wanted = drafted.Where(pair => pair.Value.IsNew).ToDictionary(pair => pair.Key, pair => (pair.Value.Stored, pair.Value.Anchor!));
        if (wanted.Count == 0) return new HashSet<TraceId>();
        var (others, written) = anchors.Write(destination, wanted);
        foreach (var (id, facts) in written) drafted[id] = drafted[id] with { Stored = facts, IsNew = false };
        foreach (var id in others) drafted.Remove(id);
        return others;
    }

    /// <param name="Stored">As it stands on disk; null when nothing does.</param>
    private sealed record Drafted(byte[]? Stored, Anchor? Anchor, bool IsNew = false);
}
