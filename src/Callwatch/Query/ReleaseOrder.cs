using Callwatch.Query.Running;
using Callwatch.Store.Partitions;
using Callwatch.Store.Rollups;

namespace Callwatch.Query;

/// <summary>
/// In which order releases came, from what is kept beside the rows: which day has which, and of those that came on one day, in which hour.
/// Where that does not tell, numbers in their names do.
/// </summary>
internal static class ReleaseOrder
{
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
        if (sources.History is { } history) Note(began, FirstDays(history, asked));
        foreach (var partition in run.Partitions)
        {
            if (run.Spent > LastLook)
            {
                whole = false;
                break;
            }

            if (sources.IsMoved(partition.File)) continue;
            var found = Began(run, sources, asked, partition);
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

    // When each began in a file. Of those that nobody writes to it is noted: a year of them need not be opened.
    private static Dictionary<string, long> Began(QueryRun run, FigureSources sources, Asked asked, Partition partition)
    {
        var began = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (tenant, app, release, second) in run.NoteOf(partition)?.Releases ?? Read(run, asked, partition))
        {
            if (tenant != asked.TenantId || asked.AppIds?.Contains(app) == false || sources.IsMoved(partition.File, tenant, app)) continue;
            if (!began.TryGetValue(release, out var known) || second < known) began[release] = second;
        }

        return began;
    }

    private static List<ReleaseBegan> Read(QueryRun run, Asked asked, Partition partition)
    {
        using var open = run.Open(partition);
        if (open is null) return [];
        using var moment = open.AsOfOneMoment();
        return FileNoteReader.Releases(open, asked.Owner);
    }

    // Of rows that are gone it is known which day had which.
    private static Dictionary<string, long> FirstDays(OpenPartition history, Asked asked)
    {
        var days = new Dictionary<string, long>(StringComparer.Ordinal);
        using var command = history.Reader.Command($"""
            SELECT r.a, min(r.bucket) FROM cuts r WHERE r.cut = {(int)Cut.Release} AND r.level = {(int)RollupLevel.Day} AND r.a > 0 AND {asked.Owner("r")} GROUP BY r.a
            """);
        using var row = command.ExecuteReader();
        while (row.Read()) days[history.Reader.Word(row.GetInt64(0))] = row.GetInt64(1);
        return days;
    }
}
