using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using Callwatch.Journal;
using Callwatch.Journal.Writing;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Settle;

/// <summary>
/// The settled sequence in the folder <c>settled/</c>: files of up to a million revisions, the newest written by one thread, all read by anybody.
/// Revisions and the place in the journal are one transaction, synced before a reader sees them.
/// </summary>
internal sealed class SettledLog : ISettledLog, IDisposable
{
    public const int MostInFile = 1_000_000;
    private const int PageSize = 256;

    private readonly string folder;
    private readonly int mostInFile;
    private readonly HeadSignal head;
    private readonly TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<string, TraceFilter> filters = new(StringComparer.Ordinal);
    private ImmutableArray<SettledFile> files;
    private SqliteConnection? connection;
    private Statement? insert;

    /// <exception cref="StartRefusedException">The folder cannot be written.</exception>
    public SettledLog(string folder, int mostInFile = MostInFile)
    {
        (this.folder, this.mostInFile) = (folder, mostInFile);
        Directory.CreateDirectory(folder);
        files = [.. Directory.EnumerateFiles(folder, "*.db").Select(Open).OfType<SettledFile>().OrderBy(file => file.First)];
        head = new HeadSignal(0);
    }

    public Task Opened => opened.Task;

    public long Head => head.Number;

    public long First => files.Length == 0 ? Head + 1 : files[0].First;

    /// <summary>How far the journal has been read, and the record before the first that is needed again; null when nothing was ever settled.</summary>
    public (Position Read, long Needed)? Place { get; private set; }

    public int Files => files.Length;

    public long SizeBytes => files.Sum(file => SizeOf(file.Path) + SizeOf(file.Path + "-wal"));

    /// <summary>Opens the newest file and finds the head and the place. On the writing thread, before all else.</summary>
    public void Load()
    {
        if (files.Length == 0) Begin(1);
        else connection = files[^1].OpenToWrite();
        Prepare();

        // A crash between the making of a file and its first commit leaves it empty: what counts stands in the one before.
        if (SettledFile.Place(connection!) is { } place) Place = place;
        else if (files.Length > 1)
        {
            using var before = StoreDatabase.OpenForReading(files[^2].Path);
            Place = SettledFile.Place(before);
        }

        foreach (var file in files) filters[file.Name] = FilterOf(file);
        head.Publish(SettledFile.Last(connection!) ?? files[^1].First - 1);
        opened.TrySetResult();
    }

    /// <summary>Up to where each trace has been carried, of those with something behind the place that is read again.</summary>
    public Dictionary<(int Tenant, TraceId Trace), (long Number, int Offset)> Covered(long after)
    {
        var covered = new Dictionary<(int, TraceId), (long, int)>();
        foreach (var file in files)
        {
            if (file != files[^1] && file.LastNumber() <= after) continue;
            using var reading = StoreDatabase.OpenForReading(file.Path);
            SettledFile.Covered(reading, after, covered);
        }

        return covered;
    }

    /// <summary>How many revisions of the trace there are. On the writing thread.</summary>
    public int RevisionsOf(int tenantId, TraceId trace)
    {
        foreach (var file in files.Reverse())
            if (filters[file.Name].MayHold(trace) && file.Of(tenantId, trace) is [.., var last]) return last.Revision;
        return 0;
    }

    /// <summary>Synced and seen by readers on return. On the writing thread.</summary>
    public void Append(IReadOnlyList<SettledRevision> revisions, IReadOnlyList<int> lastOffsets, Position read, long needed)
    {
        if (Head - files[^1].First + 1 >= mostInFile) Begin(Head + 1);
        using (var transaction = connection!.BeginTransaction())
        {
            for (var i = 0; i < revisions.Count; i++) Insert(revisions[i], lastOffsets[i]);
            Put(read, needed);
            transaction.Commit();
        }

        Place = (read, needed);
        if (revisions.Count == 0) return;
        var filter = filters[files[^1].Name];
        foreach (var revision in revisions) filter.Add(revision.TraceId);
        head.Publish(revisions[^1].Seq);
    }

