using Callwatch.Journal;
using Callwatch.Normalize;
using Callwatch.Normalize.Pricing;
using Callwatch.Spans;
using Callwatch.Store.Derived;
using Callwatch.Store.Partitions;
using Callwatch.Store.Reading;
using Callwatch.Store.Rows;
using Callwatch.Store.Writing;
using Callwatch.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;

namespace Callwatch.Store.Reindexing;

/// <summary>
/// Some days of the store, made anew from the journal in a folder of their own, by the very writer that made the store. Spans of the same
/// traces on other days are taken from their rows as they stand, so that every trace is judged whole. For one thread at a time.
/// </summary>
internal sealed class Rebuild : IDisposable
{
    private readonly StoreFolder live;
    private readonly IJournal journal;
    private readonly PriceBooks prices;
    private readonly IReadOnlySet<DateOnly> days;
    private readonly StoreWriter writer;
    private readonly BatchBuilder builder;
    private readonly Checkpoints checkpoints;
    private readonly HashSet<TraceKey> seeded = [];
    private readonly Dictionary<string, PartitionReader?> readers = [];

    public Rebuild(string path, StoreFolder live, IJournal journal, PriceBooks prices, StoreOptions options, IReadOnlySet<DateOnly> days)
    {
        (this.live, this.journal, this.prices, this.days) = (live, journal, prices, days);
        // What storing has counted once is not counted again.
        var counters = new Counters();
        var normalizer = new SpanNormalizer(prices);
        Folder = new StoreFolder(path);
        builder = new BatchBuilder(normalizer, counters, NullLogger<BatchBuilder>.Instance);
        writer = new StoreWriter(
            Folder, new StoreOptions { MostRows = options.MostRows, HotSpans = options.HotSpans, CacheKib = Math.Min(options.CacheKib, 16_384) },
            prices.PriceAgain, new JournalSpans(journal, normalizer, prices).Again, counters);
        checkpoints = new Checkpoints(path);
    }

    public StoreFolder Folder { get; }

    /// <summary>The last record it has taken in.</summary>
    public long Reached { get; set; }

    /// <summary>Days with spans whose log records the journal no longer has: they would come out poorer than they stand.</summary>
    public HashSet<DateOnly> Poorer { get; } = [];

    /// <summary>Called before each commit, for tests that stop there.</summary>
    public Action<string>? BeforeCommit
    {
        get => writer.BeforeCommit;
        set => writer.BeforeCommit = value;
    }

    public void Take(IReadOnlyList<JournalRecord> records)
    {
        if (records.Count == 0) return;
        try
        {
            var batch = Chosen(builder.Build(records, journal.Epoch));
            if (batch.Spans.Count + batch.Logs.Count > 0) Store(batch);
            Reached = records[^1].Number;
        }
        finally
        {
            foreach (var reader in readers.Values) reader?.Dispose();
            readers.Clear();
        }

        if (checkpoints.Hurry(writer.Unsynced)) Checkpoint();
    }

    public void Checkpoint()
    {
        if (checkpoints.Run(writer.Unsynced)) writer.Unsynced.Clear();
    }

    /// <summary>Builds what closed partitions have: the indexes that filters use, and the figures by few dimensions. Later spans may still be added.</summary>
    public void Close(DateOnly day, TimeProvider time, CancellationToken cancel)
    {
        var closing = new PartitionClosing(Folder, time);
        foreach (var partition in Folder.Partitions.Where(partition => partition.Day == day && partition is { Closed: false, Applied: > 0 }))
        {
            writer.Release(partition.File);
            using (var derivation = new Derivation(Path.Combine(Folder.Folder, partition.File))) derivation.MakeAll(cancel);
            closing.Confirm(closing.Close(partition, cancel));
        }
    }

    /// <summary>Traces that also have spans on days that are not rebuilt.</summary>
    public IReadOnlyList<TraceKey> ReachingOut()
    {
        var keys = new HashSet<TraceKey>(seeded);
        foreach (var partition in Folder.Partitions.Where(partition => !days.Contains(partition.Day)))
        {
            using var reader = Folder.Open(partition);
            using var command = reader!.Command("SELECT DISTINCT tenant, trace FROM spans");
            using var row = command.ExecuteReader();
            while (row.Read())
                if (TraceId.TryRead(row.GetFieldValue<byte[]>(1), out var trace)) keys.Add(new TraceKey(row.GetInt32(0), trace));
        }

        return [.. keys];
    }

    /// <summary>Lets go of all files, complete on disk.</summary>
    public void Dispose()
    {
        writer.Dispose();
        Folder.Dispose();
    }

