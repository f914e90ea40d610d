using System.Collections;
using System.Globalization;
using Callwatch.Query.Filters;
using Callwatch.Query.Filters.Sql;
using Callwatch.Search;
using Callwatch.Search.Finding;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Sqlite;

namespace Callwatch.Query.Running;

/// <summary>One question on its way through the partitions, with its time and its caller's patience.</summary>
internal sealed class QueryRun(StoreFolder store, SearchIndex? search, TimeProvider time, QueryOptions options, CancellationToken cancel) : IDisposable
{
    private readonly long started = time.GetTimestamp();
    private readonly Dictionary<(string File, string Query), string?> foundRows = [];
    private WordSearch? words;
    private bool hasNoted;

    /// <summary>One steady view for the whole question, newest first.</summary>
    public IReadOnlyList<Partition> Partitions { get; } = store.Partitions;

    /// <summary>Journal number of the newest record that can be seen.</summary>
    public long AsOf { get; } = store.Partitions.Select(partition => partition.Applied).DefaultIfEmpty().Max();

    public QueryOptions Options => options;

    public CancellationToken Cancel => cancel;

    public Timestamp Now => Timestamp.From(time.GetUtcNow());

    /// <summary>True when a list should answer with what it has.</summary>
    public bool PageIsDue => time.GetElapsedTime(started) >= options.PageTime;

    public bool TimeIsUp => time.GetElapsedTime(started) >= options.TimeLimit;

    /// <summary>Share of the time that has gone, from 0.</summary>
    public double Spent => time.GetElapsedTime(started) / options.TimeLimit;

    public IEnumerable<Partition> Between(Timestamp from, Timestamp to) => Partitions.Where(partition => partition.From < to && from < partition.To);

    public IEnumerable<Partition> MayHold(TraceId trace) => store.MayHold(trace);

    /// <summary>The full-text index; null while there is none.</summary>
    public WordSearch? Words => words ??= search?.Ask(() => TimeIsUp || cancel.IsCancellationRequested);

    /// <summary>What a question at the index has come to in a partition, worked out once.</summary>
    public string? FoundRows(string file, string query, Func<string?> find)
    {
        if (!foundRows.TryGetValue((file, query), out var rows)) foundRows[(file, query)] = rows = find();
        return rows;
    }

    /// <summary>True when a file of the full-text index turned out damaged in the middle of the answer.</summary>
    public bool MissedWords => words?.MissedSome == true;

    /// <summary>Days of which the full-text index has lost something: there only names and previews were looked through.</summary>
    public IReadOnlyList<DateOnly> TextLeftOut => words is null ? [] : [.. words.LeftOut];

    /// <summary>What is known of a file without opening it; null of one that is being written, and of one that is gone.</summary>
    public FileNote? NoteOf(Partition partition)
    {
        if (store.Notes.Find(partition.File) is { } known) return known;
        if (store.Notes.Begin(partition.File) is not { } stamp) return null;
        using var open = Open(partition);
        if (open is null) return null;
        using var moment = open.AsOfOneMoment();
        var note = FileNoteReader.Read(open);
        store.Notes.Keep(partition.File, stamp, note);
        hasNoted = true;
        return note;
    }

    public void Dispose()
    {
        words?.Dispose();
        if (hasNoted) store.Notes.Save();
    }

    /// <exception cref="TimeIsUpException">It is.</exception>
    /// <exception cref="OperationCanceledException">The caller went away.</exception>
    public void Check()
    {
        cancel.ThrowIfCancellationRequested();
        if (TimeIsUp) throw new TimeIsUpException();
    }

    /// <summary>Figures whose rows are gone, to be read as a partition is; null while there are none.</summary>
    public OpenPartition? OpenHistory(Partition everything)
    {
        Check();
        if (store.OpenHistory() is not { } reader) return null;
        return new OpenPartition(everything, reader, this);
    }

    /// <summary>A connection that gives up when the time is up or the caller has gone; null when retention has just taken the file.</summary>
    public OpenPartition? Open(Partition partition)
    {
        Check();
        if (store.Open(partition) is not { } reader) return null;
        return new OpenPartition(partition, reader, this);
    }
}

/// <summary>Which texts of a dictionary are meant: a few as a JSON array of their ids; where they are many, the number of their marks, a bit a text.</summary>
internal readonly record struct WordHits(string? Ids, int Marks)
{
    public const int Few = 2_000;
}

/// <summary>A partition being read by one question.</summary>
internal sealed class OpenPartition : IDisposable
{
    // About a tenth of a millisecond of work: often enough to stop at once, seldom enough not to be felt.
    private const int StepsBetweenChecks = 10_000;

