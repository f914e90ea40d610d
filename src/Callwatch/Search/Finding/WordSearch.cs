using Callwatch.Search.Files;
using Microsoft.Data.Sqlite;

namespace Callwatch.Search.Finding;

/// <summary>One question at the index: one steady view of it, connections of its own, and what was found so far. For one thread.</summary>
internal sealed class WordSearch(SearchIndex index, SearchFolder folder, Func<bool> mustStop) : IDisposable
{
    // About a tenth of a millisecond of work.
    private const int StepsBetweenChecks = 10_000;

    private readonly SearchCatalog.Contents contents = folder.Contents;
    private readonly Dictionary<string, (SearchFile File, SqliteConnection? Connection)> open = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SpanHits> asked = new(StringComparer.Ordinal);
    private readonly HashSet<DateOnly> broken = [];

    /// <summary>Which records of a day are indexed.</summary>
    public Coverage Of(DateOnly day) => broken.Contains(day) ? Coverage.Nothing : contents.Of(day);

    /// <summary>What meets a query of <see cref="Words.WordQuery"/>.</summary>
    public SpanHits Hits(string query)
    {
        if (!asked.TryGetValue(query, out var hits)) asked[query] = hits = new SpanHits(this, query);
        return hits;
    }

    public IEnumerable<SearchFile> Files(DateOnly day) => contents.Files.Where(file => file.Day == day);

    /// <summary>Null when the file has gone.</summary>
    public SqliteConnection? Connection(SearchFile file)
    {
        if (open.TryGetValue(file.Name, out var known)) return known.Connection;
        var connection = folder.Borrow(file);
        if (connection is not null) SQLitePCL.raw.sqlite3_progress_handler(connection.Handle, StepsBetweenChecks, _ => mustStop() ? 1 : 0, null);
        open[file.Name] = (file, connection);
        return connection;
    }

    /// <summary>Nothing of the day can be relied on any more; the index's own thread is told.</summary>
    public void Broken(SearchFile file)
    {
        broken.Add(file.Day);
        index.Suspect(new Suspicion(file, contents.Attempt));
    }

    public void Dispose()
    {
        foreach (var hits in asked.Values) hits.Dispose();
        foreach (var (file, connection) in open.Values)
        {
            if (connection is null) continue;
            SQLitePCL.raw.sqlite3_progress_handler(connection.Handle, 0, null, null);
            if (broken.Contains(file.Day)) connection.Dispose();
            else folder.Return(file, connection);
        }

        open.Clear();
    }
}
