using Callwatch.Query.Filters;
using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.Sqlite;

namespace Callwatch.Query.Lists;

/// <summary>An hour of a day in which calls can be meant.</summary>
/// <param name="Greatest">The value that none of them exceeds; null when none knows one.</param>
internal readonly record struct PeakHour(Timestamp From, Timestamp To, long? Greatest);

/// <summary>
/// Tells the hours of a closed day in which calls can meet a filter, from the greatest values of each hour: a filter that hardly any call meets
/// passes over all others without looking at a row, and a list that begins with the greatest looks into the most promising hours first.
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
        if (filter.Terms.Count == 0) return null;
        // A late call takes its hour away: what says that the day stands and what stands of it are to be of one moment.
        using var moment = open.AsOfOneMoment();
        if (!Stands(open)) return null;
        var sql = Condition(open);
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

    /// <summary>
    /// The hours of the partition in which calls are meant as far as can be told, each with the greatest value of the field by which a list is ordered.
    /// Null when that cannot be told, when nothing is asked that peaks know of, or the list has no such field.
    /// </summary>
    public IReadOnlyList<PeakHour>? Greatest(OpenPartition open, SortField field)
    {
        if ((filter.Terms.Count == 0 && asked.AppIds is null) || ColumnOf(field) is not { } column) return null;
        using var moment = open.AsOfOneMoment();
        if (!Stands(open)) return null;
        var sql = Condition(open);
        var key = $"greatest {column}\n{sql.Key}";
        if (open.Held?.Find<IReadOnlyList<PeakHour>>(key) is { } held) return held;
        using var row = new Statement(open.Reader.Connection, $"SELECT p.bucket, max({column}) FROM peaks p WHERE {sql.Where} GROUP BY p.bucket");
        sql.BindTo(row);
        var hours = new List<PeakHour>();
        while (row.Step()) hours.Add(new PeakHour(Timestamp.FromUnixSeconds(row.Long(0)), Timestamp.FromUnixSeconds(row.Long(0) + 3_600), row.NullableLong(1)));
        if (open.Held?.IsSteady == true && sql.Key is not null) open.Held.Keep(key, hours, (hours.Count * 32) + (key.Length * 2));
        return hours;
    }

    private SqlCondition Condition(OpenPartition open)
    {
        var sql = new SqlCondition(open);
        sql.And(asked.Owner("p"));
        peaks.Add(sql, filter);
        return sql;
    }

    private static string? ColumnOf(SortField field) => field switch
    {
        SortField.Duration => "p.duration",
        SortField.Ttft => "p.ttft",
        SortField.Cost => "p.cost",
        SortField.TotalTokens => "p.total_tokens",
        _ => null,
    };

    // Of a closed file's day every hour with a call stands.
    private static bool Stands(OpenPartition open) => open.Partition.Closed && open.Reader.HasPeaks && DayStands(open);

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
