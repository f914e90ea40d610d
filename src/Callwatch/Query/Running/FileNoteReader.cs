using Callwatch.Store.Partitions;
using Callwatch.Store.Rollups;
using Callwatch.Store.Sqlite;

namespace Callwatch.Query.Running;

/// <summary>Reads what is noted of a file, within a moment of it.</summary>
internal static class FileNoteReader
{
    private const string Field = "release";

    /// <summary>Of what there is too much, it says no more than that.</summary>
    public static FileNote Read(OpenPartition open)
    {
        var releases = Releases(open, _ => "1");
        return new FileNote(releases.Count > FileNote.MostReleases ? null : releases, Failures(open));
    }

    /// <summary>When each release began in the file.</summary>
    /// <param name="among">A condition over the table that it is given.</param>
    public static List<ReleaseBegan> Releases(OpenPartition open, Func<string, string> among)
    {
        var hours = FirstHours(open, among("r"));
        var began = new List<ReleaseBegan>();
        using var row = new Statement(open.Reader.Connection, $"SELECT f.tenant, f.app, f.value FROM facets f WHERE {among("f")} AND f.field = '{Field}' AND f.value <> 0");
        while (row.Step())
        {
            var (tenant, app, release) = ((int)row.Long(0), (int)row.Long(1), row.Long(2));
            // An hour that is not counted up yet is the latest there is.
            began.Add(new ReleaseBegan(tenant, app, open.Reader.Word(release), hours.GetValueOrDefault((tenant, app, release), open.Partition.To.UnixSeconds - 1)));
        }

        return began;
    }

    private static Dictionary<(int Tenant, int App, long Release), long> FirstHours(OpenPartition open, string among)
    {
        var hours = new Dictionary<(int, int, long), long>();
        // A file that nothing was written to since the first version made it has no such table.
        if (!open.Reader.HasDerived) return hours;
        using var row = new Statement(open.Reader.Connection, $"""
            SELECT r.tenant, r.app, r.a, min(r.bucket) FROM cuts r WHERE r.cut = {(int)Cut.Release} AND r.level = {(int)RollupLevel.Hour} AND r.a > 0 AND {among} GROUP BY 1, 2, 3
            """);
        while (row.Step()) hours[((int)row.Long(0), (int)row.Long(1), row.Long(2))] = row.Long(3);
        return hours;
    }

    private static List<long>? Failures(OpenPartition open)
    {
        var found = new List<long>();
        using var row = new Statement(open.Reader.Connection, "SELECT DISTINCT fingerprint FROM error_groups");
        while (row.Step())
        {
            if (found.Count == FileNote.MostFailures) return null;
            found.Add(row.Long(0));
        }

        return found;
    }
}