    // A fault over one record must not keep the others from being rebuilt; storing has counted and logged it.
    private void Store(StoreBatch batch)
    {
        try
        {
            writer.Apply(batch);
        }
        catch (Exception e) when (e is not (Microsoft.Data.Sqlite.SqliteException or IOException or UnauthorizedAccessException or OutOfMemoryException or OperationCanceledException))
        {
            var parts = batch.ByRecord();
            if (parts.Count > 1)
                foreach (var part in parts) Store(part);
        }
    }

    private StoreBatch Chosen(StoreBatch batch)
    {
        var here = new HashSet<TraceKey>();
        foreach (var arrived in batch.Spans)
            if (days.Contains(Partition.DayOf(arrived.Span.End))) here.Add(KeyOf(arrived.Span));
        bool IsOurs(TraceKey key) => here.Contains(key) || Folder.MayHold(key.TraceId).Any();
        var spans = batch.Spans.Where(arrived => IsOurs(KeyOf(arrived.Span))).ToList();
        var logs = batch.Logs.Where(log => days.Contains(Partition.DayOf(log.ReceivedAt)) || IsOurs(new TraceKey(log.TenantId, log.TraceId))).ToList();
        foreach (var key in here)
            if (!seeded.Contains(key)) AddOtherDays(key, spans, logs);
        for (var i = 0; i < spans.Count; i++)
            if (spans[i] is { AsStored: false, Span.Call: not null } arrived) spans[i] = arrived with { Span = Priced(arrived) };
        return batch with { Spans = spans, Logs = logs };
    }

    // What stands of the trace on days that are not rebuilt. Once is enough: what comes later is read from the journal, since the trace is known now.
    private void AddOtherDays(TraceKey key, List<ArrivedSpan> spans, List<ArrivedLog> logs)
    {
        foreach (var partition in live.MayHold(key.TraceId))
        {
            if (days.Contains(partition.Day) || Reader(partition) is not { } reader) continue;
            seeded.Add(key);
            AddLogs(key, partition, reader, spans, logs);
            using var rows = reader.SpansOf(key.TenantId, key.TraceId);
            for (var count = 0; count <= TraceState.MostJudged && rows.Read(); count++)
            {
                var row = SpanRows.Read(rows, reader);
                spans.Add(new ArrivedSpan(row.Raw, row.Version, row.Length, row.ReceivedAt, LogsSeen: int.MaxValue, AsStored: true));
            }
        }
    }

    private void AddLogs(TraceKey key, Partition partition, PartitionReader reader, List<ArrivedSpan> spans, List<ArrivedLog> logs)
    {
        using var rows = reader.LogsOf(key.TenantId, key.TraceId);
        while (rows.Read())
        {
            var place = new LogPlace(new Timestamp(rows.GetInt64(1)), new SpanVersion(rows.GetInt64(2), rows.GetInt32(3)));
            logs.Add(new ArrivedLog(key.TenantId, key.TraceId, new SpanId(unchecked((ulong)rows.GetInt64(0))), place, partition.From));
            if (place.Version.Number >= journal.FirstNumber && journal.FindItems(place.Version.Number, place.Version.Offset) is not null) continue;
            Poorer.UnionWith(spans.Where(span => !span.AsStored && KeyOf(span.Span) == key).Select(span => Partition.DayOf(span.Span.End)));
        }
    }

    // As its row says. One that was lost was priced when it came, by the book of that time.
    private Span Priced(in ArrivedSpan arrived)
    {
        var (span, call) = (arrived.Span, arrived.Span.Call!);
        if (Stored(span) is { } row) return KeptCost.On(span, row.Raw, row.ReceivedAt, prices);
        if (call.Cost.Source == "given" || prices.InForceAt(arrived.ReceivedAt) is not { } book || book == prices.Version) return span;
        return span with { Call = call with { Cost = prices.Price(call, span.Kind, span.Outcome, span.Start, book) } };
    }

    private SpanRow? Stored(Span span)
    {
        foreach (var partition in live.MayHold(span.TraceId))
        {
            if (Reader(partition) is not { } reader) continue;
            using var rows = reader.SpansOf(span.TenantId, span.TraceId, span.SpanId);
            if (rows.Read()) return SpanRows.Read(rows, reader);
        }

        return null;
    }

    private PartitionReader? Reader(Partition partition) =>
        readers.TryGetValue(partition.File, out var reader) ? reader : readers[partition.File] = live.Open(partition);

    private static TraceKey KeyOf(Span span) => new(span.TenantId, span.TraceId);
}
