using Callwatch.Journal;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Settle;

/// <summary>The one who writes to a file of the settled sequence. For one thread.</summary>
internal sealed class SettledWriter : IDisposable
{
    private readonly SqliteConnection connection;
    private readonly Statement insert;

    public SettledWriter(SettledFile file)
    {
        connection = file.OpenToWrite();
        try
        {
            insert = new Statement(connection, """
                INSERT INTO settled (seq, tenant, trace, revision, reason, settled_at, first_received, last_received, first_number, last_number, last_offset, places)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
                """);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Revisions with the place in the journal that belongs to them, in one transaction.</summary>
    public void Append(IReadOnlyList<SettledRevision> revisions, IReadOnlyList<int> lastOffsets, Position read, long needed)
    {
        using var transaction = connection.BeginTransaction();
        for (var i = 0; i < revisions.Count; i++) Insert(revisions[i], lastOffsets[i]);
        Put(read, needed);
        transaction.Commit();
    }

    public void Put(Position read, long needed)
    {
        using var put = new Statement(connection, "INSERT OR REPLACE INTO place (id, epoch, read, needed) VALUES (1, ?1, ?2, ?3)");
        put.BindText(1, read.Epoch.ToString("D")).Bind(2, read.Number).Bind(3, needed).Run();
    }

    /// <summary>Records from there on are needed again.</summary>
    public void Need(long after)
    {
        if (SettledFile.Place(connection) is { } place && after < place.Needed) Put(place.Read, after);
    }

    public void Dispose()
    {
        insert.Dispose();
        connection.Dispose();
    }

    private void Insert(SettledRevision revision, int lastOffset) => insert
        .Bind(1, revision.Seq).Bind(2, revision.TenantId).BindBlob(3, revision.TraceId.ToBytes()).Bind(4, revision.Revision).Bind(5, (long)revision.Reason)
        .Bind(6, revision.SettledAt.UnixNanoseconds).Bind(7, revision.FirstReceivedAt.UnixNanoseconds).Bind(8, revision.LastReceivedAt.UnixNanoseconds)
        .Bind(9, revision.FirstNumber).Bind(10, revision.LastNumber).Bind(11, lastOffset).BindBlob(12, SettledPlaces.Write(revision)).Run();
}
