using System.Globalization;
using Callwatch.Control;
using Callwatch.Query.Filters;
using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.Rollups;
using Callwatch.Store.Sqlite;

namespace Callwatch.Query.Stats;

/// <summary>Reads the figures of a range from one partition, from its rollups or from its rows.</summary>
/// <param name="buckets">Those of the answer, where there are some: rows of a cut that fall into one are handed out as of one moment of it.</param>
internal sealed class StatsScan(Asked asked, IReadOnlyList<GroupField> by, Apps apps, FilterSql calls, FilterSql rollups, FilterSql? cuts, People people, Buckets? buckets = null)
{
    private const string RollupColumns = """
        r.bucket, r.outcome, r.calls, r.latency_count, r.latency_sum, r.latency_max, r.ttft_count, r.ttft_sum, r.ttft_max, r.speed_tokens, r.speed_time,
        r.input_tokens, r.output_tokens, r.total_tokens, r.cache_read, r.cache_write, r.reasoning, r.cost, r.cost_input, r.cost_cache_read,
        r.cost_cache_write, r.cost_output, r.cost_reasoning, r.cost_other, r.unpriced, r.latency_histogram, r.ttft_histogram
        """;

    // Most calls have none: then the facts need not be taken apart.
    private const string Tags = """, CASE WHEN instr(s.thin, '"tags":') > 0 THEN s.thin ->> '$.tags' END""";

    private const int RollupGroups = 29;

    // A file that nothing was written to since an older version made it has no such columns.
    private static string Judged(OpenPartition open) => open.Reader.HasFeedback ? ", r.positive, r.negative" : ", 0, 0";

    /// <summary>True when filter and groups ask only for what rollups are kept by.</summary>
    public static bool FitsRollups(Filter filter, IReadOnlyList<GroupField> by) =>
        filter.Terms.All(term => term is FilterTerm.Compare compare && FieldColumns.OfRollups.ContainsKey(compare.Field))
        && by.All(group => FieldColumns.OfRollups.ContainsKey(group.Field));

    /// <summary>False when no row of the partition can be meant.</summary>
    public bool CanMatch(OpenPartition open) => calls.CanMatch(open.Reader, asked.Filter);

    public void FromRollups<T>(OpenPartition open, RollupLevel level, long from, long to, ITakeFigures<T> taker)
        where T : class
    {
        if (from >= to) return;
        var sql = new SqlCondition(open);
        sql.And($"r.level = {sql.Parameter((long)level)} AND r.bucket >= {sql.Parameter(from)} AND r.bucket < {sql.Parameter(to)}");
        sql.And(open.Owner(asked, "r"));
        rollups.Add(sql, asked.Filter);
        var groups = string.Concat(by.Select(group => ", " + FieldColumns.OfRollups[group.Field].Sql));
        using var row = new Statement(open.Reader.Connection, $"SELECT {RollupColumns}{Judged(open)}{groups} FROM rollups r WHERE {sql.Where}");
        sql.BindTo(row);
        var keys = new GroupKeys<T>(by, apps, open, taker.Group);
        while (row.Step())
        {
            if (keys.Of(row, RollupGroups) is not { } group) continue;
            taker.Take(group, row.Long(0), (Outcome)row.Long(1), new RollupFigures
            {
                Calls = row.Long(2),
                LatencyCount = row.Long(3),
                LatencyMicroseconds = row.Long(4),
                LatencyMax = row.Long(5),
                TtftCount = row.Long(6),
                TtftMicroseconds = row.Long(7),
                TtftMax = row.Long(8),
                SpeedTokens = row.Long(9),
                SpeedMicroseconds = row.Long(10),
                InputTokens = row.Long(11),
                OutputTokens = row.Long(12),
                TotalTokens = row.Long(13),
                CacheRead = row.Long(14),
                CacheWrite = row.Long(15),
                Reasoning = row.Long(16),
                Cost = row.Long(17),
                CostInput = row.Long(18),
                CostCacheRead = row.Long(19),
                CostCacheWrite = row.Long(20),
                CostOutput = row.Long(21),
                CostReasoning = row.Long(22),
                CostOther = row.Long(23),
                Unpriced = row.Long(24),
                LatencyHistogram = row.Blob(25),
                TtftHistogram = row.Blob(26),
                Positive = row.Long(27),
                Negative = row.Long(28),
            });
        }
    }

