using System.Globalization;
using Callwatch.Normalize;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Rollups;
using Callwatch.Store.Rows;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Writing;

/// <summary>
/// One partition, written. Everything between <see cref="Begin"/> and <see cref="Commit"/> is one transaction: rows, what they add to
/// figures, and the journal number up to which the file has been applied.
/// </summary>
internal sealed class PartitionWriter : IDisposable
{
    /// <summary>Key in <c>meta</c>: the version of the rules by which the first rows were normalised.</summary>
    public const string RulesKey = "rules";

    /// <summary>Key in <c>meta</c>: users' judgements and business records of all rows are counted, and all hours that stand have peaks.</summary>
    public const string JudgedKey = "judged";

    private readonly SqliteConnection connection;
    private readonly PartitionWords words;
    private readonly SpanRowWriter spans;
    private readonly CallRowWriter calls;
    private readonly TraceRowWriter traces;
    private readonly RecordRowWriter records;
    private readonly RollupTable rollups;
    private readonly FacetTable facets;
    private readonly ErrorGroupTable errors;
    private readonly ModelRequestTable requests;
    private readonly Statement begin, commit, addLog, setApplied;
    private readonly TraceFilter filter;
    private readonly byte[] trace = new byte[16];
    private long nextId;

    public PartitionWriter(string folder, Partition partition, TraceFilter filter, int cacheKib)
    {
        this.filter = filter;
        connection = StoreDatabase.OpenForWriting(Path.Combine(folder, partition.File), "partition", cacheKib);
        // Tells this file from any that takes its name later: row ids are places only within it.
        StoreDatabase.Execute(connection, "INSERT OR IGNORE INTO meta (key, value) VALUES ('identity', random())");
        // A batch that failed on its way may have been committed here and not in the catalog.
        Partition = FoundFiles.AppliedIn(connection) == partition.Applied ? partition : FoundFiles.AsFound(connection, partition);
        words = new PartitionWords(connection);
        spans = new SpanRowWriter(connection, words);
        calls = new CallRowWriter(connection, words);
        traces = new TraceRowWriter(connection, words);
        rollups = new RollupTable(connection, StoreDatabase.Number(connection, "SELECT value FROM meta WHERE key = 'minutes_until'") ?? 0);
        records = new RecordRowWriter(connection, words, rollups.Touch);
        facets = new FacetTable(connection, words);
        errors = new ErrorGroupTable(connection);
        requests = new ModelRequestTable(connection, words);
        begin = new Statement(connection, "BEGIN IMMEDIATE");
        commit = new Statement(connection, "COMMIT");
        addLog = new Statement(connection, """INSERT OR IGNORE INTO joined_logs (trace, tenant, span, time, number, "offset") VALUES (?1, ?2, ?3, ?4, ?5, ?6)""");
        setApplied = new Statement(connection, "INSERT OR REPLACE INTO meta (key, value) VALUES ('applied', ?1)");
        nextId = (StoreDatabase.Number(connection, "SELECT max(id) FROM spans") ?? 0) + 1;
        if (partition.Applied == 0) StoreDatabase.Execute(connection, string.Create(CultureInfo.InvariantCulture, $"INSERT OR IGNORE INTO meta (key, value) VALUES ('{RulesKey}', {SpanNormalizer.RulesVersion}), ('{JudgedKey}', 1)"));
    }

    /// <summary>To be copied from between batches, on the writer's thread.</summary>
    public SqliteConnection Connection => connection;

    /// <summary>As of the batch under way.</summary>
    public Partition Partition { get; private set; }

    public bool InBatch { get; private set; }

    public void Begin()
    {
        if (InBatch) return;
        begin.Run();
        InBatch = true;
    }

