using System.Text.Json.Nodes;
using Callwatch.Spans;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Callwatch.Control;

/// <summary>Somebody has changed something.</summary>
/// <param name="What">In words: <c>make key</c>, <c>revoke key</c>, <c>rotate data keys</c>, ...</param>
/// <param name="Detail">JSON; never a secret.</param>
public sealed record AuditRow(long Id, Timestamp Time, string Who, string What, string Detail);

/// <summary>Who changed what. Rows are written with the change, in its transaction, and never deleted.</summary>
public sealed class AuditLog(ControlDb db)
{
    /// <summary>Of a tenant, latest first; with tenant 0 also what concerned the whole instance.</summary>
    /// <param name="withInstance">Whether changes of the instance are among them.</param>
    public IReadOnlyList<AuditRow> List(int tenantId, bool withInstance, int limit)
    {
        using var connection = db.Open();
        return
        [
            .. connection.Query<(long Id, long Time, string Who, string What, string Detail)>(
                    "SELECT id, time, who, what, detail FROM audit WHERE tenant = @tenantId OR (@withInstance AND tenant = 0) ORDER BY id DESC LIMIT @limit",
                    new { tenantId, withInstance, limit })
                .Select(row => new AuditRow(row.Id, new Timestamp(row.Time), row.Who, row.What, row.Detail)),
        ];
    }

    /// <param name="who">Null where nobody did it by hand: then there is no row.</param>
    internal static void Add(SqliteConnection connection, SqliteTransaction? transaction, TimeProvider time, int tenantId, string? who, string what, JsonObject detail)
    {
        if (who is null) return;
        connection.Execute(
            "INSERT INTO audit (time, tenant, who, what, detail) VALUES (@now, @tenantId, @who, @what, @detail)",
            new { now = Timestamp.From(time.GetUtcNow()).UnixNanoseconds, tenantId, who, what, detail = detail.ToJsonString() },
            transaction);
    }
}
