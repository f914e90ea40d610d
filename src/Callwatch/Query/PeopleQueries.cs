using Callwatch.Query.Filters.Sql;
using Callwatch.Query.Lists;
using Callwatch.Query.Running;
using Callwatch.Spans;

namespace Callwatch.Query;

/// <summary>A session or a user at a glance: their calls within the range.</summary>
/// <param name="UserId">Of a session: one who took part. Of a user: itself.</param>
/// <param name="Sessions">Of a session: 1.</param>
public sealed record PersonSummary(
    string Id, IReadOnlyList<string> Apps, string? UserId, long Sessions, long Calls, long Errors, long TotalTokens, decimal CostUsd, Timestamp FirstSeen, Timestamp LastSeen);

/// <summary>Sessions and users, latest seen first.</summary>
public sealed class PeopleQueries(QueryGate gate, Scopes scopes)
{
    public Task<Answer<Page<PersonSummary>>> SessionsAsync(Selection selection, int limit, string? cursor, CancellationToken cancel) =>
        ListAsync("session", selection, limit, cursor, cancel);

    public Task<Answer<Page<PersonSummary>>> UsersAsync(Selection selection, int limit, string? cursor, CancellationToken cancel) =>
        ListAsync("user", selection, limit, cursor, cancel);

    private async Task<Answer<Page<PersonSummary>>> ListAsync(string column, Selection selection, int limit, string? cursor, CancellationToken cancel)
    {
        var (asked, invalid) = scopes.Read<Page<PersonSummary>>(selection);
        if (asked is null) return invalid!;
        if (limit is < 1 or > Paging.MaxLimit) return new Answer<Page<PersonSummary>>.Invalid("limit", $"'limit' is from 1 to {Paging.MaxLimit}.");
        var question = ListCursor.HashOf($"{column}\n{string.Join('\n', selection.Apps)}\n\n{asked.Filter}");
        PeoplePlace? place = null;
        if (cursor is not null && (!PeoplePlace.TryParse(cursor, out place) || place!.Question != question))
            return new Answer<Page<PersonSummary>>.Invalid("cursor", "'cursor' is not the 'next' of a page of this list.");
        if (place is not null) asked = asked with { Selection = selection with { From = place.From, To = place.To } };
        var filters = scopes.Sql(selection.Scope, FieldColumns.OfCalls);
        return await gate.AnswerAsync(
            selection.Scope, run => new Answer<Page<PersonSummary>>.Found(new PeopleReader(run, asked, filters, scopes.Apps, column, limit, question, place).Read()), cancel);
    }
}
