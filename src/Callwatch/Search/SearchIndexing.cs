using Callwatch.Journal;
using Callwatch.Normalize;
using Callwatch.Search.Documents;
using Callwatch.Search.Files;
using Callwatch.Store.Partitions;
using Callwatch.Telemetry;
using Microsoft.Extensions.Logging;

namespace Callwatch.Search;

/// <summary>Documents of a few journal records.</summary>
/// <param name="Attempt">Grows when reading begins again: what was built before is no longer wanted.</param>
internal sealed record IndexBatch(List<SearchDocument> Documents, long Through, int Attempt);

/// <summary>What the index's own thread does: journal records into documents, documents into files. Everything here is of that thread.</summary>
internal sealed partial class SearchIndexing : IDisposable
{
    private static readonly TimeSpan SaveEvery = TimeSpan.FromMinutes(1);

    private readonly SearchFolder folder;
    private readonly IJournal journal;
    private readonly Counters counters;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly DataHold? hold;
    private readonly Func<SeenMessages, LateLogs, DocumentBuilder> makeBuilder;
    private readonly SearchWriter writer;
    private readonly SeenFile seenFile;
    private readonly SeenMessages seen = new();
    private LateLogs late;
    private DocumentBuilder builder;
    private long saved;
    private bool changed;

    public SearchIndexing(SearchFolder folder, SearchMode mode, SpanNormalizer normalizer, IJournal journal, Counters counters, TimeProvider time, ILogger log, DataHold? hold = null, long mostDocuments = SearchWriter.MostDocuments)
    {
        (this.folder, this.journal, this.counters, this.time, this.log, this.hold) = (folder, journal, counters, time, log, hold);
        writer = new SearchWriter(folder, mostDocuments);
        seenFile = new SeenFile(folder.Folder, log);
        makeBuilder = (messages, logs) => new DocumentBuilder(normalizer, new SpanListener(messages, mode), logs, log);
        late = new LateLogs(journal);
        builder = makeBuilder(seen, late);
        saved = time.GetTimestamp();
        foreach (var lost in folder.Catalog.LostAtStart)
        {
            counters.Add(Reason.DamagedSearchFile);
            Damaged(lost, journal.FirstNumber);
        }

        foreach (var day in folder.Catalog.LostDays) ReadAgain(day);
    }

    /// <summary>Where reading goes on.</summary>
    public Position Place => folder.Contents.Position!.Value;

    /// <summary>Knows again what was seen when it was saved; the record after which it has to be reminded of what came since.</summary>
    public long Recall()
    {
        const int enough = 5_000;
        return Math.Max(journal.FirstNumber - 1, Math.Min(Place.Number, seenFile.Load(seen, journal.Epoch) ?? Place.Number - enough));
    }

    /// <summary>Records that are indexed already, read again to know what was seen.</summary>
    public void Remember(IReadOnlyList<JournalRecord> records) => builder.Build(records);

    /// <summary>How often reading has begun again.</summary>
    public int Attempt => folder.Contents.Attempt;

    public IndexBatch Build(IReadOnlyList<JournalRecord> records) => new(builder.Build(records), records[^1].Number, Attempt);

    /// <summary>False when a damaged file was met and reading has to begin again.</summary>
    public bool Write(IndexBatch batch)
    {
        if (batch.Attempt != Attempt) return false;
        try
        {
            writer.Apply(batch.Documents, batch.Through);
            changed = true;
            if (time.GetElapsedTime(saved) >= SaveEvery) Save();
            return true;
        }
        catch (DamagedSearchFileException e)
        {
            BeginAgain(e.File);
            return false;
        }
    }

    public void Save()
    {
        saved = time.GetTimestamp();
        if (!changed) return;
        changed = false;
        // What waits for its span is read again too.
        var through = Place;
        seenFile.Save(seen, through with { Number = Math.Min(through.Number, (late.Oldest ?? long.MaxValue) - 1) });
    }

    /// <summary>A question met damage in a file; unless that has been seen to meanwhile.</summary>
    /// <exception cref="IOException">A backup is being made, which must find every file: to be tried again. So elsewhere here, where damage is met.</exception>
    public void BeginAgain(Suspicion suspicion)
    {
        if (suspicion.Attempt == Attempt) BeginAgain(suspicion.File);
    }

    /// <summary>The file is set aside, and what the journal still holds of its day is indexed again.</summary>
    private void BeginAgain(SearchFile damaged)
    {
        // Retention has taken it meanwhile.
        if (!folder.Contents.Files.Any(file => file.Name == damaged.Name)) return;
        using var removing = hold?.TryRemove();
        if (hold is not null && removing is null) throw new IOException($"{damaged.Name} is damaged, and cannot be set aside while a backup is being made");
        // The files first: where they cannot be moved all stays as it is, and a question that finds one gone does not take its silence for an answer.
        foreach (var file in folder.Contents.Files.Where(file => file.Day == damaged.Day).ToList())
        {
            writer.Release(file);
            folder.Forget(file);
            if (file.Name == damaged.Name) SearchFolder.SetAside(folder.PathOf(file));
            else SearchFolder.Delete(folder.PathOf(file));
        }

        ReadAgain(damaged.Day);
        counters.Add(Reason.DamagedSearchFile);
        Damaged(damaged.Name, journal.FirstNumber);

        // What was seen was seen in what is gone.
        seen.Clear();
        late = new LateLogs(journal);
        builder = makeBuilder(seen, late);
    }

    private void ReadAgain(DateOnly day) => folder.Catalog.BeginAgain(day, journal.FirstNumber, journal.CompleteFrom, HasWhole(day));

    // A span ends at most a day after it came.
    private bool HasWhole(DateOnly day) =>
        (journal.CompleteFrom <= 1 && journal.Find(1) is not null) || (journal.Find(journal.CompleteFrom) is { } oldest && oldest.ReceivedAt < Partition.StartOf(day).Plus(-TimeSpan.FromDays(1)));

    /// <summary>Takes files of days that nobody keeps rows of any more; while a backup copies, later.</summary>
    public void Retire(Func<SearchFile, bool> isOver)
    {
        using var removing = hold?.TryRemove();
        if (hold is not null && removing is null) return;
        foreach (var file in folder.Contents.Files.Where(isOver))
        {
            writer.Release(file);
            folder.Forget(file);
            SearchFolder.Delete(folder.PathOf(file));
            folder.Catalog.Remove(file);
            Retired(file.Name, file.Documents);
        }
    }

    /// <summary>A little of the merging of a file that nothing is added to; false when it has none left, or turned out damaged.</summary>
    public bool Merge(SearchFile file)
    {
        try
        {
            return writer.Merge(file);
        }
        catch (DamagedSearchFileException e)
        {
            BeginAgain(e.File);
            return false;
        }
    }

    public void Dispose()
    {
        Save();
        writer.Dispose();
    }

    [LoggerMessage(EventId = 454, Level = LogLevel.Error, Message = "{File} of the full-text index is damaged and was set aside; its day is indexed again from journal record {Number}")]
    private partial void Damaged(string file, long number);

    [LoggerMessage(EventId = 455, Level = LogLevel.Information, Message = "{File} of the full-text index is past its retention: {Documents} spans are no longer found by their text")]
    private partial void Retired(string file, long documents);
}
