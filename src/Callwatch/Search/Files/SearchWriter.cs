using System.Globalization;
using System.Text;
using Callwatch.Search.Documents;
using Callwatch.Store.Partitions;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Search.Files;

/// <summary>A damaged file of the index was met.</summary>
internal sealed class DamagedSearchFileException(SearchFile file, Exception inner) : Exception(inner.Message, inner)
{
    public SearchFile File { get; } = file;
}

/// <summary>
/// Writes batches of documents: those of a day with the number of the batch in one transaction of the day's newest file, then the catalog.
/// A batch that is written again after a crash is passed over by the files that have it. Used by one thread.
/// </summary>
internal sealed class SearchWriter(SearchFolder folder, long mostDocuments = SearchWriter.MostDocuments) : IDisposable
{
    /// <summary>Of a file; then the next of its day begins, so that merging never has to move more.</summary>
    public const long MostDocuments = 2_000_000;

    /// <summary>Documents whose ends are told together.</summary>
    public const int BlockSize = 4_096;

    // Days in which something arrives at the same time: today, and stragglers.
    private const int MostOpen = 8;

    private readonly List<OpenFile> open = [];

    public void Apply(IReadOnlyList<SearchDocument> documents, long through)
    {
        var touched = new List<SearchFile>();
        foreach (var day in documents.GroupBy(document => Partition.DayOf(document.End)))
        {
            var files = folder.Contents.Files.Where(file => file.Day == day.Key).ToList();
            // Written as a whole or not at all; whatever was read again after a crash is there already.
            var applied = files.Select(file => file.Applied).DefaultIfEmpty().Max();
            List<SearchDocument> news = [.. day.Where(document => document.Number > applied)];
            if (news.Count == 0) continue;
            var target = Target(day.Key, files.FirstOrDefault());
            try
            {
                touched.Add(Opened(target).Add(news, through));
            }
            catch (SqliteException e) when (SearchFaults.IsBeyondUse(folder.PathOf(target), e))
            {
                throw new DamagedSearchFileException(target, e);
            }
        }

        folder.Catalog.Commit(through, touched);
    }

    /// <summary>A little of the work of merging what was written in small pieces; false when there is none left.</summary>
    public bool Merge(SearchFile file)
    {
        try
        {
            return Opened(file).Merge();
        }
        catch (SqliteException e) when (SearchFaults.IsBeyondUse(folder.PathOf(file), e))
        {
            throw new DamagedSearchFileException(file, e);
        }
    }

    /// <summary>Closes a file that is about to go.</summary>
    public void Release(SearchFile file)
    {
        var held = open.Find(candidate => candidate.File.Name == file.Name);
        if (held is null) return;
        open.Remove(held);
        held.Dispose();
    }

    public void Dispose()
    {
        foreach (var file in open) file.Dispose();
        open.Clear();
    }

    private SearchFile Target(DateOnly day, SearchFile? newest)
    {
        if (newest is not null && newest.Documents < mostDocuments) return newest;
        // The full one must not be the one that loses commits to a power cut after the next one has some.
        if (newest is not null) Opened(newest).Sync();
        var target = SearchFile.New(day, (newest?.Sequence ?? 0) + 1);
        folder.Catalog.Add(target);
        return target;
    }

    private OpenFile Opened(SearchFile file)
    {
        var found = open.Find(candidate => candidate.File.Name == file.Name);
        if (found is not null) open.Remove(found);
        while (open.Count >= MostOpen)
        {
            open[0].Dispose();
            open.RemoveAt(0);
        }

        found ??= Open(file);
        open.Add(found);
        return found;
    }

