using Callwatch.Query.Filters;
using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.Sqlite;

namespace Callwatch.Query.Lists;

/// <summary>
/// Tells the hours of a closed day in which calls can meet a filter, from the greatest values of each hour: a filter that hardly any call meets
/// passes over all others without looking at a row.
/// </summary>
internal sealed class PeakHours
{
    /// <summary>More of a day are looked through as a whole.</summary>
    private const int Most = 12;

    private readonly Asked asked;
    private readonly FilterSql peaks;
    private readonly Filter filter;

    public PeakHours(Asked asked, Scopes scopes)
    {
        this.asked = asked;
        peaks = scopes.Sql(asked.Selection.Scope, FieldColumns.OfPeaks);
        filter = new Filter([.. asked.Filter.Terms.Select(Necessary).OfType<FilterTerm>()]);
    }

    /// <summary>
    /// Stretches of time, latest first, outside of which no call of the partition is meant; empty when none at all is. Null when that cannot be told,
    /// or would leave out too little.
    /// </summary>
    public IReadOnlyList<(Timestamp From, Timestamp To)>? Of(OpenPartition open)
    {
        // Of a closed file's day every hour with a call stands.
        if (filter.Terms.Count == 0 || !open.Partition.Closed || !open.Reader.HasPeaks || !DayStands(open)) return null;
        var sql = new SqlCondition(open);
        sql.And(asked.Owner("p"));
        peaks.Add(sql, filter);
        using var row = new Statement(open.Reader.Connection, $"SELECT DISTINCT p.bucket FROM peaks p WHERE {sql.Where} ORDER BY 1 DESC");
        sql.BindTo(row);
        var hours = new List<long>();
        while (row.Step())
        {
            hours.Add(row.Long(0));
            if (hours.Count > Most) return null;
        }

        return Joined(hours);
    }

    private static bool DayStands(OpenPartition open)
    {
        // Before 2020 a file is a year.
        if (open.Partition.To.UnixSeconds - open.Partition.From.UnixSeconds != 86_400) return false;
        using var day = new Statement(open.Reader.Connection, "SELECT 1 FROM derived WHERE level = 2 AND bucket = ?1 AND state = 1");
        return day.Bind(1, open.Partition.From.UnixSeconds).Number() is not null;
    }

    private static List<(Timestamp From, Timestamp To)> Joined(List<long> hours)
    {
        var joined = new List<(Timestamp From, Timestamp To)>();
        foreach (var hour in hours)
        {
            var (from, to) = (Timestamp.FromUnixSeconds(hour), Timestamp.FromUnixSeconds(hour + 3_600));
            if (joined.Count > 0 && joined[^1].From == to) joined[^1] = (from, joined[^1].To);
            else joined.Add((from, to));
        }

        return joined;
    }

    /// <summary>What must hold of an hour's peaks where the term holds of one of its calls; null where that says nothing.</summary>
    private static FilterTerm? Necessary(FilterTerm term)
    {
        if (term is not FilterTerm.Compare compare || !FieldColumns.OfPeaks.ContainsKey(compare.Field)) return null;
        // App, model and outcome are those of the calls themselves.
        if (!compare.Field.IsNumeric) return term;
        if (term.Negated || compare.Values.Any(value => value is FilterValue.Range)) return null;
        return compare.Op switch
        {
            Comparison.Greater or Comparison.GreaterOrEqual => term,
            Comparison.Equal => compare with { Op = Comparison.GreaterOrEqual },
            _ => null,
        };
    }
}
