using System.Globalization;
using Callwatch.Query.Filters;
using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Running;
using Callwatch.Query.Stats;
using Callwatch.Spans;
using Callwatch.Store.Rollups;

namespace Callwatch.Query;

/// <summary>Groups of failed calls: the same type, message (numbers, ids and quoted text aside), provider and model.</summary>
public sealed class ErrorQueries(QueryGate gate, Scopes scopes)
{
    private const int MostGroups = 50_000;
    private const int Samples = 5;
    private const int MostHeld = 5_000;

    /// <summary>Share of the time after which no further day is begun: what is known of the newer ones is an answer too.</summary>
    private const double LastDay = 0.7;

    /// <summary>
    /// Most frequent first. What was counted before rows went counts where all of it lies within the range and nothing but apps is filtered: of
    /// which day it is nobody knows any more. Counted day by day from the newest: where the time did not do for all, <see cref="Page{T}.SearchedUntil"/> says from when on.
    /// </summary>
    /// <param name="limit">1 to 1,000.</param>
    public Task<Answer<Page<ErrorGroup>>> GroupsAsync(Selection selection, int limit, CancellationToken cancel) => GroupsAsync(selection, null, limit, cancel);

    /// <summary>The same, of those alone that came with a release or a version of a prompt, or later.</summary>
    /// <param name="since">Null is all.</param>
    public async Task<Answer<Page<ErrorGroup>>> GroupsAsync(Selection selection, NewSince? since, int limit, CancellationToken cancel)
    {
        var (asked, invalid) = scopes.Read<Page<ErrorGroup>>(selection);
        if (asked is null) return invalid!;
        if (limit is < 1 or > 1_000) return new Answer<Page<ErrorGroup>>.Invalid("limit", "'limit' is from 1 to 1000.");
        return await gate.AnswerAsync(selection.Scope, run => new Answer<Page<ErrorGroup>>.Found(Read(run, asked, since, limit)), cancel);
    }

    /// <summary>Releases that were in use on the days of the range, newest first.</summary>
    public async Task<Answer<IReadOnlyList<string>>> ReleasesAsync(Selection selection, CancellationToken cancel)
    {
        var (asked, invalid) = scopes.Read<IReadOnlyList<string>>(selection with { Filter = null });
        if (asked is null) return invalid!;
        return await gate.AnswerAsync(
            selection.Scope, run =>
            {
                using var sources = new FigureSources(run);
                return new Answer<IReadOnlyList<string>>.Found([.. ReleaseOrder.Read(run, sources, asked).InRange]);
            }, cancel);
    }