    /// <summary>From the cut that <paramref name="cut"/> names; its fields are those of the question.</summary>
    public void FromCut<T>(OpenPartition open, Cut cut, RollupLevel level, long from, long to, ITakeFigures<T> taker)
        where T : class
    {
        if (from >= to) return;
        var columns = CutColumns.Of[cut];
        var sql = new SqlCondition(open);
        sql.And($"r.cut = {sql.Parameter((long)cut)} AND r.level = {sql.Parameter((long)level)} AND r.bucket >= {sql.Parameter(from)} AND r.bucket < {sql.Parameter(to)}");
        sql.And(open.Owner(asked, "r"));
        cuts!.Add(sql, asked.Filter);
        var groups = string.Concat(by.Select(group => ", " + columns[group.Field].Sql));
        var keys = new GroupKeys<T>(by, apps, open, taker.Group, fromCut: true);
        // A day of another zone than UTC is two dozen rows of each group: what is kept of it is one.
        var within = buckets?.WithinOf(level, from, to);
        var key = sql.Key is { } condition ? $"cut{groups}\n{condition}{(within is null ? "" : "\nwithin " + within)}" : null;
        var held = key is null ? null : open.Held?.Find<CutRows>(key);
        var rows = key is not null && held is null && open.Held?.IsSteady == true ? new CutRows.Builder() : null;
        if (held is not null && held != CutRows.TooMany)
        {
            held.Give(Take);
            return;
        }

        using var row = new Statement(open.Reader.Connection, $"SELECT r.bucket, r.outcome, r.figures{groups} FROM cuts r WHERE {sql.Where}");
        sql.BindTo(row);
        while (row.Step()) Take(keys.NumbersOf(row, 3), within is null ? row.Long(0) : Math.Max(from, buckets!.StartOf(row.Long(0))), (Outcome)row.Long(1), row.Blob(2));
        if (rows is not null)
        {
            // That they are too many is worth knowing, too: collecting them would be in vain again.
            var built = rows.Build() ?? CutRows.TooMany;
            open.Held?.Keep(key!, built, built.Bytes + (key!.Length * 2));
        }

        void Take(GroupNumbers numbers, long bucket, Outcome outcome, ReadOnlySpan<byte> figures)
        {
            rows?.Add(new CutRows.Key(numbers, bucket, outcome), figures);
            if (keys.Of(numbers) is not { } group) return;
            if (taker.OnlyCalls)
            {
                taker.Take(group, bucket, outcome, new RollupFigures { Calls = PackedFigures.Calls(figures) });
                return;
            }

            Span<long> sums = stackalloc long[CallFigures.Count];
            PackedFigures.Read(figures, sums, out var latencyMax, out var ttftMax, out var latency, out var ttft);
            taker.Take(group, bucket, outcome, RollupFigures.Of(sums, latencyMax, ttftMax, latency, ttft));
        }
    }

    /// <summary>The rows of the apps that are asked for, and nothing else of the question.</summary>
    public SqlCondition AppsOf(OpenPartition open, string table)
    {
        var sql = new SqlCondition(open);
        sql.And(open.Owner(asked, table));
        (table == "c" ? calls : rollups).Add(sql, asked.Filter);
        return sql;
    }

    /// <summary>Whether the partition has counted some values of a bounded cut together.</summary>
    public static bool HasRest(OpenPartition open, Cut cut)
    {
        if (!open.Reader.HasDerived) return false;
        using var rest = new Statement(open.Reader.Connection, "SELECT 1 FROM cuts WHERE cut = ?1 AND a = ?2 LIMIT 1");
        return rest.Bind(1, (long)cut).Bind(2, Cuts.Rest).Number() is not null;
    }

    /// <param name="withPeople">False where <see cref="PeopleFromRows"/> will count them over all rows.</param>
    public void FromRows<T>(OpenPartition open, Timestamp from, Timestamp to, ITakeFigures<T> taker, bool withPeople)
        where T : class
    {
        if (from >= to) return;
        if (taker.OnlyCalls && by.All(GroupFields.IsNumber))
        {
            CountRows(open, from, to, taker, withPeople && taker.TakesPeople);
            return;
        }

        using var row = Rows(open, from, to, CallFigureColumns.Of(open));
        var keys = new GroupKeys<T>(by, apps, open, taker.Group);
        while (row.Step())
        {
            if (keys.Of(row, CallFigureColumns.Count) is not { } group) continue;
            var seconds = new Timestamp(row.Long(0)).UnixSeconds;
            taker.Take(group, seconds, (Outcome)row.Long(1), CallFigureColumns.Read(row));
            if (withPeople) taker.TakePeople(group, seconds, people.NumberOf(open.Reader, row.NullableLong(19)), people.NumberOf(open.Reader, row.NullableLong(20)));
        }
    }

