using System.Text;
using Callwatch.Query.Filters;
using Callwatch.Query.Filters.Sql;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Sqlite;

namespace Callwatch.Query.Running;

/// <summary>One question on its way through the partitions, with its time and its caller's patience.</summary>
internal sealed class QueryRun(StoreFolder store, TimeProvider time, QueryOptions options, CancellationToken cancel)
{
    private readonly long started = time.GetTimestamp();

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

    /// <summary>Those whose figures have not been moved elsewhere.</summary>
    public IEnumerable<Partition> ForFigures(Timestamp from, Timestamp to) => Between(from, to);

    public IEnumerable<Partition> MayHold(TraceId trace) => store.MayHold(trace);

    /// <exception cref="TimeIsUpException">It is.</exception>
    /// <exception cref="OperationCanceledException">The caller went away.</exception>
    public void Check()
    {
        cancel.ThrowIfCancellationRequested();
        if (TimeIsUp) throw new TimeIsUpException();
    }

    /// <summary>A connection that gives up when the time is up or the caller has gone; null when retention has just taken the file.</summary>
    public OpenPartition? Open(Partition partition)
    {
        Check();
        if (store.Open(partition) is not { } reader) return null;
        FilterSql.Register(reader.Connection);
        return new OpenPartition(partition, reader, this);
    }
}

/// <summary>A partition being read by one question.</summary>
internal sealed class OpenPartition : IDisposable
{
    // About a tenth of a millisecond of work: often enough to stop at once, seldom enough not to be felt.
    private const int StepsBetweenChecks = 10_000;

    private const int BusyMilliseconds = 250;

    private readonly QueryRun run;
    private readonly Dictionary<string, string?> hits = new(StringComparer.Ordinal);

    public OpenPartition(Partition partition, PartitionReader reader, QueryRun run)
    {
        this.run = run;
        Partition = partition;
        Reader = reader;
        // A file that is locked for longer than a moment is being rebuilt: to wait for it would outlast the question's time.
        _ = SQLitePCL.raw.sqlite3_busy_timeout(reader.Connection.Handle, BusyMilliseconds);
        SQLitePCL.raw.sqlite3_progress_handler(reader.Connection.Handle, StepsBetweenChecks, MustStop, null);
    }

    public Partition Partition { get; }

    public PartitionReader Reader { get; }

    /// <summary>The ids of the dictionary's texts that contain this one, whatever the case, as a JSON array; null when there is none. Found once per question.</summary>
    public string? WordsWith(string text)
    {
        if (hits.TryGetValue(text, out var known)) return known;
        var ids = new StringBuilder();
        using (var word = new Statement(Reader.Connection, "SELECT id, word FROM words"))
        {
            while (word.Step())
                if (FilterMatch.HasText(word.Text(1), text)) ids.Append(ids.Length == 0 ? '[' : ',').Append(word.Long(0));
        }

        return hits[text] = ids.Length == 0 ? null : ids.Append(']').ToString();
    }

    /// <summary>Until it is disposed of, everything is read as of the first reading. Not the driver's own transaction: that would cling to the reader's prepared commands.</summary>
    public IDisposable AsOfOneMoment() => new Moment(Reader);

    public void Dispose()
    {
        SQLitePCL.raw.sqlite3_progress_handler(Reader.Connection.Handle, 0, null, null);
        Reader.Dispose();
    }

    private int MustStop(object? state) => run.TimeIsUp || run.Cancel.IsCancellationRequested ? 1 : 0;

    private sealed class Moment : IDisposable
    {
        private readonly PartitionReader reader;

        public Moment(PartitionReader reader)
        {
            this.reader = reader;
            Execute("BEGIN");
        }

        public void Dispose() => Execute("ROLLBACK");

        private void Execute(string sql)
        {
            using var command = reader.Command(sql);
            command.ExecuteNonQuery();
        }
    }
}
