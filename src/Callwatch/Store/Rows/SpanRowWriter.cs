using Callwatch.Store.Partitions;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Rows;

/// <summary>Writes rows of <c>spans</c>.</summary>
internal sealed class SpanRowWriter(SqliteConnection connection, PartitionWords words) : IDisposable
{
    private const string Columns = """
        INTO spans (id, tenant, app, trace, span, parent, kind, outcome, name, display, start, "end", duration, environment, release, user, session,
          http_status, error_type, error_group, merged_into, content, received, number, "offset", length, thin, own)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28)
        """;

    private readonly Statement insert = new(connection, "INSERT " + Columns);
    private readonly Statement replace = new(connection, "INSERT OR REPLACE " + Columns);
    private readonly Statement delete = new(connection, "DELETE FROM spans WHERE id = ?1");
    private readonly byte[] trace = new byte[16];

    public void Insert(SpanRow row) => Write(insert, row);

    public void Replace(SpanRow row) => Write(replace, row);

    public void Delete(long id) => delete.Bind(1, id).Run();

    public void Dispose()
    {
        insert.Dispose();
        replace.Dispose();
        delete.Dispose();
    }

    private void Write(Statement to, SpanRow row)
    {
        var span = row.Span;
        span.TraceId.Write(trace);
        var name = words.Id(span.Name);
        to.Bind(1, row.Id).Bind(2, span.TenantId).Bind(3, span.AppId).BindBlob(4, trace)
            .Bind(5, unchecked((long)span.SpanId.Value)).Bind(6, unchecked((long)span.ParentSpanId.Value))
            .Bind(7, (long)span.Kind).Bind(8, (long)span.Outcome)
            .Bind(9, name).Bind(10, span.DisplayName == span.Name ? name : words.Id(span.DisplayName))
            .Bind(11, span.Start.UnixNanoseconds).Bind(12, span.End.UnixNanoseconds).Bind(13, span.DurationNanoseconds)
            .Bind(14, words.IdOrNull(span.Environment)).Bind(15, words.IdOrNull(span.Release))
            .Bind(16, words.IdOrNull(span.UserId)).Bind(17, words.IdOrNull(span.SessionId))
            .Bind(18, span.HttpStatus).Bind(19, words.IdOrNull(span.Error?.Type)).Bind(20, words.IdOrNull(span.Error?.Group))
            .Bind(21, span.MergedInto is { } merged ? unchecked((long)merged.Value) : null)
            .Bind(22, (long)span.Content).Bind(23, row.ReceivedAt.UnixNanoseconds)
            .Bind(24, row.Version.Number).Bind(25, row.Version.Offset).Bind(26, row.Length)
            .BindUtf8(27, ThinFacts.Of(span, row.IsCall)).BindUtf8(28, row.OwnUtf8)
            .Run();
    }
}