    // How many calls, and nothing else of them: of failures an index has all that it takes.
    private void CountRows<T>(OpenPartition open, Timestamp from, Timestamp to, ITakeFigures<T> taker, bool withUsers)
        where T : class
    {
        var (columns, first) = withUsers ? ("c.\"end\", c.outcome, c.user", 3) : ("c.\"end\", c.outcome", 2);
        var (sql, write) = RowsOf(open, from, to, columns);
        var keys = new GroupKeys<T>(by, apps, open, taker.Group);
        // What is found of a text depends on the question's own look at the index; the end of a range is seldom asked for again.
        var isWhole = from <= open.Partition.From && to >= open.Partition.To;
        var key = isWhole && asked.Filter.Terms.All(term => term is FilterTerm.Compare) && sql.Key is { } condition ? string.Create(CultureInfo.InvariantCulture, $"{write("")}\n{taker.Width}\n{condition}") : null;
        if (key is not null && open.Held?.Find<CallCounts>(key) is { } held)
        {
            held.Give(Take);
            return;
        }

        var counts = key is not null && open.Held?.IsSteady == true ? new CallCounts.Builder(taker.Width) : null;
        using var row = asked.Filter.Terms.Any(IsOfFailures) ? Failures.Over(open, from, to, write)
            : asked.Filter.Terms.Any(IsOfUnmeasured) ? Failures.OverUnmeasured(open, write) : new Statement(open.Reader.Connection, write(""));
        sql.BindTo(row);
        while (row.Step())
        {
            var (numbers, seconds, outcome, user) = (keys.NumbersOf(row, first), new Timestamp(row.Long(0)).UnixSeconds, (Outcome)row.Long(1), withUsers ? row.NullableLong(2) : null);
            counts?.Add(numbers, seconds, outcome, user);
            Take(numbers, seconds, outcome, 1, user);
        }

        if (counts?.Build() is { } built) open.Held?.Keep(key!, built, built.Bytes + (key!.Length * 2));

        void Take(GroupNumbers numbers, long seconds, Outcome outcome, long calls, long? user)
        {
            if (keys.Of(numbers) is not { } group) return;
            if (calls > 0) taker.Take(group, seconds, outcome, new RollupFigures { Calls = calls });
            if (withUsers && user is not null) taker.TakePeople(group, seconds, people.NumberOf(open.Reader, user), null);
        }
    }

    // What it asks for has a fingerprint, so that the index over failures has it.
    private static bool IsOfFailures(FilterTerm term) => term is FilterTerm.Compare { Negated: false } compare && compare.Field == FilterFields.Fingerprint;

    private static bool IsOfUnmeasured(FilterTerm term) => term is FilterTerm.Compare { Negated: true, Values: [FilterValue.Known] } compare && compare.Field == FilterFields.InputTokens;

    /// <summary>One by one, whatever the tags: a call counts once.</summary>
    public void EachCall<T>(OpenPartition open, Timestamp from, Timestamp to, Func<string?[], T?> find, bool withTags, TakeCall<T> take)
        where T : class
    {
        if (from >= to) return;
        var tags = CallFigureColumns.Count + by.Count;
        using var row = Rows(open, from, to, CallFigureColumns.Of(open), withTags);
        var keys = new GroupKeys<T>(by, apps, open, find);
        while (row.Step())
            if (keys.Of(row, CallFigureColumns.Count) is { } group) take(group, (Outcome)row.Long(1), CallFigureColumns.Read(row), withTags && !row.IsNull(tags) ? row.Text(tags) : null);
    }

    /// <summary>Only who made the calls: for figures from rollups, which do not know.</summary>
    public void PeopleFromRows<T>(OpenPartition open, Timestamp from, Timestamp to, ITakeFigures<T> taker)
        where T : class
    {
        // Both in one number, no word's being 0: to ask for a column costs as much as to read the row.
        using var row = Rows(open, from, to, "c.\"end\", (coalesce(c.user, 0) << 32) | coalesce(c.session, 0)");
        var keys = new GroupKeys<T>(by, apps, open, taker.Group);
        var (lately, width) = (new SeenLately<T>(), taker.Width);
        while (row.Step())
        {
            var both = row.Long(1);
            if (both == 0 || keys.Of(row, 2) is not { } group) continue;
            var seconds = new Timestamp(row.Long(0)).UnixSeconds;
            var (user, session) = (both >> 32, both & uint.MaxValue);
            if (!lately.Again(group, seconds / width, both)) taker.TakePeople(group, seconds, Number(user), Number(session));
            else if (session != 0) taker.TakeSessionAgain(group, seconds);
        }

        int? Number(long word) => word == 0 ? null : people.NumberOf(open.Reader, word);
    }

    private Statement Rows(OpenPartition open, Timestamp from, Timestamp to, string columns, bool withTags = false)
    {
        var (sql, write) = RowsOf(open, from, to, columns, withTags);
        var statement = new Statement(open.Reader.Connection, write(""));
        sql.BindTo(statement);
        return statement;
    }

    /// <summary>The condition, and the statement with what is to stand behind the name of <c>calls</c>.</summary>
    private (SqlCondition Sql, Func<string, string> Write) RowsOf(OpenPartition open, Timestamp from, Timestamp to, string columns, bool withTags = false)
    {
        var sql = new SqlCondition(open);
        var groups = by.Select((group, index) => GroupFields.ColumnOf(group, index, sql)).ToList();
        sql.And($"c.\"end\" >= {sql.Parameter(from.UnixNanoseconds)} AND c.\"end\" < {sql.Parameter(to.UnixNanoseconds)}");
        sql.And(open.Owner(asked, "c"));
        calls.Add(sql, asked.Filter);
        sql.UsesSpans |= withTags;
        var joins = (sql.UsesSpans ? "JOIN spans s ON s.id = c.id " : "") + string.Join(' ', groups.Select(group => group.Join).OfType<string>());
        return (sql, index => $"SELECT {columns}{string.Concat(groups.Select(group => ", " + group.Sql))}{(withTags ? Tags : "")} FROM calls c{index} {joins} WHERE {sql.Where}");
    }
}