    private OpenFile Open(SearchFile file)
    {
        var connection = SearchDatabase.Open(folder.PathOf(file), "day");
        try
        {
            return new OpenFile(file, connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private sealed class OpenFile : IDisposable
    {
        private readonly SqliteConnection connection;
        private readonly Statement putWords;
        private readonly Statement putKey;
        private readonly Statement putBlock;
        private readonly Statement putApplied;
        private readonly Statement merge;
        private readonly byte[] key = new byte[SearchDocument.KeySize];
        private (long Number, long First, long Last) block;

        public OpenFile(SearchFile file, SqliteConnection connection)
        {
            File = file;
            this.connection = connection;
            // Held in memory until the commit anyway; larger pieces have to be merged less often.
            StoreDatabase.Execute(connection, "INSERT INTO words (words, rank) VALUES ('hashsize', 8388608)");
            putWords = new Statement(connection, "INSERT INTO words (rowid, text) VALUES (?1, ?2)");
            putKey = new Statement(connection, "INSERT INTO docs (id, key) VALUES (?1, ?2)");
            putBlock = new Statement(connection, """
                INSERT INTO blocks (block, first_end, last_end) VALUES (?1, ?2, ?3)
                ON CONFLICT (block) DO UPDATE SET first_end = min(first_end, excluded.first_end), last_end = max(last_end, excluded.last_end)
                """);
            putApplied = new Statement(connection, "INSERT OR REPLACE INTO meta (key, value) VALUES ('applied', ?1)");
            merge = new Statement(connection, "INSERT INTO words (words, rank) VALUES ('merge', ?1)");
        }

        public SearchFile File { get; private set; }

        public SearchFile Add(List<SearchDocument> documents, long through)
        {
            StoreDatabase.Execute(connection, "BEGIN IMMEDIATE");
            block = default;
            try
            {
                var id = StoreDatabase.Number(connection, "SELECT max(id) FROM docs") ?? 0;
                foreach (var document in documents.OrderBy(document => document.End)) Put(++id, document);
                PutBlock();
                putApplied.Bind(1, through).Run();
                StoreDatabase.Execute(connection, "COMMIT");
                return File = File with { Documents = id, Applied = through };
            }
            catch
            {
                // On some failures SQLite has done so itself.
                if (SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle) == 0) StoreDatabase.Execute(connection, "ROLLBACK");
                throw;
            }
        }

        public void Sync() => StoreDatabase.Execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)");

        public bool Merge()
        {
            const int pages = 256;
            var before = StoreDatabase.Number(connection, "SELECT total_changes()") ?? 0;
            merge.Bind(1, -pages).Run();
            // As its documentation says: fewer than two changes, and there was nothing to do.
            return (StoreDatabase.Number(connection, "SELECT total_changes()") ?? 0) - before >= 2 || GiveBack();
        }

        // Merging leaves room that a file which gets nothing more will not use. Of files that an older version has made it cannot be given back.
        private bool GiveBack()
        {
            const int pages = 2_000;
            var before = StoreDatabase.Number(connection, "PRAGMA freelist_count") ?? 0;
            if (before == 0) return false;
            StoreDatabase.Execute(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA incremental_vacuum({pages})"));
            var after = StoreDatabase.Number(connection, "PRAGMA freelist_count") ?? 0;
            if (after > 0 && after < before) return true;
            StoreDatabase.Execute(connection, "PRAGMA wal_checkpoint(PASSIVE)");
            return false;
        }

        public void Dispose()
        {
            foreach (var statement in (Statement[])[putWords, putKey, putBlock, putApplied, merge]) statement.Dispose();
            connection.Dispose();
        }

        private void Put(long id, SearchDocument document)
        {
            SearchDocument.WriteKey(key, document.Trace, document.Span);
            putKey.Bind(1, id).BindBlob(2, key).Run();
            putWords.Bind(1, id).BindUtf8(2, Encoding.UTF8.GetBytes(document.Text)).Run();
            var end = document.End.UnixNanoseconds;
            if (block.Number != id / BlockSize) PutBlock();
            block = block.First == 0 ? (id / BlockSize, end, end) : (block.Number, Math.Min(block.First, end), Math.Max(block.Last, end));
        }

        private void PutBlock()
        {
            if (block.First != 0) putBlock.Bind(1, block.Number).Bind(2, block.First).Bind(3, block.Last).Run();
            block = default;
        }
    }
}
