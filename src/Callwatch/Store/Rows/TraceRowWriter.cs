using Callwatch.Store.Partitions;
using Callwatch.Store.Sqlite;
using Callwatch.Store.Writing;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Rows;

/// <summary>Writes rows of <c>traces</c>.</summary>
internal sealed class TraceRowWriter(SqliteConnection connection, PartitionWords words) : IDisposable
{
    private readonly Statement put = new(connection, """
        INSERT INTO traces (trace, tenant, app, start, "end", duration, outcome, kind, name, user, session, environment, span_count, call_count,
          error_count, total_tokens, cost, received, number, whole, thin)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)
        ON CONFLICT (trace, tenant) DO UPDATE SET app = ?3, start = ?4, "end" = ?5, duration = ?6, outcome = ?7, kind = ?8, name = ?9, user = ?10,
          session = ?11, environment = ?12, span_count = ?13, call_count = ?14, error_count = ?15, total_tokens = ?16, cost = ?17, received = ?18,
          number = ?19, whole = ?20, thin = ?21
        """);
    private readonly Statement delete = new(connection, "DELETE FROM traces WHERE trace = ?1 AND tenant = ?2");
    private readonly byte[] trace = new byte[16];

    public void Put(TraceKey key, TraceRow row)
    {
        key.TraceId.Write(trace);
        put.BindBlob(1, trace).Bind(2, key.TenantId).Bind(3, row.Root.AppId).Bind(4, row.Start.UnixNanoseconds).Bind(5, row.End.UnixNanoseconds)
            .Bind(6, Math.Max(0, row.End.UnixNanoseconds - row.Start.UnixNanoseconds)).Bind(7, (long)row.Root.Outcome).Bind(8, (long)row.Root.Kind)
            .Bind(9, words.Id(row.Root.DisplayName)).Bind(10, words.IdOrNull(row.User)).Bind(11, words.IdOrNull(row.Session))
            .Bind(12, words.IdOrNull(row.Root.Environment)).Bind(13, row.SpanCount).Bind(14, row.CallCount).Bind(15, row.ErrorCount)
            .Bind(16, row.TotalTokens).Bind(17, row.CostPico).Bind(18, row.ReceivedAt.UnixNanoseconds).Bind(19, row.Number)
            .Bind(20, row.IsWhole ? 1 : 0).BindUtf8(21, row.Thin).Run();
    }

    public void Delete(TraceKey key)
    {
        key.TraceId.Write(trace);
        delete.BindBlob(1, trace).Bind(2, key.TenantId).Run();
    }

    public void Dispose()
    {
        put.Dispose();
        delete.Dispose();
    }
}
