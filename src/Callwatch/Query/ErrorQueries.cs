using System.Globalization;
using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Rollups;

namespace Callwatch.Query;

/// <summary>Groups of failed calls: the same type, message (numbers, ids and quoted text aside), provider and model.</summary>
public sealed class ErrorQueries(QueryGate gate, Scopes scopes)
{
    private const int MostGroups = 50_000;
    private const int Samples = 5;

    /// <summary>Share of the time after which no further day is begun: what is known of the newer ones is an answer too.</summary>
    private const double LastDay = 0.7;

    /// <summary>Most frequent first. Counted day by day from the newest: where the time did not do for all, <see cref="Page{T}.SearchedUntil"/> says from when on.</summary>
    /// <param name="limit">1 to 1,000.</param>
    public async Task<Answer<Page<ErrorGroup>>> GroupsAsync(Selection selection, int limit, CancellationToken cancel)
    {
        var (asked, invalid) = scopes.Read<Page<ErrorGroup>>(selection);
        if (asked is null) return invalid!;
        if (limit is < 1 or > 1_000) return new Answer<Page<ErrorGroup>>.Invalid("limit", "'limit' is from 1 to 1000.");
        return await gate.AnswerAsync(selection.Scope, run => new Answer<Page<ErrorGroup>>.Found(Read(run, asked, limit)), cancel);
    }

    private readonly record struct Key(long Fingerprint, string? Provider, string? Model);

    private sealed class Group
    {
        public long Calls { get; set; }
        public long First { get; set; } = long.MaxValue;
        public long Last { get; set; }
        public string Type { get; set; } = "_OTHER";
        public string Message { get; set; } = "";
        public List<Partition> SeenIn { get; } = [];
        public List<TraceId> Samples { get; } = [];
    }

    private Page<ErrorGroup> Read(QueryRun run, Asked asked, int limit)
    {
        var groups = new Dictionary<Key, Group>();
        Timestamp? until = null;
        foreach (var day in run.Between(asked.Selection.From, asked.Selection.To).GroupBy(partition => partition.Day))
        {
            if (run.Spent > LastDay || groups.Count > MostGroups)
            {
                until = day.First().To;
                // Not even the newest day has been looked at.
                if (until >= asked.Selection.To) throw new TimeIsUpException();
                break;
            }

            foreach (var partition in day)
            {
                using var open = run.Open(partition);
                if (open is not null) Count(open, asked, groups);
            }
        }

        var errors = groups.Values.Sum(group => group.Calls);
        var greatest = groups.OrderByDescending(pair => pair.Value.Calls).ThenByDescending(pair => pair.Value.Last).ThenBy(pair => pair.Key.Fingerprint).Take(limit).ToList();
        foreach (var partition in greatest.SelectMany(pair => pair.Value.SeenIn).Distinct().OrderByDescending(partition => (partition.Day, partition.Sequence)))
        {
            if (run.Spent > (1 + LastDay) / 2) break;
            using var open = run.Open(partition);
            if (open is null) continue;
            foreach (var (key, group) in greatest.Where(pair => pair.Value.Samples.Count < Samples && pair.Value.SeenIn.Contains(partition))) AddSamples(open, asked, key, group);
        }

        return new Page<ErrorGroup>(ToGroups(greatest, errors), null, 0, until, AnswerSource.Rows);
    }

    private static List<ErrorGroup> ToGroups(List<KeyValuePair<Key, Group>> greatest, long errors) =>
    [
        .. greatest.Select(pair => new ErrorGroup
        {
            Fingerprint = ErrorFingerprint.Text(pair.Key.Fingerprint),
            Type = pair.Value.Type,
            Message = pair.Value.Message,
            Provider = pair.Key.Provider,
            Model = pair.Key.Model,
            Count = pair.Value.Calls,
            Share = (double)pair.Value.Calls / errors,
            FirstSeen = new Timestamp(pair.Value.First),
            LastSeen = new Timestamp(pair.Value.Last),
            SampleTraces = pair.Value.Samples,
        }),
    ];

    private void Count(OpenPartition open, Asked asked, Dictionary<Key, Group> groups)
    {
        var sql = Condition(open, asked);
        using var command = open.Reader.Command($"""
            SELECT c.fingerprint, c.provider, c.model, count(*), min(c."end"), max(c."end") FROM calls c {Join(sql)} WHERE {sql.Where} GROUP BY 1, 2, 3
            """);
        sql.AddTo(command);
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            var key = new Key(row.GetInt64(0), row.IsDBNull(1) ? null : open.Reader.Word(row.GetInt64(1)), row.IsDBNull(2) ? null : open.Reader.Word(row.GetInt64(2)));
            if (!groups.TryGetValue(key, out var group))
            {
                groups[key] = group = new Group();
                Name(open, asked, key.Fingerprint, group);
            }

            if (group.SeenIn.Count < Samples) group.SeenIn.Add(open.Partition);
            group.Calls += row.GetInt64(3);
            group.First = Math.Min(group.First, row.GetInt64(4));
            group.Last = Math.Max(group.Last, row.GetInt64(5));
        }
    }

    private static void Name(OpenPartition open, Asked asked, long fingerprint, Group group)
    {
        using var command = open.Reader.Command("SELECT type, message FROM error_groups WHERE tenant = $tenant AND fingerprint = $fingerprint LIMIT 1");
        command.Parameters.AddWithValue("$tenant", asked.TenantId);
        command.Parameters.AddWithValue("$fingerprint", fingerprint);
        using var row = command.ExecuteReader();
        if (row.Read()) (group.Type, group.Message) = (row.GetString(0), row.GetString(1));
    }

    private void AddSamples(OpenPartition open, Asked asked, Key key, Group group)
    {
        var sql = Condition(open, asked);
        sql.And(string.Create(CultureInfo.InvariantCulture, $"c.fingerprint = {key.Fingerprint}"));
        sql.And(Is(sql, "c.provider", key.Provider));
        sql.And(Is(sql, "c.model", key.Model));
        using var command = open.Reader.Command($"""
            SELECT s.trace FROM calls c JOIN spans s ON s.id = c.id WHERE {sql.Where} ORDER BY c."end" DESC LIMIT {(Samples * 3).ToString(CultureInfo.InvariantCulture)}
            """);
        sql.AddTo(command);
        using var row = command.ExecuteReader();
        while (row.Read() && group.Samples.Count < Samples)
            if (TraceId.TryRead(row.GetFieldValue<byte[]>(0), out var trace) && !group.Samples.Contains(trace)) group.Samples.Add(trace);
    }

    private static string Is(SqlCondition sql, string column, string? word) =>
        word is null ? column + " IS NULL" : $"{column} = (SELECT id FROM words WHERE word = {sql.Parameter(word)})";

    private SqlCondition Condition(OpenPartition open, Asked asked)
    {
        var sql = new SqlCondition(open);
        sql.And(string.Create(CultureInfo.InvariantCulture, $"c.fingerprint IS NOT NULL AND c.outcome = {(int)Outcome.Error}"));
        sql.And($"c.\"end\" >= {sql.Parameter(asked.Selection.From.UnixNanoseconds)} AND c.\"end\" < {sql.Parameter(asked.Selection.To.UnixNanoseconds)}");
        sql.And(asked.Owner("c"));
        scopes.Sql(asked.Selection.Scope, FieldColumns.OfCalls).Add(sql, asked.Filter);
        return sql;
    }

    private static string Join(SqlCondition sql) => sql.UsesSpans ? "JOIN spans s ON s.id = c.id" : "";
}
