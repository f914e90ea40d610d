using Callwatch.Query.Running;
using Callwatch.Store.Rollups;
using Callwatch.Store.Sqlite;

namespace Callwatch.Query;

/// <summary>Requests of an app to a provider, and how many of them have no call in their trace.</summary>
/// <param name="Provider">Folded; <c>other</c> for a host that nobody knows, asked by a known protocol.</param>
public sealed record CoverageOf(string App, string Provider, long Requests, long WithoutCall);

/// <summary>How much of what applications asked models was told as calls.</summary>
public sealed record CoverageAnswer(IReadOnlyList<CoverageOf> Groups)
{
    public long Requests => Groups.Sum(group => group.Requests);

    public long WithoutCall => Groups.Sum(group => group.WithoutCall);
}

/// <summary>
/// Counts requests to models without a call. By the quarter hours that begin within the range, so that it is always quick; of time whose rows
/// are gone, by the days. A filter says nothing of requests: only the apps of a selection are looked at.
/// </summary>
public sealed class CoverageQueries(QueryGate gate, Scopes scopes)
{
    public async Task<Answer<CoverageAnswer>> ReadAsync(Selection selection, CancellationToken cancel)
    {
        var (asked, invalid) = scopes.Read<CoverageAnswer>(selection with { Filter = null });
        if (asked is null) return invalid!;
        return await gate.AnswerAsync(selection.Scope, run => new Answer<CoverageAnswer>.Found(Read(run, asked)), cancel);
    }

    /// <summary>Requests without a call by UTC day and provider.</summary>
    internal async Task<IReadOnlyDictionary<(DateOnly Day, string Provider), long>?> ByDayAsync(Selection selection, CancellationToken cancel)
    {
        var (asked, _) = scopes.Read<CoverageAnswer>(selection with { Filter = null });
        if (asked is null) return null;
        return await gate.RunAsync(selection.Scope, run =>
        {
            var days = new Dictionary<(DateOnly, string), long>();
            Each(run, asked, (bucket, _, provider, _, without) =>
            {
                var day = DateOnly.FromDateTime(DateTimeOffset.FromUnixTimeSeconds(bucket).UtcDateTime);
                days[(day, provider)] = days.GetValueOrDefault((day, provider)) + without;
            });
            return days;
        }, cancel);
    }

    private CoverageAnswer Read(QueryRun run, Asked asked)
    {
        var groups = new Dictionary<(int App, string Provider), (long Requests, long Without)>();
        Each(run, asked, (_, app, provider, requests, without) =>
        {
            var sums = groups.GetValueOrDefault((app, provider));
            groups[(app, provider)] = (sums.Requests + requests, sums.Without + without);
        });
        return new CoverageAnswer([
            .. groups.Where(group => group.Value.Requests > 0)
                .Select(group => new CoverageOf(scopes.Apps.NameOf(group.Key.App), group.Key.Provider, group.Value.Requests, group.Value.Without))
                .OrderByDescending(group => group.WithoutCall).ThenByDescending(group => group.Requests).ThenBy(group => group.App, StringComparer.Ordinal).ThenBy(group => group.Provider, StringComparer.Ordinal)]);
    }

    private delegate void Take(long bucket, int app, string provider, long requests, long without);

    private static void Each(QueryRun run, Asked asked, Take take)
    {
        using var sources = new FigureSources(run);
        if (sources.History is { } history) Each(history, asked, take);
        foreach (var open in sources.Between(asked.Selection.From, asked.Selection.To)) Each(open, asked, take);
    }

    private static void Each(OpenPartition open, Asked asked, Take take)
    {
        if (!ModelRequestTable.IsIn(open.Reader.Connection)) return;
        using var row = new Statement(open.Reader.Connection, $"""
            SELECT r.bucket, r.app, r.provider, r.requests, r.without_call FROM model_requests r WHERE r.bucket >= ?1 AND r.bucket < ?2 AND {open.Owner(asked, "r")}
            """);
        // A range that is no longer than a bucket still has one.
        var first = asked.Selection.From.UnixSeconds / ModelRequestTable.BucketSeconds * ModelRequestTable.BucketSeconds;
        row.Bind(1, first).Bind(2, asked.Selection.To.UnixSeconds);
        while (row.Step()) take(row.Long(0), (int)row.Long(1), open.Reader.Word(row.Long(2)), row.Long(3), row.Long(4));
    }
}
