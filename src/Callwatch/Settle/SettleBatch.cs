using Callwatch.Spans;

namespace Callwatch.Settle;

/// <summary>What goes into the settled sequence in one transaction.</summary>
/// <param name="Counted">How many revisions each of its traces has with it.</param>
internal sealed record SettleBatch(IReadOnlyList<SettledRevision> Revisions, IReadOnlyList<int> LastOffsets, IReadOnlyDictionary<(int Tenant, TraceId Trace), int> Counted)
{
    /// <summary>Gives what has settled its numbers.</summary>
    public static SettleBatch Of(IReadOnlyCollection<(OpenTrace Trace, SettleReason Reason, Timestamp At)> settling, SettledLog settled, RecentRevisions known)
    {
        var revisions = new List<SettledRevision>(settling.Count);
        var offsets = new List<int>(settling.Count);
        var counted = new Dictionary<(int, TraceId), int>();
        var seq = settled.Head;
        foreach (var (trace, reason, at) in settling)
        {
            if (reason == SettleReason.PassedOn)
            {
                revisions.Add(trace.Settle(++seq, 1, reason, at));
                offsets.Add(0);
                continue;
            }

            var key = (trace.TenantId, trace.TraceId);
            var before = counted.TryGetValue(key, out var count) || known.TryFind(key, out count) ? count : settled.RevisionsOf(trace.TenantId, trace.TraceId);

            // Of a trace that never came.
            if (trace.Count == 0 && before == 0) continue;
            counted[key] = before + 1;
            revisions.Add(trace.Settle(++seq, before + 1, reason, at));
            offsets.Add(trace.LastOffset);
        }

        return new SettleBatch(revisions, offsets, counted);
    }
}
