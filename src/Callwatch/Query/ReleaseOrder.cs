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
    private const int MostHeld = 5_000;

    /// <summary>Share of the time after which no further file is looked at.</summary>
    private const double LastLook = 0.9;

    /// <summary>
    /// All releases that are known, newest first. However far back: a release may rest for days, and which of two came first may be told by their first day alone.
    /// </summary>
    public static KnownReleases Read(QueryRun run, FigureSources sources, Asked asked)
    {
        var began = new Dictionary<string, long>(StringComparer.Ordinal);
        var inRange = new HashSet<string>(StringComparer.Ordinal);
        var whole = true;
        if (sources.History is { } history) Note(began, FirstBuckets(history, asked, RollupLevel.Day));
        foreach (var partition in run.Partitions)
        {
            if (run.Spent > LastLook)
            {
                whole = false;
                break;
            }

            using var open = sources.Open(partition);
            if (open is null) continue;
            var found = Began(open, asked);
            if (partition.From < asked.Selection.To && asked.Selection.From < partition.To) inRange.UnionWith(found.Keys);
            Note(began, found);
        }

        return new KnownReleases([.. began.Keys.OrderByDescending(release => began[release]).ThenDescending()], inRange, whole);
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

    private static void Note(Dictionary<string, long> began, Dictionary<string, long> found)
    {
        foreach (var (release, second) in found)
            if (!began.TryGetValue(release, out var known) || second < known) began[release] = second;
    }

    // When each began in a file; of days that are over it is the same each time.
    private static Dictionary<string, long> Began(OpenPartition open, Asked asked)
    {
        using var moment = open.AsOfOneMoment();
        var owner = open.Owner(asked, "f");
        var name = "releases\n" + owner;
        if (open.Held?.Find<Dictionary<string, long>>(name) is { } held) return held;
        var hours = FirstBuckets(open, asked, RollupLevel.Hour);
        var began = new Dictionary<string, long>(StringComparer.Ordinal);
        using (var command = open.Reader.Command($"SELECT DISTINCT f.value FROM facets f WHERE {owner} AND f.field = '{Field}' AND f.value <> 0"))
        using (var row = command.ExecuteReader())
        {
            while (row.Read())
            {
                var release = open.Reader.Word(row.GetInt64(0));
                // An hour that is not counted up yet is the latest there is.
                began[release] = hours.GetValueOrDefault(release, open.Partition.To.UnixSeconds - 1);
            }
        }

        if (open.Held?.IsSteady == true && began.Count <= MostHeld) open.Held.Keep(name, began, (name.Length * 2) + began.Keys.Sum(release => 64 + (release.Length * 2)));
        return began;
    }

    private static Dictionary<string, long> FirstBuckets(OpenPartition open, Asked asked, RollupLevel level)
    {
        var buckets = new Dictionary<string, long>(StringComparer.Ordinal);
        // A file that nothing was written to since the first version made it has no such table.
        if (!open.Reader.HasDerived) return buckets;
        using var command = open.Reader.Command($"""
            SELECT r.a, min(r.bucket) FROM cuts r WHERE r.cut = {(int)Cut.Release} AND r.level = {(int)level} AND r.a > 0 AND {open.Owner(asked, "r")} GROUP BY r.a
            """);
        using var row = command.ExecuteReader();
        while (row.Read()) buckets[open.Reader.Word(row.GetInt64(0))] = row.GetInt64(1);
        return buckets;
    }
}
