using System.Buffers.Text;
using System.Text;
using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Lists;
using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store;

namespace Callwatch.Query;

/// <summary>A session or a user at a glance: their calls within the range.</summary>
/// <param name="UserId">Of a session: one who took part. Of a user: itself.</param>
/// <param name="Sessions">Of a session: 1.</param>
public sealed record PersonSummary(
    string Id, IReadOnlyList<string> Apps, string? UserId, long Sessions, long Calls, long Errors, long TotalTokens, decimal CostUsd, Timestamp FirstSeen, Timestamp LastSeen);

/// <summary>Sessions and users, latest seen first.</summary>
public sealed class PeopleQueries(QueryGate gate, Scopes scopes)
{
    private const int MostPeople = 200_000;

    public Task<Answer<Page<PersonSummary>>> SessionsAsync(Selection selection, int limit, string? cursor, CancellationToken cancel) =>
        ListAsync("session", selection, limit, cursor, cancel);

    public Task<Answer<Page<PersonSummary>>> UsersAsync(Selection selection, int limit, string? cursor, CancellationToken cancel) =>
        ListAsync("user", selection, limit, cursor, cancel);

    private sealed class Person
    {
        public HashSet<int> Apps { get; } = [];
        public HashSet<string> Others { get; } = new(StringComparer.Ordinal);
        public long Calls { get; set; }
        public long Errors { get; set; }
        public long Tokens { get; set; }
        public Int128 Cost { get; set; }
        public long First { get; set; } = long.MaxValue;
        public long Last { get; set; }
    }

    private async Task<Answer<Page<PersonSummary>>> ListAsync(string column, Selection selection, int limit, string? cursor, CancellationToken cancel)
    {
        var (asked, invalid) = scopes.Read<Page<PersonSummary>>(selection);
        if (asked is null) return invalid!;
        if (limit is < 1 or > Paging.MaxLimit) return new Answer<Page<PersonSummary>>.Invalid("limit", $"'limit' is from 1 to {Paging.MaxLimit}.");
        var question = ListCursor.HashOf($"{column}\n{string.Join('\n', selection.Apps)}\n\n{asked.Filter}");
        Place? place = null;
        if (cursor is not null && (!Place.TryParse(cursor, out place) || place!.Question != question))
            return new Answer<Page<PersonSummary>>.Invalid("cursor", "'cursor' is not the 'next' of a page of this list.");
        if (place is not null) asked = asked with { Selection = selection with { From = place.From, To = place.To } };
        return await gate.AnswerAsync(selection.Scope, run => new Answer<Page<PersonSummary>>.Found(Read(run, asked, column, limit, question, place)), cancel);
    }

    private Page<PersonSummary> Read(QueryRun run, Asked asked, string column, int limit, int question, Place? place)
    {
        var asOf = place?.AsOf ?? run.AsOf;
        var people = new Dictionary<string, Person>(StringComparer.Ordinal);
        foreach (var partition in run.Between(asked.Selection.From, asked.Selection.To))
        {
            using var open = run.Open(partition);
            if (open is not null) Add(open, asked, column, asOf, people);
            if (people.Count > MostPeople) throw new TimeIsUpException();
        }

        var listed = people.OrderByDescending(pair => pair.Value.Last).ThenBy(pair => pair.Key, StringComparer.Ordinal)
            .Where(pair => place is null || pair.Value.Last < place.Last || (pair.Value.Last == place.Last && string.CompareOrdinal(pair.Key, place.Id) > 0))
            .Take(limit + 1).ToList();
        var more = listed.Count > limit;
        if (more) listed.RemoveAt(limit);
        var next = more ? new Place(question, asked.Selection.From, asked.Selection.To, asOf, listed[^1].Value.Last, listed[^1].Key).ToString() : null;
        return new Page<PersonSummary>([.. listed.Select(pair => Summary(pair.Key, pair.Value, column))], next, 0, null, AnswerSource.Rows);
    }

    private PersonSummary Summary(string id, Person person, string column) => new(
        id, [.. person.Apps.Select(scopes.Apps.NameOf).Order(StringComparer.Ordinal)], column == "user" ? id : person.Others.Order(StringComparer.Ordinal).FirstOrDefault(),
        column == "user" ? person.Others.Count : 1, person.Calls, person.Errors, person.Tokens, Money.ToUsd(person.Cost), new Timestamp(person.First), new Timestamp(person.Last));

    private void Add(OpenPartition open, Asked asked, string column, long asOf, Dictionary<string, Person> people)
    {
        var sql = new SqlCondition(open);
        sql.And($"c.{column} IS NOT NULL AND c.\"end\" >= {sql.Parameter(asked.Selection.From.UnixNanoseconds)} AND c.\"end\" < {sql.Parameter(asked.Selection.To.UnixNanoseconds)}");
        sql.And($"c.number <= {sql.Parameter(asOf)}");
        sql.And(asked.Owner("c"));
        scopes.Sql(asked.Selection.Scope, FieldColumns.OfCalls).Add(sql, asked.Filter);
        // Money in two parts: their sums stay within 64 bits whatever it cost.
        using var command = open.Reader.Command($"""
            SELECT c.{column}, c.{(column == "user" ? "session" : "user")}, c.app, count(*), sum(c.outcome = {(int)Outcome.Error}), sum(coalesce(c.total_tokens, 0)),
              sum(coalesce(c.cost, 0) / 1000000000), sum(coalesce(c.cost, 0) % 1000000000), min(c."end"), max(c."end")
            FROM calls c {(sql.UsesSpans ? "JOIN spans s ON s.id = c.id" : "")} WHERE {sql.Where} GROUP BY 1, 2, 3
            """);
        sql.AddTo(command);
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            var id = open.Reader.Word(row.GetInt64(0));
            if (!people.TryGetValue(id, out var person)) people[id] = person = new Person();
            if (!row.IsDBNull(1)) person.Others.Add(open.Reader.Word(row.GetInt64(1)));
            person.Apps.Add(row.GetInt32(2));
            person.Calls += row.GetInt64(3);
            person.Errors += row.GetInt64(4);
            person.Tokens += row.GetInt64(5);
            person.Cost += ((Int128)row.GetInt64(6) * 1_000_000_000) + row.GetInt64(7);
            person.First = Math.Min(person.First, row.GetInt64(8));
            person.Last = Math.Max(person.Last, row.GetInt64(9));
        }
    }

    private sealed record Place(int Question, Timestamp From, Timestamp To, long AsOf, long Last, string Id)
    {
        public override string ToString() => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(
            FormattableString.Invariant($"{Question} {From.UnixNanoseconds} {To.UnixNanoseconds} {AsOf} {Last} {Id}")));

        public static bool TryParse(string text, out Place? place)
        {
            place = null;
            if (text.Length > 8_000 || !Base64Url.IsValid(text)) return false;
            var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split(' ', 6);
            if (parts.Length != 6 || !int.TryParse(parts[0], out var question)) return false;
            var numbers = new long[4];
            for (var i = 0; i < numbers.Length; i++)
                if (!long.TryParse(parts[i + 1], out numbers[i])) return false;
            place = new Place(question, new Timestamp(numbers[0]), new Timestamp(numbers[1]), numbers[2], numbers[3], parts[5]);
            return true;
        }
    }
}
