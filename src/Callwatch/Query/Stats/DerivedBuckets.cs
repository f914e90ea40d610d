using Callwatch.Query.Running;
using Callwatch.Store.Rollups;
using Callwatch.Store.Sqlite;

namespace Callwatch.Query.Stats;

/// <summary>Of which hours and days of a partition figures by few dimensions stand, as of the moment it is read.</summary>
internal sealed class DerivedBuckets
{
    private readonly HashSet<long> hours = [];
    private readonly HashSet<long> days = [];
    private readonly bool all;

    private DerivedBuckets(bool all) => this.all = all;

    /// <summary>Where figures have been moved to, they stand whole.</summary>
    public static DerivedBuckets All { get; } = new(all: true);

    /// <summary>Figures by the minute are kept from this moment on, in seconds since 1970.</summary>
    public long MinutesFrom { get; private init; }

    /// <summary>True of the history: no rows, and no minutes; quarters by all dimensions only.</summary>
    public bool IsHistory => all;

    public bool HasHour(long at) => all || hours.Contains(at / 3_600 * 3_600);

    public bool HasDay(long at) => all || days.Contains(at / 86_400 * 86_400);

    public static DerivedBuckets Of(OpenPartition open)
    {
        const string Key = "derived";
        if (open.Held?.Find<DerivedBuckets>(Key) is { } held) return held;
        var read = Read(open);
        open.Held?.Keep(Key, read, 4_096);
        return read;
    }

    private static DerivedBuckets Read(OpenPartition open)
    {
        // A file that nothing was written to since an older version made it has no such tables.
        if (!open.Reader.HasDerived) return new DerivedBuckets(all: false);
        var found = new DerivedBuckets(all: false) { MinutesFrom = StoreDatabase.Number(open.Reader.Connection, "SELECT value FROM meta WHERE key = 'minutes_until'") ?? 0 };
        using var row = new Statement(open.Reader.Connection, "SELECT level, bucket FROM derived WHERE state = 1");
        while (row.Step()) (row.Long(0) == (long)RollupLevel.Day ? found.days : found.hours).Add(row.Long(1));
        return found;
    }
}
