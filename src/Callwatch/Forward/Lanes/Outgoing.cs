using Callwatch.Spans;

namespace Callwatch.Forward.Lanes;

/// <summary>What has become of an item.</summary>
internal enum Fate
{
    /// <summary>Nothing yet.</summary>
    Waiting,
    Sent,
    Refused,
    Expired,

    /// <summary>The platform wants its trace in another form.</summary>
    OtherForm,
}

/// <summary>An item on its way, with what the lane must know of it.</summary>
internal sealed class Outgoing(OutboundItem item, long seq, Timestamp expires)
{
    public OutboundItem Item { get; private set; } = item;

    /// <summary>The settled number it belongs to.</summary>
    public long Seq => seq;

    /// <summary>When it is given up.</summary>
    public Timestamp Expires => expires;

    /// <summary>Requests it has been in.</summary>
    public int Attempts { get; set; }

    public Fate Fate { get; set; }

    /// <summary>The form the platform wants.</summary>
    public string? Form { get; private set; }

    /// <summary>Why it wants that one.</summary>
    public PlatformWords? Words { get; private set; }

    /// <summary>Somebody sends it before its turn.</summary>
    public bool IsTaken { get; set; }

    /// <summary>It has been made smaller once.</summary>
    public bool IsShrunk { get; private set; }

    /// <summary>Its batch has been given back: what it held is made anew when it is read again.</summary>
    public void LetGo() => Item = Item with { Payload = default, Head = default };

    public void TakeForm((string Form, PlatformWords Words) wanted) => (Fate, Form, Words) = (Fate.OtherForm, wanted.Form, wanted.Words);

    public void Shrink(OutboundItem smaller) => (Item, IsShrunk) = (smaller, true);
}

/// <summary>What a platform refused for good, on its way to the dead letters.</summary>
internal sealed record Refusal(long Seq, OutboundItem Item, PlatformWords Words, int Attempts);

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