    /// <summary>SQL function: whether the text with this id is among those of the marks with this number.</summary>
    public const string WordHit = "word_hit";

    private const int BusyMilliseconds = 250;

    private readonly QueryRun run;
    private readonly List<SpanHits> offers = [];
    private readonly Dictionary<string, WordHits?> asked = new(StringComparer.Ordinal);
    private readonly List<BitArray> hits = [];

    public OpenPartition(Partition partition, PartitionReader reader, QueryRun run)
    {
        this.run = run;
        Partition = partition;
        Reader = reader;

        // Once: to make a function known again would have every statement that is kept compiled anew.
        if (!reader.HasFunctions) FilterSql.Register(reader.Connection);
        reader.HasFunctions = true;
        // A file that is locked for longer than a moment is being rebuilt: to wait for it would outlast the question's time.
        _ = SQLitePCL.raw.sqlite3_busy_timeout(reader.Connection.Handle, BusyMilliseconds);
        SQLitePCL.raw.sqlite3_progress_handler(reader.Connection.Handle, StepsBetweenChecks, MustStop, null);
    }

    public Partition Partition { get; }

    public PartitionReader Reader { get; }

    public QueryRun Run => run;

    /// <summary>The functions of SQL through which rows are asked of these hits; the number to ask by.</summary>
    public long Offer(SpanHits offered)
    {
        if (offers.Count == 0) WordTerms.Register(Reader.Connection, offers);
        var at = offers.IndexOf(offered);
        if (at >= 0) return at;
        offers.Add(offered);
        return offers.Count - 1;
    }

    /// <summary>Tenant and number of apps whose figures are not to be read here: they stand in the history.</summary>
    public IReadOnlyList<(int Tenant, int App)> MovedApps { get; set; } = [];

    /// <summary>Tenant and apps of a question as a condition over the given table.</summary>
    public string Owner(Asked asked, string table)
    {
        var moved = MovedApps.Where(app => app.Tenant == asked.TenantId).Select(app => app.App.ToString(CultureInfo.InvariantCulture)).ToList();
        return moved.Count == 0 ? asked.Owner(table) : $"{asked.Owner(table)} AND {table}.app NOT IN ({string.Join(", ", moved)})";
    }

    /// <summary>The dictionary's texts that contain this one, whatever the case; found once per question. Null when there are none.</summary>
    public WordHits? WordsWith(string text)
    {
        if (asked.TryGetValue(text, out var known)) return known;
        var marks = new BitArray(1_024);
        var few = new List<long>();
        using (var word = new Statement(Reader.Connection, "SELECT id, word FROM words"))
        {
            while (word.Step())
            {
                if (!FilterMatch.HasText(word.Text(1), text)) continue;
                var id = word.Long(0);
                if (few.Count <= WordHits.Few) few.Add(id);
                if (id >= marks.Length) marks.Length = (int)id * 2;
                marks[(int)id] = true;
            }
        }

        if (few.Count == 0) return asked[text] = null;
        if (few.Count <= WordHits.Few) return asked[text] = new WordHits("[" + string.Join(',', few) + "]", -1);
        if (hits.Count == 0)
            Reader.Connection.CreateFunction(WordHit, (long marks, long? id) => id is { } word && marks < hits.Count && word < hits[(int)marks].Length && hits[(int)marks][(int)word]);
        hits.Add(marks);
        return asked[text] = new WordHits(null, hits.Count - 1);
    }

    /// <summary>Until it is disposed of, everything is read as of now.</summary>
    public IDisposable AsOfOneMoment() => new Moment(this);

    /// <summary>What was read of the partition before, as it stands at the one moment it is read as of; null outside of one.</summary>
    public HeldReadings? Held { get; private set; }

    public void Dispose()
    {
        // The connection outlives the question, which must not be kept with it.
        if (offers.Count > 0) WordTerms.Unregister(Reader.Connection);
        SQLitePCL.raw.sqlite3_progress_handler(Reader.Connection.Handle, 0, null, null);
        // The connection is kept for the next question; what this one found is not.
        hits.Clear();
        asked.Clear();
        Reader.Dispose();
    }

    private int MustStop(object? state) => run.TimeIsUp || run.Cancel.IsCancellationRequested ? 1 : 0;

    private sealed class Moment : IDisposable
    {
        private readonly OpenPartition open;

        public Moment(OpenPartition open)
        {
            this.open = open;
            open.Reader.BeginMoment();
            open.Held = open.Reader.Held;
        }

        public void Dispose()
        {
            open.Held = null;
            open.Reader.EndMoment();
        }
    }
}
