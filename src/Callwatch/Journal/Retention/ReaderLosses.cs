namespace Callwatch.Journal.Retention;

/// <summary>What each reader lost to retention since the start.</summary>
internal sealed class ReaderLosses
{
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, ReaderLoss> losses = new(StringComparer.Ordinal);

    public IReadOnlyList<ReaderLoss> All
    {
        get
        {
            lock (gate) return [.. losses.Values];
        }
    }

    public void Add(string reader, long byAge, long byDisk)
    {
        lock (gate)
        {
            var before = losses.GetValueOrDefault(reader) ?? new ReaderLoss(reader, 0, 0);
            losses[reader] = before with { ByAge = before.ByAge + byAge, ByDisk = before.ByDisk + byDisk };
        }
    }
}
