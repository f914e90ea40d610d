using System.Collections.Concurrent;
using Callwatch.Spans;
using Callwatch.Store.Rows;
using Callwatch.Store.Sqlite;
using Callwatch.Store.Writing;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Partitions;

/// <summary>
/// A connection to one partition that can only read; for one thread at a time. Give it back by disposing of it.
/// No read transaction may outlive 2 s: a longer one keeps the writer's log from being folded in.
/// </summary>
public sealed class PartitionReader : IDisposable, IWords
{
    private const string OfOneTrace = $" {SpanRows.FromSpans} WHERE s.trace = $trace AND s.tenant = $tenant";
    private const string WholeSpans = $"SELECT {SpanRows.Columns}, c.overflow, c.feedback{OfOneTrace}";
    private const string OldSpans = $"SELECT {SpanRows.Columns}, c.overflow, NULL{OfOneTrace}";

    private readonly PartitionReaders owner;
    private readonly ConcurrentDictionary<long, string> known;
    private readonly HashSet<string> indexes = new(StringComparer.Ordinal);
    private Statement? findWord;
    private SqliteCommand? findId;
    private SqliteCommand? spansOf;
    private SqliteCommand? logsOf;
    private SqliteCommand? summaryOf;
    private SqliteCommand? spanOf;
    private SqliteCommand? spanLogs;
    private Statement? begin;
    private Statement? end;
    private Statement? version;
    private bool preparedOld;

    internal PartitionReader(PartitionReaders owner, string file, SqliteConnection connection, ConcurrentDictionary<long, string> known, HeldRoom room)
    {
        this.owner = owner;
        this.known = known;
        Held = new HeldReadings(room);
        File = file;
        Connection = connection;
    }

    public SqliteConnection Connection { get; }

    internal string File { get; }

    /// <summary>False while nothing was written to a file since an older version made it.</summary>
    internal bool HasDerived => field || (field = StoreDatabase.SchemaOf(Connection) >= 2);

    /// <summary>The same of users' judgements, and of what business records come to.</summary>
    internal bool HasFeedback => field || (field = StoreDatabase.SchemaOf(Connection) >= (File == History.HistoryFile.File ? 3 : 4));

    /// <summary>Whether every hour that stands has its peaks.</summary>
    internal bool HasPeaks => field || (field = HasFeedback && StoreDatabase.Number(Connection, "SELECT value FROM meta WHERE key = 'judged'") is not null);

    /// <summary>Whether the file has an index of this name; it is not taken away again.</summary>
    internal bool HasIndex(string name)
    {
        if (indexes.Contains(name)) return true;
        using var command = Command("SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = $name");
        command.Parameters.AddWithValue("$name", name);
        return command.ExecuteScalar() is not null && indexes.Add(name);
    }

    /// <summary>Whether tools, retrievals and nodes can be read without their rows.</summary>
    internal bool HasSteps => field || (field = File != History.HistoryFile.File && StoreDatabase.SchemaOf(Connection) >= 5);

    /// <summary>Whether what stands has figures by environment: those that were moved to the history by an early version have none.</summary>
    internal bool HasEnvironments => field || (field = File != History.HistoryFile.File && StoreDatabase.SchemaOf(Connection) >= 6);

    /// <summary>Whether failures can be counted without their rows.</summary>
    internal bool HasFailures => field || (field = File != History.HistoryFile.File && StoreDatabase.SchemaOf(Connection) >= 7);

    /// <summary>What stands of the file in the version that the transaction sees; only to be used within one.</summary>
    internal HeldReadings Held { get; }

    /// <summary>How many questions it has answered.</summary>
    internal int Answered { get; set; }

    /// <summary>Whether the functions that questions call have been made known to this connection.</summary>
    internal bool HasFunctions { get; set; }

    /// <summary>Until <see cref="EndMoment"/> everything is read as of now. Not the driver's own transaction: that would cling to prepared commands.</summary>
    internal void BeginMoment()
    {
        try
        {
            (begin ??= new Statement(Connection, "BEGIN")).Run();
            Held.Begin((version ??= new Statement(Connection, "PRAGMA data_version")).Number() ?? -1);
        }
        catch
        {
            // The connection is used again by others.
            if (SQLitePCL.raw.sqlite3_get_autocommit(Connection.Handle) == 0) EndMoment();
            throw;
        }
    }

    internal void EndMoment() => (end ??= new Statement(Connection, "ROLLBACK")).Run();

