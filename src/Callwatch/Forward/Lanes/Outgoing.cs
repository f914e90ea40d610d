using Callwatch.Spans;

namespace Callwatch.Forward.Lanes;

/// <summary>An item on its way, with what the lane must know of it.</summary>
internal sealed record Outgoing(OutboundItem Item, long Seq, Timestamp ReceivedAt)
{
    /// <summary>Requests it has been in.</summary>
    public int Attempts { get; set; }

    /// <summary>It has been made smaller once.</summary>
    public bool IsShrunk { get; init; }
}

/// <summary>Makes requests' worth of items.</summary>
internal static class Chunks
{
    /// <summary>Items of one stage and route side by side, within the platform's limits; order kept.</summary>
    public static IEnumerable<List<Outgoing>> Of(IEnumerable<Outgoing> items, DestinationLimits limits)
    {
        foreach (var group in items.GroupBy(item => (item.Item.Stage, item.Item.Route)).OrderBy(group => group.Key.Stage))
        {
            var chunk = new List<Outgoing>();
            long bytes = 0;
            var most = limits.OneByOne.Contains(group.Key.Route) ? 1 : limits.Items;
            foreach (var item in group)
            {
                var size = item.Item.Payload.Length + item.Item.Head.Length;
                if (chunk.Count > 0 && (chunk.Count >= most || bytes + size > limits.Bytes))
                {
                    yield return chunk;
                    (chunk, bytes) = ([], 0);
                }

                chunk.Add(item);
                bytes += size;
            }

            yield return chunk;
        }
    }

    /// <summary>A refused or too large request in smaller ones: first trace by trace, for the fault is mostly one trace's; then in halves.</summary>
    public static IReadOnlyList<List<Outgoing>> Split(List<Outgoing> chunk)
    {
        var traces = chunk.GroupBy(item => item.Item.TraceId).Select(group => group.ToList()).ToList();
        if (traces.Count == 1) return [chunk[..(chunk.Count / 2)], chunk[(chunk.Count / 2)..]];

        // Halves of many traces, so that one bad among hundreds is found in a few requests.
        return traces.Count == 2 ? traces
            : [[.. traces.Take(traces.Count / 2).SelectMany(trace => trace)], [.. traces.Skip(traces.Count / 2).SelectMany(trace => trace)]];
    }
}
