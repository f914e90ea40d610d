using Callwatch.Store.Rollups;

namespace Callwatch.Query.Stats;

/// <summary>Users, or sessions, while they are being counted from sketches: exact as long as there is one part only.</summary>
internal sealed class PeopleEstimate
{
    private readonly PeopleSketch sketch = new();
    private long exact;
    private int parts;

    public bool IsApproximate => parts > 1;

    /// <summary>Calls that have one.</summary>
    public long Calls { get; private set; }

    public long People => IsApproximate ? sketch.Estimate() : exact;

    public void AddPart(long people, long calls, ReadOnlySpan<byte> blob)
    {
        // Below zero: of several that may share some.
        (exact, parts) = (people, parts + (people < 0 ? 2 : 1));
        Calls += calls;
        sketch.Merge(blob);
    }

    /// <summary>One call's.</summary>
    public void Add(ulong hash)
    {
        parts += 2;
        Calls++;
        sketch.Add(hash);
    }
}
