using System.Globalization;
using System.Runtime.InteropServices;
using Callwatch.Control;
using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.Sqlite;

namespace Callwatch.Query.Lists;

/// <summary>
/// Reads one page of people, latest seen first: goes back from the newest calls, slice by slice, until enough have been met, and adds up
/// the calls of those alone over the whole range. Whoever turns out to have been seen after the page before ended stood on it already.
/// </summary>
internal sealed class PeopleReader(QueryRun run, Asked asked, FilterSql filters, Apps apps, string column, int limit, int question, PeoplePlace? place)
{
    private const int Slice = 20_000;

    private readonly Timestamp from = asked.Selection.From;
    private readonly Timestamp to = asked.Selection.To;
    private readonly long asOf = place?.AsOf ?? run.AsOf;
    private readonly bool isUser = column == "user";
    private readonly HashSet<string> met = new(StringComparer.Ordinal);
    private readonly List<(string Id, Person Person)> listed = [];

    public Page<PersonSummary> Read()
    {
        var rowsFrom = FigureSources.RowsFrom(run, asked);
        var until = DayByDay();
        var full = listed.Count > limit;
        if (full) listed.RemoveRange(limit, listed.Count - limit);
        PeoplePlace? next = full ? Place(listed[^1].Person.Last, listed[^1].Id) : until is { } time ? Place(time.UnixNanoseconds - 1, "") : null;
        return new Page<PersonSummary>(
            [.. listed.Select(one => one.Person.ToSummary(one.Id, isUser, apps))], next?.ToString(), 0,
            next is null ? null : full ? new Timestamp(listed[^1].Person.Last) : until, AnswerSource.Rows)
        {
            RowsFrom = rowsFrom,
        };
    }

    private PeoplePlace Place(long last, string id) => new(question, from, to, asOf, last, id);

    /// <summary>Null when everything has been looked at, or the page is full.</summary>
    private Timestamp? DayByDay()
    {
        foreach (var day in run.Between(from, place is null ? to : Earlier(to, new Timestamp(place.Last + 1))).GroupBy(partition => partition.Day))
        {
            List<OpenPartition> open = [.. day.Select(run.Open).OfType<OpenPartition>()];
            try
            {
                var (low, high) = (Later(from, day.First().From), Earlier(to, day.First().To));
                if (place is not null) high = Earlier(high, new Timestamp(place.Last + 1));
                while (low < high)
                {
                    var edge = Edge(open, low, high);
                    Add(Meet(open, edge, high));
                    high = edge;
                    if (listed.Count > limit) return null;
                    if (run.PageIsDue && (low < high || run.Between(from, low).Any())) return high;
                }
            }
            finally
            {
                foreach (var partition in open) partition.Dispose();
            }
        }

        return null;
    }

    private static Timestamp Edge(List<OpenPartition> open, Timestamp low, Timestamp high)
    {
        var edge = low;
        foreach (var partition in open)
        {
            using var command = partition.Reader.Command("""SELECT "end" FROM calls WHERE "end" >= $low AND "end" < $high ORDER BY "end" DESC LIMIT 1 OFFSET $slice""");
            command.Parameters.AddWithValue("$low", low.UnixNanoseconds);
            command.Parameters.AddWithValue("$high", high.UnixNanoseconds);
            command.Parameters.AddWithValue("$slice", Slice);
            if (command.ExecuteScalar() is long end) edge = Later(edge, new Timestamp(end));
        }

        return edge;
    }

    /// <summary>Those with calls in the slice who were not met before, latest first.</summary>
    private List<string> Meet(List<OpenPartition> open, Timestamp low, Timestamp high)
    {
        var last = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var partition in open)
        {
            var ids = new Dictionary<long, long>();
            using (var row = Rows(partition, $"c.{column}, c.\"end\"", low, high, ""))
            {
                while (row.Step())
                {
                    ref var end = ref CollectionsMarshal.GetValueRefOrAddDefault(ids, row.Long(0), out _);
                    end = Math.Max(end, row.Long(1));
                }
            }

            foreach (var (id, end) in ids)
            {
                ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(last, partition.Reader.Word(id), out _);
                known = Math.Max(known, end);
            }
        }

        return [.. last.Where(pair => met.Add(pair.Key)).OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Key)];
    }

    // A few more than are wanted at a time: some may stand on pages before.
    private void Add(List<string> ids)
    {
        foreach (var some in ids.Chunk(Math.Max(50, limit + 1)))
        {
            var people = some.ToDictionary(id => id, _ => new Person(), StringComparer.Ordinal);
            foreach (var partition in run.Between(from, to))
            {
                using var open = run.Open(partition);
                if (open is not null) AddUp(open, people);
            }

            listed.AddRange(some.Select(id => (id, people[id])).Where(one => one.Item2.HasCalls && place?.Precedes(one.id, one.Item2.Last) != false));
            if (listed.Count > limit) return;
        }
    }

    private void AddUp(OpenPartition open, Dictionary<string, Person> people)
    {
        var here = people.Select(pair => (Id: open.Reader.IdOf(pair.Key), pair.Value)).Where(one => one.Id is not null).ToDictionary(one => one.Id!.Value, one => one.Value);
        if (here.Count == 0) return;
        var ids = string.Join(", ", here.Keys.Select(id => id.ToString(CultureInfo.InvariantCulture)));
        using var row = Rows(
            open, $"c.{column}, c.app, c.outcome, c.{(isUser ? "session" : "user")}, c.total_tokens, c.cost, c.\"end\"", from, to, $"c.{column} IN ({ids})");
        while (row.Step())
        {
            var other = row.NullableLong(3) is { } word ? open.Reader.Word(word) : null;
            here[row.Long(0)].Add((int)row.Long(1), (Outcome)row.Long(2), other, row.Long(4), row.Long(5), row.Long(6));
        }
    }

    private Statement Rows(OpenPartition open, string columns, Timestamp low, Timestamp high, string only)
    {
        var sql = new SqlCondition(open);
        // Those asked for by id are found by it; where an open partition has no index for that, in the order in which rows lie.
        var end = only.Length > 0 ? "+c.\"end\"" : "c.\"end\"";
        sql.And(only.Length > 0 ? only : $"c.{column} IS NOT NULL");
        sql.And($"{end} >= {sql.Parameter(low.UnixNanoseconds)} AND {end} < {sql.Parameter(high.UnixNanoseconds)} AND c.number <= {sql.Parameter(asOf)}");
        sql.And(asked.Owner("c"));
        filters.Add(sql, asked.Filter);
        var statement = new Statement(open.Reader.Connection, $"SELECT {columns} FROM calls c {(sql.UsesSpans ? "JOIN spans s ON s.id = c.id" : "")} WHERE {sql.Where}");
        sql.BindTo(statement);
        return statement;
    }

    private static Timestamp Later(Timestamp a, Timestamp b) => a > b ? a : b;

    private static Timestamp Earlier(Timestamp a, Timestamp b) => a < b ? a : b;
}