    private Page<ErrorGroup> Read(QueryRun run, Asked asked, NewSince? since, int limit)
    {
        var groups = new Dictionary<FailureKey, FailureGroup>();
        using var sources = new FigureSources(run);
        var rowsFrom = FigureSources.RowsFrom(run, asked);
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
                using var open = sources.Open(partition);
                if (open is not null) Count(open, asked, groups);
            }
        }

        if (sources.History is { } history) AddGone(history, asked, groups, countThem: until is null && asked.Filter.Terms.Count == 0);
        var errors = groups.Values.Sum(group => group.Calls);
        var ordered = groups.OrderByDescending(pair => pair.Value.Calls).ThenByDescending(pair => pair.Value.Last).ThenBy(pair => pair.Key.Fingerprint);
        // What is new is mostly rare: it would not be among the most frequent ones.
        var greatest = (since is null ? ordered.Take(limit) : ordered).ToList();
        FirstFailures.Find(run, sources, asked, greatest);
        FirstFailures.FindOrigins(run, sources, asked, greatest);
        if (since is not null) greatest = OnlyNew(run, sources, asked, since, greatest, limit);
        foreach (var partition in greatest.SelectMany(pair => pair.Value.SeenIn).Distinct().OrderByDescending(partition => (partition.Day, partition.Sequence)))
        {
            if (run.Spent > (1 + LastDay) / 2) break;
            using var open = sources.Open(partition);
            if (open is null) continue;
            foreach (var (key, group) in greatest.Where(pair => pair.Value.Samples.Count < Samples && pair.Value.SeenIn.Contains(partition))) AddSamples(open, asked, key, group);
        }

        return new Page<ErrorGroup>(ToGroups(greatest, errors), null, 0, until, AnswerSource.Rows) { RowsFrom = rowsFrom };
    }

    private static List<ErrorGroup> ToGroups(List<KeyValuePair<FailureKey, FailureGroup>> greatest, long errors) =>
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
            FirstRelease = pair.Value.Origin.Release,
            FirstPrompt = pair.Value.Origin.Prompt,
            FirstPromptVersion = pair.Value.Origin.PromptVersion,
            LastSeen = new Timestamp(pair.Value.Last),
            SampleTraces = pair.Value.Samples,
        }),
    ];

    /// <summary>The failures of one kind in a partition.</summary>
    private readonly record struct Counted(FailureKey Key, long Calls, long First, long Last);

    private void Count(OpenPartition open, Asked asked, Dictionary<FailureKey, FailureGroup> groups)
    {
        using var moment = open.AsOfOneMoment();
        var sql = Condition(open, asked);
        foreach (var (key, calls, first, last) in Held(open, asked, sql))
        {
            if (!groups.TryGetValue(key, out var group))
            {
                groups[key] = group = new FailureGroup();
                Name(open, asked, key.Fingerprint, group);
            }

            if (group.SeenIn.Count < Samples) group.SeenIn.Add(open.Partition);
            group.Calls += calls;
            group.See(first, open.Partition);
            group.Last = Math.Max(group.Last, last);
        }
    }

    // Of days that are over it is the same each time.
    private static List<Counted> Held(OpenPartition open, Asked asked, SqlCondition sql)
    {
        // What is found of a text depends on the question's own look at the index; the end of a range is seldom asked for again.
        var isWhole = asked.Selection.From <= open.Partition.From && asked.Selection.To >= open.Partition.To;
        var name = isWhole && asked.Filter.Terms.All(term => term is FilterTerm.Compare) && sql.Key is { } condition ? "failures\n" + condition : null;
        if (name is not null && open.Held?.Find<List<Counted>>(name) is { } held) return held;
        var found = new List<Counted>();
        using (var row = Failures.Over(open, asked.Selection.From, asked.Selection.To, index => $"""
            SELECT c.fingerprint, c.provider, c.model, count(*), min(c."end"), max(c."end") FROM calls c{index} {Join(sql)} WHERE {sql.Where} GROUP BY 1, 2, 3
            """))
        {
            sql.BindTo(row);
            while (row.Step())
            {
                var key = new FailureKey(row.Long(0), row.NullableLong(1) is { } provider ? open.Reader.Word(provider) : null, row.NullableLong(2) is { } model ? open.Reader.Word(model) : null);
                found.Add(new Counted(key, row.Long(3), row.Long(4), row.Long(5)));
            }
        }

        if (name is not null && open.Held?.IsSteady == true && found.Count <= MostHeld) open.Held.Keep(name, found, (found.Count * 64) + (name.Length * 2));
        return found;
    }

    // What is left of failures whose rows are gone: how often, since when and until when.
    private static void AddGone(OpenPartition history, Asked asked, Dictionary<FailureKey, FailureGroup> groups, bool countThem)
    {
        var (from, to) = (asked.Selection.From.UnixNanoseconds, asked.Selection.To.UnixNanoseconds);
        using var command = history.Reader.Command($"""
            SELECT e.fingerprint, e.provider, e.model, e.type, e.message, e.calls, e.first_seen, e.last_seen FROM error_groups e WHERE {asked.Owner("e")}
            """);
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            var key = new FailureKey(row.GetInt64(0), FirstFailures.WordOf(history, row.GetInt64(1)), FirstFailures.WordOf(history, row.GetInt64(2)));
            var (first, last) = (row.GetInt64(6), row.GetInt64(7));
            var counts = countThem && first >= from && last < to;
            if (!groups.TryGetValue(key, out var group))
            {
                if (!counts || groups.Count > MostGroups) continue;
                groups[key] = group = new FailureGroup { Type = row.GetString(3), Message = row.GetString(4) };
            }

            if (counts) group.Calls += row.GetInt64(5);
            group.See(first, null);
            if (last >= from && last < to) group.Last = Math.Max(group.Last, last);
        }
    }

    private static List<KeyValuePair<FailureKey, FailureGroup>> OnlyNew(QueryRun run, FigureSources sources, Asked asked, NewSince since, List<KeyValuePair<FailureKey, FailureGroup>> groups, int limit)
    {
        // Not all could be told apart: a list that leaves some out in silence would be taken for good news.
        if (run.Spent > FirstFailures.LastEarlier) throw new TimeIsUpException();
        var known = since is NewSince.Release ? ReleaseOrder.Read(run, sources, asked) : null;
        if (known is { Whole: false }) throw new TimeIsUpException();
        return [.. groups.Where(pair => since.Includes(pair.Value.Origin, known)).Take(limit)];
    }

    private static void Name(OpenPartition open, Asked asked, long fingerprint, FailureGroup group)
    {
        using var command = open.Reader.Command("SELECT type, message FROM error_groups WHERE tenant = $tenant AND fingerprint = $fingerprint LIMIT 1");
        command.Parameters.AddWithValue("$tenant", asked.TenantId);
        command.Parameters.AddWithValue("$fingerprint", fingerprint);
        using var row = command.ExecuteReader();
        if (row.Read()) (group.Type, group.Message) = (row.GetString(0), row.GetString(1));
    }

    private void AddSamples(OpenPartition open, Asked asked, FailureKey key, FailureGroup group)
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
        // Within the partition: of days that are over the condition is the same however the range moves.
        var (from, to) = (Math.Max(asked.Selection.From.UnixNanoseconds, open.Partition.From.UnixNanoseconds), Math.Min(asked.Selection.To.UnixNanoseconds, open.Partition.To.UnixNanoseconds));
        sql.And($"c.\"end\" >= {sql.Parameter(from)} AND c.\"end\" < {sql.Parameter(to)}");
        sql.And(open.Owner(asked, "c"));
        scopes.Sql(asked.Selection.Scope, FieldColumns.OfCalls).Add(sql, asked.Filter);
        return sql;
    }

    private static string Join(SqlCondition sql) => sql.UsesSpans ? "JOIN spans s ON s.id = c.id" : "";
}