    /// <summary>Puts a span, new here or in place of its row <paramref name="before"/>, and moves the figures by the difference.</summary>
    public StoredSpan Put(SpanState state, Span judged, bool counts, StoredSpan? before)
    {
        if (before is { IsCall: true }) TakeAway(before);
        if (before is not null) requests.Count(before.Judged, -1);
        requests.Count(judged, 1);
        var id = before?.RowId ?? nextId++;
        var row = new SpanRow(id, judged, state.Version, state.Length, state.ReceivedAt, counts) { OwnUtf8 = OwnFacts.Of(state.Raw, judged) };
        if (before is null) spans.Insert(row);
        else spans.Replace(row);
        if (before is not null && RecordFigures.IsRecord(before.Judged.Kind) && !RecordFigures.IsRecord(judged.Kind)) records.Delete(id);
        long overflow = 0;
        if (counts)
        {
            overflow = Count(judged, out var fingerprint);
            calls.Put(row, fingerprint, overflow);
        }
        else if (before is { IsCall: true })
        {
            calls.Delete(id);
        }

        Saw(judged);
        return new StoredSpan(Partition.File, Partition.Day, id, judged, state.Version, counts, overflow);
    }

    public void Remove(StoredSpan stored)
    {
        requests.Count(stored.Judged, -1);
        if (stored.IsCall)
        {
            TakeAway(stored);
            calls.Delete(stored.RowId);
        }

        if (RecordFigures.IsRecord(stored.Judged.Kind)) records.Delete(stored.RowId);
        spans.Delete(stored.RowId);
    }

    /// <param name="sums">Null when the span is no record to be counted.</param>
    public void PutRecord(StoredSpan stored, long[]? sums)
    {
        if (sums is null) records.Delete(stored.RowId);
        else records.Put(stored.RowId, stored.Judged, sums);
    }

    public void PutTrace(TraceKey key, TraceRow row)
    {
        traces.Put(key, row);
        filter.Add(key.TraceId);
    }

    public void RemoveTrace(TraceKey key) => traces.Delete(key);

    public void AddLog(in ArrivedLog log)
    {
        log.TraceId.Write(trace);
        addLog.BindBlob(1, trace).Bind(2, log.TenantId).Bind(3, unchecked((long)log.SpanId.Value)).Bind(4, log.Place.Time.UnixNanoseconds)
            .Bind(5, log.Place.Version.Number).Bind(6, log.Place.Version.Offset).Run();
        filter.Add(log.TraceId);
    }

    public void Commit(long applied)
    {
        rollups.Flush();
        facets.Flush();
        errors.Flush();
        requests.Flush();
        setApplied.Bind(1, applied).Run();
        commit.Run();
        InBatch = false;
        Partition = Partition with { Rows = nextId - 1, Applied = applied };
    }

    public void Dispose()
    {
        foreach (var part in (IDisposable[])[spans, calls, traces, records, rollups, facets, errors, requests, words, begin, commit, addLog, setApplied]) part.Dispose();
        connection.Dispose();
    }

    private long Count(Span call, out long? fingerprint)
    {
        rollups.Add(DimensionsOf(call), call);
        fingerprint = null;
        if (call.Error is { } error)
        {
            var print = ErrorFingerprint.Of(error);
            fingerprint = print.Value;
            errors.Add(call, print, words.IdOrNull(call.Call!.Provider) ?? 0, words.IdOrNull(call.Call.Model) ?? 0);
        }

        return facets.Add(call);
    }

    private void TakeAway(StoredSpan stored)
    {
        var call = stored.Judged;
        rollups.Subtract(DimensionsOf(call), call);
        facets.Subtract(call, stored.Overflow);
        if (call.Error is { } error)
            errors.Subtract(call, ErrorFingerprint.Of(error), words.IdOrNull(call.Call!.Provider) ?? 0, words.IdOrNull(call.Call.Model) ?? 0);
    }

    private RollupDimensions DimensionsOf(Span call) => new(
        call.TenantId, call.AppId, words.IdOrNull(call.Environment) ?? 0, (int)call.Kind, words.IdOrNull(call.Call!.Operation) ?? 0,
        words.IdOrNull(call.Call.Provider) ?? 0, words.IdOrNull(call.Call.Model) ?? 0, (int)call.Outcome,
        words.IdOrNull(call.Call.RequestModel ?? call.Call.Model) ?? 0);

    private void Saw(Span span)
    {
        filter.Add(span.TraceId);
        if (Partition.FirstEnd is not { } first || span.End < first) Partition = Partition with { FirstEnd = span.End };
        if (Partition.LastEnd is not { } last || span.End > last) Partition = Partition with { LastEnd = span.End };
    }
}
