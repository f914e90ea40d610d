using Callwatch.Journal;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Settle;

/// <summary>One file of the settled sequence. Reading opens a connection of its own, so that it can go on beside the writer.</summary>
internal sealed class SettledFile(string path, long first)
{
    private const string Columns = "seq, tenant, trace, revision, reason, settled_at, first_received, last_received, first_number, last_number, places";

    private long? lastNumber;

    public string Path => path;

    /// <summary>The number its name says: no revision in it has a lower one.</summary>
    public long First => first;

    public string Name => System.IO.Path.GetFileName(path);

    public SqliteConnection OpenToWrite()
    {
        var connection = StoreDatabase.OpenForWriting(path, "settled", cacheKib: 8_192);

        // Lanes remember numbers of this sequence: unlike the store's rows, a commit must not be lost in a power cut.
        StoreDatabase.Execute(connection, "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000");
        return connection;
    }

    public List<SettledRevision> Page(int tenantId, long after, int count)
    {
        using var connection = StoreDatabase.OpenForReading(path);
        using var rows = new Statement(connection, $"SELECT {Columns} FROM settled WHERE tenant = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3");
        return Read(rows.Bind(1, tenantId).Bind(2, after).Bind(3, count));
    }

    public SettledRevision? Find(long seq)
    {
        using var connection = StoreDatabase.OpenForReading(path);
        using var rows = new Statement(connection, $"SELECT {Columns} FROM settled WHERE seq = ?1");
        return Read(rows.Bind(1, seq)) is [var found] ? found : null;
    }

    /// <summary>The first number with something received at the moment or later; null when the file has none.</summary>
    public long? FirstSince(Timestamp receivedAt)
    {
        using var connection = StoreDatabase.OpenForReading(path);
        using var row = new Statement(connection, "SELECT min(seq) FROM settled WHERE last_received >= ?1");
        return row.Bind(1, receivedAt.UnixNanoseconds).Number();
    }

    /// <summary>
    /// Revisions of one trace. The plus keeps the tenant's own index out of it: read in order, all that the tenant ever had would be looked
    /// through for each trace.
    /// </summary>
    internal const string OfTrace = $"SELECT {Columns} FROM settled WHERE trace = ?1 AND +tenant = ?2 ORDER BY seq";

    public List<SettledRevision> Of(int tenantId, TraceId trace)
    {
        using var connection = StoreDatabase.OpenForReading(path);
        using var rows = new Statement(connection, OfTrace);
        return Read(rows.BindBlob(1, trace.ToBytes()).Bind(2, tenantId));
    }

    /// <summary>Of the traces in it.</summary>
    public TraceFilter Filter()
    {
        using var reading = StoreDatabase.OpenForReading(path);
        var filter = TraceFilter.ForCapacity((int)Math.Min(SettledLog.MostInFile, StoreDatabase.Number(reading, "SELECT count(*) FROM settled") ?? 0));
        using var rows = new Statement(reading, "SELECT trace FROM settled");
        while (rows.Step())
            if (TraceId.TryRead(rows.Blob(0), out var trace)) filter.Add(trace);
        return filter;
    }

    /// <summary>What of each trace has been carried, for those with a record after the given number.</summary>
    public static void Covered(SqliteConnection connection, long after, Dictionary<(int Tenant, TraceId Trace), Carried> into)
    {
        using var rows = new Statement(connection, "SELECT tenant, trace, first_number, last_number, last_offset, reason FROM settled WHERE last_number > ?1 ORDER BY seq");
        rows.Bind(1, after);
        while (rows.Step())
        {
            // Records that are passed on as they came belong to no trace; of a tenant they stand in the order they came.
            if (!TraceId.TryRead(rows.Blob(1), out var trace) && rows.Long(5) != (long)SettleReason.PassedOn) continue;
            var key = ((int)rows.Long(0), trace);
            into[key] = new Carried(into.TryGetValue(key, out var before) ? Math.Min(before.First, rows.Long(2)) : rows.Long(2), rows.Long(3), (int)rows.Long(4));
        }
    }

    /// <summary>Revisions of the tenant behind the number.</summary>
    public long CountBehind(int tenantId, long after)
    {
        using var connection = StoreDatabase.OpenForReading(path);
        using var row = new Statement(connection, "SELECT count(*) FROM settled WHERE tenant = ?1 AND seq > ?2");
        return row.Bind(1, tenantId).Bind(2, after).Number() ?? 0;
    }

    /// <summary>The same of those that began within these journal numbers.</summary>
    public long CountBegun(int tenantId, long after, long firstNumber, long lastNumber)
    {
        using var connection = StoreDatabase.OpenForReading(path);
        using var row = new Statement(connection, "SELECT count(*) FROM settled WHERE tenant = ?1 AND seq > ?2 AND first_number BETWEEN ?3 AND ?4");
        return row.Bind(1, tenantId).Bind(2, after).Bind(3, firstNumber).Bind(4, lastNumber).Number() ?? 0;
    }

    public long? Last()
    {
        using var connection = StoreDatabase.OpenForReading(path);
        return Last(connection);
    }

    public (Position Read, long Needed)? Place()
    {
        using var connection = StoreDatabase.OpenForReading(path);
        return Place(connection);
    }

    public static long? Last(SqliteConnection connection) => StoreDatabase.Number(connection, "SELECT max(seq) FROM settled");

    /// <summary>Of a file that is not written any more: the last journal record that anything in it refers to.</summary>
    public long LastNumber()
    {
        if (lastNumber is { } known) return known;
        using var connection = StoreDatabase.OpenForReading(path);
        lastNumber = StoreDatabase.Number(connection, "SELECT max(last_number) FROM (SELECT last_number FROM settled ORDER BY seq DESC LIMIT 10000)") ?? 0;
        return lastNumber.Value;
    }

    public static (Position Read, long Needed)? Place(SqliteConnection connection)
    {
        using var row = new Statement(connection, "SELECT epoch, read, needed FROM place");
        if (!row.Step() || !Guid.TryParse(row.Text(0), System.Globalization.CultureInfo.InvariantCulture, out var epoch)) return null;
        var place = (new Position(epoch, row.Long(1)), row.Long(2));
        row.Reset();
        return place;
    }

    private static List<SettledRevision> Read(Statement rows)
    {
        List<SettledRevision> revisions = [];
        while (rows.Step())
        {
            if (!TraceId.TryRead(rows.Blob(2), out var trace) && rows.Long(4) != (long)SettleReason.PassedOn) continue;
            var (spans, logs) = SettledPlaces.Read(rows.Blob(10), rows.Long(8));
            revisions.Add(new SettledRevision
            {
                Seq = rows.Long(0),
                TenantId = (int)rows.Long(1),
                TraceId = trace,
                Revision = (int)rows.Long(3),
                Reason = (SettleReason)rows.Long(4),
                SettledAt = new Timestamp(rows.Long(5)),
                FirstReceivedAt = new Timestamp(rows.Long(6)),
                LastReceivedAt = new Timestamp(rows.Long(7)),
                FirstNumber = rows.Long(8),
                LastNumber = rows.Long(9),
                Spans = spans,
                Logs = logs,
            });
        }

        return revisions;
    }
}

/// <summary>What earlier revisions have carried of a trace: from a journal record on, up to a place within another.</summary>
internal readonly record struct Carried(long First, long LastNumber, int LastOffset)
{
    public bool Holds(long number, int offset) => number >= First && (number, offset).CompareTo((LastNumber, LastOffset)) <= 0;
}
