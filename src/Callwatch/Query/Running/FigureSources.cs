using System.Collections.Immutable;
using Callwatch.Query.Filters.Sql;
using Callwatch.Spans;
using Callwatch.Store.History;
using Callwatch.Store.Partitions;
using Callwatch.Store.Sqlite;

namespace Callwatch.Query.Running;

/// <summary>
/// Where the figures of a question lie: partitions, and the history of rows that are gone. The history is read as of one moment that
/// comes after the list of partitions was taken, and says itself what was moved into it, so that nothing counts twice or not at all.
/// </summary>
internal sealed class FigureSources : IDisposable
{
    private static readonly Partition Everything = Partition.New(DateOnly.FromDayNumber(719_162), 0) with { File = HistoryFile.File };

    private readonly QueryRun run;
    private readonly IDisposable? moment;
    private readonly ImmutableHashSet<(string File, int Tenant, int App)> moved = [];

    public FigureSources(QueryRun run)
    {
        this.run = run;
        History = run.OpenHistory(Everything);
        if (History is null) return;
        moment = History.AsOfOneMoment();
        moved = HistoryFile.Read(History.Reader.Connection);
    }

    /// <summary>Null while no rows are gone.</summary>
    public OpenPartition? History { get; }

    /// <summary>Whether rows are gone of the apps and the time asked for, however they are filtered.</summary>
    public bool HasHistory(Asked asked)
    {
        if (History is null) return false;
        var sql = new SqlCondition(History);
        sql.And($"r.cut = 0 AND r.level = 2 AND r.bucket > {sql.Parameter(asked.Selection.From.UnixSeconds - 86_400)} AND r.bucket < {sql.Parameter(asked.Selection.To.UnixSeconds)}");
        sql.And(asked.Owner("r"));
        using var any = new Statement(History.Reader.Connection, $"SELECT 1 FROM cuts r WHERE {sql.Where} LIMIT 1");
        sql.BindTo(any);
        return any.Number() is not null;
    }

    /// <summary>The moment from which on rows of the apps asked for are all there; null when none of the time asked for are gone.</summary>
    public static Timestamp? RowsFrom(QueryRun run, Asked asked)
    {
        using var history = run.OpenHistory(Everything);
        if (history is null) return null;
        var sql = new SqlCondition(history);
        sql.And($"r.cut = 0 AND r.level = 2 AND r.bucket > {sql.Parameter(asked.Selection.From.UnixSeconds - 86_400)} AND r.bucket < {sql.Parameter(asked.Selection.To.UnixSeconds)}");
        sql.And(asked.Owner("r"));
        using var last = new Statement(history.Reader.Connection, $"SELECT r.bucket FROM cuts r WHERE {sql.Where} ORDER BY r.bucket DESC LIMIT 1");
        sql.BindTo(last);
        return last.Number() is { } day ? Timestamp.FromUnixSeconds(day + 86_400) : null;
    }

    /// <summary>How much has been moved; grows with each change of the history's rows that matters to sums.</summary>
    public long Moves => moved.Count;

    public bool IsMoved(string file, int tenant, int app) => IsMoved(file) || moved.Contains((file, tenant, app));

    /// <summary>Whether all figures of a file have been.</summary>
    public bool IsMoved(string file) => moved.Contains((file, HistoryFile.All, HistoryFile.All));

    public IEnumerable<OpenPartition> Between(Timestamp from, Timestamp to)
    {
        foreach (var partition in run.Between(from, to))
        {
            using var open = Open(partition);
            if (open is not null) yield return open;
        }
    }

    /// <summary>Null when nothing of it is to be read there.</summary>
    public OpenPartition? Open(Partition partition)
    {
        if (IsMoved(partition.File) || run.Open(partition) is not { } open) return null;
        open.MovedApps = [.. moved.Where(entry => entry.File == partition.File).Select(entry => (entry.Tenant, entry.App))];
        return open;
    }

    public void Dispose()
    {
        moment?.Dispose();
        History?.Dispose();
    }
}
