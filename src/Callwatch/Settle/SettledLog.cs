using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using Callwatch.Journal;
using Callwatch.Journal.Writing;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Sqlite;

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
    private readonly DataHold? hold;
    private readonly HeadSignal head;
    private readonly TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<string, TraceFilter> filters = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private ImmutableArray<SettledFile> files;
    private SettledWriter? writer;
    private TaskCompletionSource<string> harmed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource mended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="hold">Asked before a file is taken away.</param>
    /// <exception cref="StartRefusedException">The folder cannot be written, or a newer program has written it.</exception>
    public SettledLog(string folder, int mostInFile = MostInFile, DataHold? hold = null)
    {
        (this.folder, this.mostInFile, this.hold) = (folder, mostInFile, hold);
        Directory.CreateDirectory(folder);
        files = [.. Directory.EnumerateFiles(folder, "*.db").Select(Open).OfType<SettledFile>().OrderBy(file => file.First)];
        var newest = StoreDatabase.NewestOf("settled");
        foreach (var file in files)
            if (StoreDatabase.SchemaInHeader(file.Path) is var schema && schema > newest) throw StoreDatabase.Newer(folder, schema, newest);
        head = new HeadSignal(0);
    }

    public Task Opened => opened.Task;

    public long Head => head.Number;

    public long First => files.Length == 0 ? Head + 1 : files[0].First;

    /// <summary>How far the journal has been read, and the record before the first that is needed again; null when nothing was ever settled.</summary>
    public (Position Read, long Needed)? Place { get; private set; }

    public int Files => files.Length;

    public long SizeBytes => files.Sum(file => SizeOf(file.Path) + SizeOf(file.Path + "-wal"));

    /// <summary>The highest journal number that anything here may refer to, also before <see cref="Load"/>.</summary>
    public long HighestNumber => files.Reverse().Select(PlaceIn).FirstOrDefault(place => place is not null)?.Read.Number ?? 0;

    /// <summary>Completes with the name of a file that somebody found damaged; taken up by <see cref="TrySetAside"/> on the writing thread.</summary>
    public Task<string> Harmed
    {
        get
        {
            lock (gate) return harmed.Task;
        }
    }

    /// <summary>Opens the newest file and finds the head and the place. On the writing thread, before all else.</summary>
    /// <param name="highest">No number up to this one is given away: somebody knows it.</param>
    /// <exception cref="SettledHarmedException">A file cannot be read: to be set aside, and loaded again.</exception>
    public void Load(long highest = 0)
    {
        Close();
        filters.Clear();
        foreach (var file in files) filters[file.Name] = Reading(file, from => from.Filter());
        Place = LatestPlace(files);
        var last = files.Length == 0 ? 0 : Reading(files[^1], file => file.Last()) ?? files[^1].First - 1;
        if (files.Length == 0 || highest > last) Begin(Math.Max(highest, last) + 1);
        else writer = Reading(files[^1], file => new SettledWriter(file));
        head.Publish(Math.Max(highest, last));
        lock (gate)
        {
            mended.TrySetResult();
            mended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        opened.TrySetResult();
    }

    /// <summary>
    /// Takes a damaged file out of the sequence; its records are read again, from where the file before it ends. False while a backup copies: come again.
    /// On the writing thread; <see cref="Load"/> has to follow.
    /// </summary>
    public bool TrySetAside(string name)
    {
        if (files.FirstOrDefault(file => file.Name == name) is not { } file) return true;
        using var leave = hold?.TryRemove();
        if (leave is null && hold is not null) return false;
        var index = files.IndexOf(file);
        if (index == files.Length - 1) Close();
        else
        {
            // Durable before the file goes, so that a stop in between repeats it rather than leaving it out.
            var needed = LatestPlace(files[..index])?.Needed ?? 0;
            using var newest = new SettledWriter(files[^1]);
            newest.Need(needed);
        }

        if (File.Exists(file.Path)) DamagedFiles.SetAside(folder, file.Name);
        files = files.Remove(file);
        filters.Remove(file.Name);
        lock (gate)
            if (harmed.Task.IsCompleted) harmed = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        return true;
    }

    /// <summary>A person has chosen where reading goes on. On the writing thread.</summary>
    public void MoveTo(Position place)
    {
        writer!.Put(place, place.Number);
        Place = (place, place.Number);
    }

    /// <summary>What has been carried of each trace, of those with something behind the place that is read again.</summary>
    public Dictionary<(int Tenant, TraceId Trace), Carried> Covered(long after)
    {
        var covered = new Dictionary<(int, TraceId), Carried>();
        foreach (var file in files)
        {
            Reading(file, from =>
            {
                if (from != files[^1] && from.LastNumber() <= after) return false;
                using var reading = StoreDatabase.OpenForReading(from.Path);
                SettledFile.Covered(reading, after, covered);
                return true;
            });
        }

        return covered;
    }

    /// <summary>How many revisions of the trace there are. On the writing thread.</summary>
    public int RevisionsOf(int tenantId, TraceId trace)
    {
        foreach (var file in files.Reverse())
            if (filters[file.Name].MayHold(trace) && Reading(file, from => from.Of(tenantId, trace)) is [.., var last]) return last.Revision;
        return 0;
    }

    /// <summary>Synced and seen by readers on return. On the writing thread.</summary>
    public void Append(IReadOnlyList<SettledRevision> revisions, IReadOnlyList<int> lastOffsets, Position read, long needed)
    {
        if (Head - files[^1].First + 1 >= mostInFile) Begin(Head + 1);
        Reading(files[^1], _ =>
        {
            writer!.Append(revisions, lastOffsets, read, needed);
            return true;
        });
        Place = (read, needed);
        if (revisions.Count == 0) return;
        var filter = filters[files[^1].Name];
        foreach (var revision in revisions) filter.Add(revision.TraceId);
        head.Publish(revisions[^1].Seq);
    }

    /// <summary>Lets go of the oldest files whose records the journal no longer has; not while a backup copies.</summary>
    public void Forget(long firstJournalNumber, IEnumerable<ISettledReaders> readers)
    {
        while (files is [var oldest, var next, ..] && Reading(oldest, file => file.LastNumber()) < firstJournalNumber)
        {
            using var leave = hold?.TryRemove();
            if (leave is null && hold is not null) return;
            foreach (var reader in readers) reader.Forgets(next.First - 1, (tenantId, after) => Reading(oldest, file => file.CountBehind(tenantId, after)));
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
            Task again;
            lock (gate) again = mended.Task;
            if (TryPage(tenantId, after) is not { } page)
            {
                await again.WaitAsync(cancel);
                continue;
            }

            after = page.Through;
            yield return page;
            cancel.ThrowIfCancellationRequested();
        }
    }

    public SettledPage Page(int tenantId, long after)
    {
        // What a commit is just adding behind this is for the next page.
        var through = Head;
        var at = files;
        for (var i = 0; i < at.Length; i++)
        {
            // Files before the one that may hold the next number.
            if (i + 1 < at.Length && at[i + 1].First <= after + 1) continue;
            var page = Reading(at[i], file => file.Page(tenantId, after, PageSize));
            var isFull = page.Count == PageSize;
            page.RemoveAll(revision => revision.Seq > through);

            // A file that was begun meanwhile says nothing of what came before it and after the head as it was.
            if (page.Count > 0) return new SettledPage(page, isFull ? page[^1].Seq : i + 1 < at.Length ? Math.Min(through, at[i + 1].First - 1) : through);
        }

        return new SettledPage([], through);
    }

    public SettledRevision? Find(long seq) => files.LastOrDefault(file => file.First <= seq) is { } file && seq <= Head ? Reading(file, from => from.Find(seq)) : null;

    public long Before(Timestamp receivedAt)
    {
        foreach (var file in files)
            if (Reading(file, from => from.FirstSince(receivedAt)) is { } first) return first - 1;
        return Head;
    }

    public IReadOnlyList<SettledRevision> Of(int tenantId, TraceId traceId) => [.. files.SelectMany(file => Reading(file, from => from.Of(tenantId, traceId)))];

    public long CountWaiting(int tenantId, long after, long firstNumber, long lastNumber) =>
        files.Sum(file => Reading(file, from => from.CountBegun(tenantId, after, firstNumber, lastNumber)));

    public void Dispose() => Close();

    private void Close()
    {
        writer?.Dispose();
        writer = null;
    }

    /// <summary>Null when a file cannot be read, which is then being set aside.</summary>
    private SettledPage? TryPage(int tenantId, long after)
    {
        try
        {
            return Page(tenantId, after);
        }
        catch (SettledHarmedException)
        {
            return null;
        }
    }

    private void Begin(long first)
    {
        Close();
        var file = new SettledFile(Path.Combine(folder, first.ToString("D20", CultureInfo.InvariantCulture) + ".db"), first);
        writer = new SettledWriter(file);
        filters[file.Name] = new TraceFilter();
        files = files.Add(file);
    }

    // A crash between the making of a file and its first commit leaves it empty: what counts stands in one before.
    private (Position Read, long Needed)? LatestPlace(ImmutableArray<SettledFile> among) =>
        among.Reverse().Select(file => Reading(file, from => from.Place())).FirstOrDefault(place => place is not null);

    private static (Position Read, long Needed)? PlaceIn(SettledFile file)
    {
        try
        {
            return file.Place();
        }
        catch (Exception e) when (SettledHarm.Is(e, file.Path))
        {
            return null;
        }
    }

    /// <summary>Whatever reads a file tells when it is damaged, so that it is set aside.</summary>
    private T Reading<T>(SettledFile file, Func<SettledFile, T> read)
    {
        try
        {
            return read(file);
        }
        catch (Exception e) when (SettledHarm.Is(e, file.Path))
        {
            lock (gate) harmed.TrySetResult(file.Name);
            throw new SettledHarmedException(file.Name, e);
        }
    }

    private static SettledFile? Open(string path) =>
        long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var first) ? new SettledFile(path, first) : null;

    private static long SizeOf(string path) => new FileInfo(path) is { Exists: true } found ? found.Length : 0;
}