    /// <summary>A command on this connection, for the caller to fill and dispose of.</summary>
    public SqliteCommand Command(string sql)
    {
        var command = Connection.CreateCommand();
        command.CommandText = sql;
        return command;
    }

    public string Word(long id)
    {
        if (known.TryGetValue(id, out var word)) return word;
        // Windows of a week have hundreds of thousands of users and tags, and each day's file numbers for them.
        findWord ??= new Statement(Connection, "SELECT word FROM words WHERE id = ?1");
        word = findWord.Bind(1, id).Step() ? findWord.Text(0) : "";
        findWord.Reset();
        // Ids are given once and for good, so all readers of a file share what has been looked up.
        if (known.Count > 50_000) known.Clear();
        known[id] = word;
        return word;
    }

    /// <summary>The id of a text; null when no row of this partition has it, so that none needs to be looked for.</summary>
    public long? IdOf(string word)
    {
        findId ??= Prepare("SELECT id FROM words WHERE word = $key");
        findId.Parameters[0].Value = word;
        return findId.ExecuteScalar() as long?;
    }

    /// <summary>A trace's spans, for <see cref="SpanRows.Read"/>, and after its columns the call's overflow and feedback. One at a time.</summary>
    internal SqliteDataReader SpansOf(int tenant, TraceId trace) =>
        OfTrace(ref spansOf, IsOld() ? OldSpans : WholeSpans, tenant, trace);

    /// <summary>span, time, number, offset of the log records joined to a trace's spans. One at a time.</summary>
    internal SqliteDataReader LogsOf(int tenant, TraceId trace) =>
        OfTrace(ref logsOf, """SELECT span, time, number, "offset" FROM joined_logs WHERE trace = $trace AND tenant = $tenant""", tenant, trace);

    /// <summary>The row of the trace as a whole, with the columns of <see cref="TraceRow.Read"/>. One at a time.</summary>
    internal SqliteDataReader SummaryOf(int tenant, TraceId trace) =>
        OfTrace(ref summaryOf, $"SELECT {TraceRow.Columns} FROM traces WHERE trace = $trace AND tenant = $tenant", tenant, trace);

    /// <summary>As <see cref="SpansOf(int, TraceId)"/>, of one span.</summary>
    internal SqliteDataReader SpansOf(int tenant, TraceId trace, SpanId span) => OfTrace(
        ref spanOf, (IsOld() ? OldSpans : WholeSpans) + " AND s.span = $span", tenant, trace, span);

    internal SqliteDataReader LogsOf(int tenant, TraceId trace, SpanId span) => OfTrace(
        ref spanLogs, """SELECT span, time, number, "offset" FROM joined_logs WHERE trace = $trace AND tenant = $tenant AND span = $span""", tenant, trace, span);

    /// <summary>Gives the connection back.</summary>
    public void Dispose() => owner.Return(this);

    internal void Close()
    {
        foreach (var command in (SqliteCommand?[])[findId, spansOf, logsOf, summaryOf, spanOf, spanLogs]) command?.Dispose();
        foreach (var statement in (Statement?[])[findWord, begin, end, version]) statement?.Dispose();
        Held.Clear();
        Connection.Dispose();
    }

    private bool IsOld()
    {
        if (preparedOld && HasFeedback)
        {
            // The file has been brought up to date meanwhile.
            spansOf?.Dispose();
            spanOf?.Dispose();
            (spansOf, spanOf) = (null, null);
        }

        return preparedOld = !HasFeedback;
    }

    // Kept prepared: compiling the statement costs more than running it.
    private SqliteDataReader OfTrace(ref SqliteCommand? command, string sql, int tenant, TraceId trace, SpanId? span = null)
    {
        if (command is null)
        {
            command = Command(sql);
            command.Parameters.Add(new SqliteParameter { ParameterName = "$trace" });
            command.Parameters.Add(new SqliteParameter { ParameterName = "$tenant" });
            if (span is not null) command.Parameters.Add(new SqliteParameter { ParameterName = "$span" });
        }

        command.Parameters[0].Value = trace.ToBytes();
        command.Parameters[1].Value = tenant;
        if (span is { } one) command.Parameters[2].Value = unchecked((long)one.Value);
        return command.ExecuteReader();
    }

    private SqliteCommand Prepare(string sql)
    {
        var command = Command(sql);
        command.Parameters.Add(new SqliteParameter { ParameterName = "$key" });
        return command;
    }
}
