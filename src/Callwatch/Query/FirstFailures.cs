using System.Globalization;
using Callwatch.Query.Running;
using Microsoft.Data.Sqlite;

namespace Callwatch.Query;

/// <summary>When groups of failed calls began, and what their first call was made by.</summary>
internal static class FirstFailures
{
    /// <summary>Share of the time after which what came before the range is not looked at any further.</summary>
    public const double LastEarlier = 0.8;

    private const int MostNamed = 2_000;

    /// <summary>When they were first seen at all, from the oldest day on: most are found on one of the first.</summary>
    public static void Find(QueryRun run, FigureSources sources, Asked asked, List<KeyValuePair<FailureKey, FailureGroup>> greatest)
    {
        var left = greatest.ToDictionary();
        var wanted = Fingerprints(left);
        // Within the range a filter may have left the first one out.
        var until = asked.Filter.Terms.Count == 0 ? asked.Selection.From : asked.Selection.To;
        foreach (var day in run.Partitions.Where(partition => partition.From < until).Reverse().GroupBy(partition => partition.Day))
        {
            var found = new List<FailureKey>();
            foreach (var partition in day)
            {
                if (left.Count == 0 || run.Spent > LastEarlier) return;
                // What failed today for the first time is on none of the days before: they need not be opened to say so.
                if (sources.IsMoved(partition.File) || run.NoteOf(partition)?.MayHave(wanted) == false) continue;
                using var open = sources.Open(partition);
                if (open is null) continue;
                using var command = open.Reader.Command($"""
                    SELECT e.fingerprint, e.provider, e.model, min(e.first_seen) FROM error_groups e
                    WHERE {open.Owner(asked, "e")} {OneOf(left.Keys)} GROUP BY 1, 2, 3
                    """);
                using var row = command.ExecuteReader();
                while (row.Read())
                {
                    var key = new FailureKey(row.GetInt64(0), WordOf(open, row.GetInt64(1)), WordOf(open, row.GetInt64(2)));
                    if (!left.TryGetValue(key, out var group)) continue;
                    group.See(row.GetInt64(3), open.Partition);
                    found.Add(key);
                }
            }

            foreach (var key in found) left.Remove(key);
            if (found.Count > 0) wanted = Fingerprints(left);
        }
    }

    private static HashSet<long> Fingerprints(Dictionary<FailureKey, FailureGroup> of) => [.. of.Keys.Select(key => key.Fingerprint)];

    // All groups of a file are soon read; a text of a megabyte is no question.
    private static string OneOf(Dictionary<FailureKey, FailureGroup>.KeyCollection keys) =>
        keys.Count > MostNamed ? "" : $"AND e.fingerprint IN ({string.Join(", ", keys.Select(key => key.Fingerprint.ToString(CultureInfo.InvariantCulture)).Distinct())})";

    /// <summary>What the first call of each was made by: one row each, by the index over failed calls.</summary>
    public static void FindOrigins(QueryRun run, FigureSources sources, Asked asked, IEnumerable<KeyValuePair<FailureKey, FailureGroup>> groups)
    {
        foreach (var ofOne in groups.Where(pair => pair.Value.FirstIn is not null).GroupBy(pair => pair.Value.FirstIn!))
        {
            if (run.Spent > LastEarlier) return;
            using var open = sources.Open(ofOne.Key);
            if (open is null) continue;
            using var command = open.Reader.Command($"""
                SELECT c.provider, c.model, c.release, c.prompt, c.prompt_version FROM calls c WHERE c.fingerprint = $fingerprint AND c."end" = $end AND {open.Owner(asked, "c")} ORDER BY c.id
                """);
            var fingerprint = command.Parameters.AddWithValue("$fingerprint", 0L);
            var end = command.Parameters.AddWithValue("$end", 0L);
            foreach (var (key, group) in ofOne)
            {
                (fingerprint.Value, end.Value) = (key.Fingerprint, group.First);
                using var row = command.ExecuteReader();
                while (row.Read())
                {
                    if (Said(open, row, 0) != key.Provider || Said(open, row, 1) != key.Model) continue;
                    group.Origin = new ErrorOrigin(Said(open, row, 2), Said(open, row, 3), Said(open, row, 4));
                    break;
                }
            }
        }
    }

    private static string? Said(OpenPartition open, SqliteDataReader row, int column) => row.IsDBNull(column) ? null : open.Reader.Word(row.GetInt64(column));

    public static string? WordOf(OpenPartition open, long id) => id == 0 ? null : open.Reader.Word(id);
}
