using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Rollups;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Rows;

/// <summary>Writes rows of <c>records</c>. Says of each change which moments it touches, because hours are made of these rows.</summary>
internal sealed class RecordRowWriter(SqliteConnection connection, PartitionWords words, Action<Timestamp> touch) : IDisposable
{
    private readonly Statement find = new(connection, """
        SELECT "end" FROM records WHERE id = ?1 AND tenant = ?2 AND app = ?3 AND "end" = ?4 AND kind = ?5 AND outcome = ?6 AND duration IS ?7
          AND environment IS ?8 AND user IS ?9 AND session IS ?10 AND figures = ?11
        """);
    private readonly Statement ends = new(connection, """SELECT "end" FROM records WHERE id = ?1""");
    private readonly Statement put = new(connection, """
        INSERT OR REPLACE INTO records (id, tenant, app, "end", kind, outcome, duration, environment, user, session, figures)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
        """);
    private readonly Statement delete = new(connection, "DELETE FROM records WHERE id = ?1");

    public void Put(long id, Span record, ReadOnlySpan<long> sums)
    {
        var figures = RecordFigures.ToBlob(sums);
        if (Bind(find, id, record, figures).Number() is not null) return;
        Forget(id);
        Bind(put, id, record, figures).Run();
        touch(record.End);
    }

    public void Delete(long id)
    {
        if (Forget(id)) delete.Bind(1, id).Run();
    }

    public void Dispose()
    {
        foreach (var statement in (Statement[])[find, ends, put, delete]) statement.Dispose();
    }

    // The hour in which it stood is another one now.
    private bool Forget(long id)
    {
        if (ends.Bind(1, id).Number() is not { } end) return false;
        touch(new Timestamp(end));
        return true;
    }

    private Statement Bind(Statement statement, long id, Span record, byte[] figures) =>
        statement.Bind(1, id).Bind(2, record.TenantId).Bind(3, record.AppId).Bind(4, record.End.UnixNanoseconds).Bind(5, (long)record.Kind).Bind(6, (long)record.Outcome)
            .Bind(7, record.DurationNanoseconds).Bind(8, words.IdOrNull(record.Environment)).Bind(9, words.IdOrNull(record.UserId)).Bind(10, words.IdOrNull(record.SessionId))
            .BindBlob(11, figures);
}
