using System.Runtime.InteropServices;
using Callwatch.Store.Rollups;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Derived;

/// <summary>The figures of one UTC day, from those of its hours.</summary>
internal static class DayFigures
{
    private const string Hours = "FROM cuts WHERE cut = ?1 AND level = 3 AND bucket >= ?2 AND bucket < ?2 + 86400";

    public static DerivedBucket Of(SqliteConnection connection, long day)
    {
        var made = new DerivedBucket(RollupLevel.Day, day);
        foreach (var cut in Enum.GetValues<Cut>()) Add(connection, made, cut);
        PeopleOf.Add(connection, made);
        return made;
    }

    private static void Add(SqliteConnection connection, DerivedBucket made, Cut cut)
    {
        var kept = cut.IsBounded() ? Greatest(connection, made, cut) : null;
        using var row = new Statement(connection, "SELECT tenant, app, outcome, a, b, c, figures " + Hours);
        row.Bind(1, (long)cut).Bind(2, made.Bucket);
        while (row.Step())
        {
            var (tenant, app, a, b) = ((int)row.Long(0), (int)row.Long(1), row.Long(3), row.Long(4));
            if (kept is not null && BoundedCuts.IsValue(a, b) && !kept.Contains((cut, tenant, app, a, b))) (a, b) = (Cuts.Rest, Cuts.Rest);
            made.Cell(new CutKey(cut, RollupLevel.Day, made.Bucket, tenant, app, (int)row.Long(2), a, b, row.Long(5))).Add(row.Blob(6));
        }
    }

    private static HashSet<(Cut Cut, int Tenant, int App, long A, long B)> Greatest(SqliteConnection connection, DerivedBucket made, Cut cut)
    {
        Dictionary<(Cut Cut, int Tenant, int App, long A, long B), long> calls = [];
        using var row = new Statement(connection, "SELECT tenant, app, a, b, figures " + Hours);
        row.Bind(1, (long)cut).Bind(2, made.Bucket);
        while (row.Step())
        {
            CollectionsMarshal.GetValueRefOrAddDefault(calls, (cut, (int)row.Long(0), (int)row.Long(1), row.Long(2), row.Long(3)), out _) += PackedFigures.Calls(row.Blob(4));
        }

        return BoundedCuts.Greatest(calls, Cuts.MostOfDay);
    }
}
