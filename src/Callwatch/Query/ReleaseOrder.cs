using Callwatch.Query.Running;
using Callwatch.Store.Rollups;

namespace Callwatch.Query;

/// <summary>
/// In which order releases came, from what is kept beside the rows: which day has which, and of those that came on one day, in which hour.
/// Where that does not tell, numbers in their names do.
/// </summary>
internal static class ReleaseOrder
{
    private const string Field = "release";

    /// <summary>What was there the day before is not new within the range.</summary>
    private static readonly TimeSpan Before = TimeSpan.FromDays(1);

    /// <summary>Share of the time after which no further file is looked at.</summary>
    private const double LastLook = 0.9;

    /// <summary>Releases of the days of the range, newest first.</summary>
    public static IReadOnlyList<string> Read(QueryRun run, FigureSources sources, Asked asked)
    {
        var began = new Dictionary<string, long>(StringComparer.Ordinal);
        var inRange = new HashSet<string>(StringComparer.Ordinal);
        foreach (var partition in run.Between(asked.Selection.From.Plus(-Before), asked.Selection.To).Reverse())
        {
            if (run.Spent > LastLook) break;
            using var open = sources.Open(partition);
            if (open is null) continue;
            var releases = Releases(open, asked);
            if (partition.To > asked.Selection.From) inRange.UnionWith(releases.Values);
            if (releases.Values.All(began.ContainsKey)) continue;
            var hours = FirstHours(open, asked);
            foreach (var (id, release) in releases)
            {
                // An hour that is not counted up yet is the latest there is.
                var hour = hours.GetValueOrDefault(id, partition.To.UnixSeconds);
                if (!began.TryGetValue(release, out var known) || hour < known) began[release] = hour;
            }
        }

        return [.. inRange.OrderByDescending(release => began[release]).ThenDescending()];
    }

    /// <summary>Numbers within names by what they are worth: 1.9 before 1.10.</summary>
    public static int CompareNames(string a, string b)
    {
        var (i, j) = (0, 0);
        while (i < a.Length && j < b.Length)
        {
            var order = char.IsAsciiDigit(a[i]) && char.IsAsciiDigit(b[j]) ? CompareNumbers(Digits(a, ref i), Digits(b, ref j)) : a[i++].CompareTo(b[j++]);
            if (order != 0) return order;
        }

        var longer = (a.Length - i).CompareTo(b.Length - j);
        return longer != 0 ? longer : string.CompareOrdinal(a, b);
    }

    private static IEnumerable<string> ThenDescending(this IOrderedEnumerable<string> releases) =>
        releases.ThenByDescending(release => release, Comparer<string>.Create(CompareNames));

    private static ReadOnlySpan<char> Digits(string text, ref int at)
    {
        var from = at;
        while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
        return text.AsSpan(from, at - from).TrimStart('0');
    }

    private static int CompareNumbers(ReadOnlySpan<char> a, ReadOnlySpan<char> b) => a.Length != b.Length ? a.Length.CompareTo(b.Length) : a.SequenceCompareTo(b);

    private static Dictionary<long, string> Releases(OpenPartition open, Asked asked)
    {
        var releases = new Dictionary<long, string>();
        using var command = open.Reader.Command($"SELECT DISTINCT f.value FROM facets f WHERE {open.Owner(asked, "f")} AND f.field = '{Field}' AND f.value <> 0");
        using var row = command.ExecuteReader();
        while (row.Read()) releases[row.GetInt64(0)] = open.Reader.Word(row.GetInt64(0));
        return releases;
    }

    private static Dictionary<long, long> FirstHours(OpenPartition open, Asked asked)
    {
        var hours = new Dictionary<long, long>();
        using var command = open.Reader.Command($"""
            SELECT r.a, min(r.bucket) FROM cuts r WHERE r.cut = {(int)Cut.Release} AND r.level = {(int)RollupLevel.Hour} AND r.a > 0 AND {open.Owner(asked, "r")} GROUP BY r.a
            """);
        using var row = command.ExecuteReader();
        while (row.Read()) hours[row.GetInt64(0)] = row.GetInt64(1);
        return hours;
    }
}
