using Callwatch.Spans;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Rollups;

/// <summary>The error groups of one partition, written: a group is recounted from its calls, which an index over failed calls alone finds.</summary>
internal sealed class ErrorGroupTable(SqliteConnection connection) : IDisposable
{
    private const string Key = "tenant = ?1 AND app = ?2 AND fingerprint = ?3 AND provider = ?4 AND model = ?5";

    private readonly Dictionary<Group, Change> changes = [];
    private readonly Statement add = new(connection, """
        INSERT INTO error_groups (tenant, app, fingerprint, provider, model, type, message, calls, first_seen, last_seen, sample_trace)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
        ON CONFLICT DO UPDATE SET calls = calls + excluded.calls, first_seen = min(first_seen, excluded.first_seen),
          sample_trace = CASE WHEN (excluded.last_seen, excluded.sample_trace) > (last_seen, sample_trace) THEN excluded.sample_trace ELSE sample_trace END,
          last_seen = max(last_seen, excluded.last_seen)
        """);
    private readonly Statement remove = new(connection, $"DELETE FROM error_groups WHERE {Key}");
    private readonly Statement recount = new(connection, """
        SELECT count(*), min("end"), max("end") FROM calls
        WHERE fingerprint = ?3 AND tenant = ?1 AND app = ?2 AND coalesce(provider, 0) = ?4 AND coalesce(model, 0) = ?5
        """);
    private readonly Statement sample = new(connection, """
        SELECT max(s.trace) FROM calls c JOIN spans s ON s.id = c.id
        WHERE c.fingerprint = ?3 AND c."end" = ?6 AND c.tenant = ?1 AND c.app = ?2 AND coalesce(c.provider, 0) = ?4 AND coalesce(c.model, 0) = ?5
        """);

    public void Add(Span call, ErrorFingerprint fingerprint, long provider, long model)
    {
        var change = ChangeOf(call, fingerprint, provider, model);
        change.Calls++;
        if (change.First == 0 || call.End.UnixNanoseconds < change.First) change.First = call.End.UnixNanoseconds;
        if ((call.End.UnixNanoseconds, call.TraceId).CompareTo((change.Last, change.Sample)) <= 0) return;
        (change.Last, change.Sample) = (call.End.UnixNanoseconds, call.TraceId);
    }

    public void Subtract(Span call, ErrorFingerprint fingerprint, long provider, long model) =>
        ChangeOf(call, fingerprint, provider, model).Recount = true;

    /// <summary>After the calls themselves have been written.</summary>
    public void Flush()
    {
        foreach (var (group, change) in changes)
        {
            if (change.Recount && !Recount(group, change)) continue;
            Bind(add, group).BindText(6, change.Type).BindText(7, change.Message).Bind(8, change.Calls).Bind(9, change.First)
                .Bind(10, change.Last).BindBlob(11, change.Sample.ToBytes()).Run();
        }

        changes.Clear();
    }

    public void Dispose()
    {
        add.Dispose();
        remove.Dispose();
        recount.Dispose();
        sample.Dispose();
    }

    // First, last and sample may be those of the call that went: only the rows know the next ones.
    private bool Recount(Group group, Change change)
    {
        Bind(remove, group).Run();
        Bind(recount, group).Step();
        (change.Calls, change.First, change.Last) = (recount.Long(0), recount.Long(1), recount.Long(2));
        recount.Reset();
        if (change.Calls == 0) return false;
        Bind(sample, group).Bind(6, change.Last).Step();
        TraceId.TryRead(sample.Blob(0), out var trace);
        change.Sample = trace;
        sample.Reset();
        return true;
    }

    private Change ChangeOf(Span call, ErrorFingerprint fingerprint, long provider, long model)
    {
        var group = new Group(call.TenantId, call.AppId, fingerprint.Value, provider, model);
        if (!changes.TryGetValue(group, out var change)) changes[group] = change = new Change(call.Error!.Type, fingerprint.Message);
        return change;
    }

    private static Statement Bind(Statement statement, Group group) =>
        statement.Bind(1, group.Tenant).Bind(2, group.App).Bind(3, group.Fingerprint).Bind(4, group.Provider).Bind(5, group.Model);

    private readonly record struct Group(int Tenant, int App, long Fingerprint, long Provider, long Model);

    private sealed class Change(string type, string message)
    {
        public string Type { get; } = type;
        public string Message { get; } = message;
        public long Calls { get; set; }
        public long First { get; set; }
        public long Last { get; set; }
        public TraceId Sample { get; set; }
        public bool Recount { get; set; }
    }
}
