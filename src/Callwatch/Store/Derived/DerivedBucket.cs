using System.Runtime.InteropServices;
using Callwatch.Store.Rollups;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Derived;

/// <summary>Who made the calls of a bucket: users (field 0) or sessions (1) of one app.</summary>
internal readonly record struct PeopleKey(RollupLevel Level, long Bucket, int Tenant, int App, int Field);

internal sealed class PeopleCount
{
    public long People { get; set; }

    public long Calls { get; set; }

    public PeopleSketch Sketch { get; } = new();
}

/// <summary>What is written for one hour or one day.</summary>
internal sealed class DerivedBucket(RollupLevel level, long bucket)
{
    public RollupLevel Level => level;

    public long Bucket => bucket;

    public Dictionary<CutKey, FigureCell> Cuts { get; } = [];

    public Dictionary<PeopleKey, PeopleCount> People { get; } = [];

    /// <summary>Of an hour: figures by all dimensions.</summary>
    public Dictionary<RollupDimensions, FigureCell> Wide { get; } = [];

    /// <summary>Of an hour; null of a day.</summary>
    public HourPeaks? Peaks { get; set; }

    public FigureCell Cell(CutKey key) => CollectionsMarshal.GetValueRefOrAddDefault(Cuts, key, out _) ??= new FigureCell();

    public PeopleCount PeopleOf(int tenant, int app, int field) =>
        CollectionsMarshal.GetValueRefOrAddDefault(People, new PeopleKey(level, bucket, tenant, app, field), out _) ??= new PeopleCount();

    /// <summary>In place of what stood there, within the caller's transaction.</summary>
    public void WriteTo(SqliteConnection connection)
    {
        Clear(connection);
        using (var put = new Statement(connection, "INSERT INTO cuts (cut, level, bucket, tenant, app, outcome, a, b, c, figures) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"))
        {
            foreach (var (key, cell) in Cuts)
            {
                put.Bind(1, (long)key.Cut).Bind(2, (long)key.Level).Bind(3, key.Bucket).Bind(4, key.Tenant).Bind(5, key.App).Bind(6, key.Outcome)
                    .Bind(7, key.A).Bind(8, key.B).Bind(9, key.C).BindBlob(10, PackedFigures.Write(cell)).Run();
            }
        }

        using (var put = new Statement(connection, "INSERT INTO people (level, bucket, tenant, app, field, people, calls, sketch) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"))
        {
            foreach (var (key, count) in People)
            {
                put.Bind(1, (long)key.Level).Bind(2, key.Bucket).Bind(3, key.Tenant).Bind(4, key.App).Bind(5, key.Field)
                    .Bind(6, count.People).Bind(7, count.Calls).BindBlob(8, count.Sketch.ToBlob()).Run();
            }
        }

        Peaks?.WriteTo(connection, bucket);
        using var wide = new RollupRowWriter(connection);
        foreach (var (of, cell) in Wide) wide.Put(new RollupKey(RollupLevel.Hour, bucket, of), cell);
    }

    private void Clear(SqliteConnection connection)
    {
        var levels = level == RollupLevel.Hour ? (RollupLevel[])[RollupLevel.Minute, RollupLevel.QuarterHour, RollupLevel.Hour] : [RollupLevel.Day];
        using var cuts = new Statement(connection, "DELETE FROM cuts WHERE cut = ?1 AND level = ?2 AND bucket >= ?3 AND bucket < ?4");
        foreach (var cut in Enum.GetValues<Cut>())
            foreach (var one in levels) cuts.Bind(1, (long)cut).Bind(2, (long)one).Bind(3, bucket).Bind(4, bucket + level.Seconds()).Run();
        using var people = new Statement(connection, "DELETE FROM people WHERE level = ?1 AND bucket = ?2");
        people.Bind(1, (long)level).Bind(2, bucket).Run();
        if (level != RollupLevel.Hour) return;
        using var wide = new Statement(connection, "DELETE FROM rollups WHERE level = 3 AND bucket = ?1");
        wide.Bind(1, bucket).Run();
    }
}