    /// <summary>Lets go of the oldest files whose records the journal no longer has.</summary>
    public void Forget(long firstJournalNumber)
    {
        while (files is [var oldest, _, ..] && oldest.LastNumber() < firstJournalNumber)
        {
            files = files.RemoveAt(0);
            filters.Remove(oldest.Name);
            foreach (var part in (string[])["", "-wal", "-shm"]) File.Delete(oldest.Path + part);
        }
    }

    public async IAsyncEnumerable<SettledPage> PagesAsync(int tenantId, long after, [EnumeratorCancellation] CancellationToken cancel)
    {
        while (true)
        {
            await head.BeyondAsync(after, cancel);
            var page = Page(tenantId, after);
            after = page.Through;
            yield return page;
            cancel.ThrowIfCancellationRequested();
        }
    }

    public SettledRevision? Find(long seq) => files.LastOrDefault(file => file.First <= seq) is { } file && seq <= Head ? file.Find(seq) : null;

    public long Before(Timestamp receivedAt)
    {
        foreach (var file in files)
            if (file.FirstSince(receivedAt) is { } first) return first - 1;
        return Head;
    }

    public IReadOnlyList<SettledRevision> Of(int tenantId, TraceId traceId) => [.. files.SelectMany(file => file.Of(tenantId, traceId))];

    public void Dispose()
    {
        insert?.Dispose();
        connection?.Dispose();
    }

    private SettledPage Page(int tenantId, long after)
    {
        // What a commit is just adding behind this is for the next page.
        var through = Head;
        var at = files;
        for (var i = 0; i < at.Length; i++)
        {
            // Files before the one that may hold the next number.
            if (i + 1 < at.Length && at[i + 1].First <= after + 1) continue;
            var page = at[i].Page(tenantId, after, PageSize);
            page.RemoveAll(revision => revision.Seq > through);
            if (page.Count > 0) return new SettledPage(page, page.Count == PageSize ? page[^1].Seq : i + 1 < at.Length ? at[i + 1].First - 1 : through);
        }

        return new SettledPage([], through);
    }

    private void Begin(long first)
    {
        insert?.Dispose();
        connection?.Dispose();
        var file = new SettledFile(Path.Combine(folder, first.ToString("D20", CultureInfo.InvariantCulture) + ".db"), first);
        connection = file.OpenToWrite();
        filters[file.Name] = new TraceFilter();
        files = files.Add(file);
        Prepare();
    }

    private void Prepare() => insert = new Statement(connection!, """
        INSERT INTO settled (seq, tenant, trace, revision, reason, settled_at, first_received, last_received, first_number, last_number, last_offset, places)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
        """);

    private void Insert(SettledRevision revision, int lastOffset) => insert!
        .Bind(1, revision.Seq).Bind(2, revision.TenantId).BindBlob(3, revision.TraceId.ToBytes()).Bind(4, revision.Revision).Bind(5, (long)revision.Reason)
        .Bind(6, revision.SettledAt.UnixNanoseconds).Bind(7, revision.FirstReceivedAt.UnixNanoseconds).Bind(8, revision.LastReceivedAt.UnixNanoseconds)
        .Bind(9, revision.FirstNumber).Bind(10, revision.LastNumber).Bind(11, lastOffset).BindBlob(12, SettledPlaces.Write(revision)).Run();

    private void Put(Position read, long needed)
    {
        using var put = new Statement(connection!, "INSERT OR REPLACE INTO place (id, epoch, read, needed) VALUES (1, ?1, ?2, ?3)");
        put.BindText(1, read.Epoch.ToString("D")).Bind(2, read.Number).Bind(3, needed).Run();
    }

    private static TraceFilter FilterOf(SettledFile file)
    {
        using var reading = StoreDatabase.OpenForReading(file.Path);
        var filter = TraceFilter.ForCapacity((int)Math.Min(MostInFile, StoreDatabase.Number(reading, "SELECT count(*) FROM settled") ?? 0));
        using var rows = new Statement(reading, "SELECT trace FROM settled");
        while (rows.Step())
            if (TraceId.TryRead(rows.Blob(0), out var trace)) filter.Add(trace);
        return filter;
    }

    private static SettledFile? Open(string path) =>
        long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var first) ? new SettledFile(path, first) : null;

    private static long SizeOf(string path) => new FileInfo(path) is { Exists: true } found ? found.Length : 0;
}
