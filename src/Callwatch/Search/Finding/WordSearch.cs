using Callwatch.Search.Files;
using Microsoft.Data.Sqlite;

namespace Callwatch.Search.Finding;

/// <summary>One question at the index: one steady view of it, connections of its own, and what was found so far. For one thread.</summary>
internal sealed class WordSearch(SearchIndex index, SearchFolder folder, Func<bool> mustStop) : IDisposable
{
    // About a tenth of a millisecond of work.
    private const int StepsBetweenChecks = 10_000;

    // A question over years goes from day to day; those it has done with need not stay open.
    private const int MostOpen = 8;

    private readonly SearchCatalog.Contents contents = folder.Contents;
    private readonly Dictionary<string, (SearchFile File, SqliteConnection? Connection)> open = new(StringComparer.Ordinal);
    private readonly Queue<string> order = new();
    private readonly Dictionary<string, SpanHits> asked = new(StringComparer.Ordinal);
    private readonly HashSet<DateOnly> broken = [];
    private readonly SortedSet<DateOnly> leftOut = [];

    /// <summary>Which records of a day are indexed.</summary>
    public Coverage Of(DateOnly day)
    {
        if (broken.Contains(day) || contents.LacksSomeOf(day)) leftOut.Add(day);
        return broken.Contains(day) ? Coverage.Nothing : contents.Of(day);
    }

    /// <summary>Days that were asked for and whose text is not all indexed, because a file was lost.</summary>
    public IReadOnlyCollection<DateOnly> LeftOut => leftOut;

    /// <summary>What meets a query of <see cref="Words.WordQuery"/>.</summary>
    public SpanHits Hits(string query)
    {
        if (!asked.TryGetValue(query, out var hits)) asked[query] = hits = new SpanHits(this, query);
        return hits;
    }

    /// <summary>None of a day that has turned out damaged.</summary>
    public IEnumerable<SearchFile> Files(DateOnly day) => broken.Contains(day) ? [] : contents.Files.Where(file => file.Day == day);

    /// <summary>Whether nothing that was asked of has turned out damaged.</summary>
    public bool IsWhole => broken.Count == 0;

    public bool IsBroken(DateOnly day) => broken.Contains(day);

    /// <summary>True when that came out in the middle of an answer, which may lack something for it.</summary>
    public bool MissedSome { get; set; }

    public bool IsBeyondUse(SearchFile file, SqliteException fault) => SearchFaults.IsBeyondUse(folder.PathOf(file), fault);

    /// <summary>Null when the file has gone.</summary>
    public SqliteConnection? Connection(SearchFile file)
    {
        if (open.TryGetValue(file.Name, out var known)) return known.Connection;
        if (order.Count >= MostOpen) Close(order.Dequeue());
        var connection = folder.Borrow(file);
        if (connection is not null) SQLitePCL.raw.sqlite3_progress_handler(connection.Handle, StepsBetweenChecks, _ => mustStop() ? 1 : 0, null);
        open[file.Name] = (file, connection);
        order.Enqueue(file.Name);
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
        while (order.TryDequeue(out var name)) Close(name);
    }

    private void Close(string name)
    {
        if (!open.Remove(name, out var closing) || closing.Connection is not { } connection) return;
        foreach (var hits in asked.Values) hits.LetGo(name);
        SQLitePCL.raw.sqlite3_progress_handler(connection.Handle, 0, null, null);
        if (broken.Contains(closing.File.Day)) connection.Dispose();
        else folder.Return(closing.File, connection);
    }
}
