using Callwatch.Spans;
using Dapper;

namespace Callwatch.Control;

/// <summary>A repricing that was begun.</summary>
/// <param name="Difference">What was shown before, as JSON.</param>
/// <param name="Ended">Null while it goes on; it then goes on after a restart too.</param>
/// <param name="Reason">Why it did not come to its end.</param>
public sealed record RepricingRecord(
    long Id, int Tenant, Timestamp From, Timestamp To, string? App, string? Model, string? Q, string Book, string Difference, string Who, Timestamp Started, Timestamp? Ended, string? Reason);

/// <summary>The repricings of all tenants, each with its row of audit.</summary>
public sealed class RepricingLog(ControlDb db, TimeProvider time)
{
    private const string Columns =
        "id, tenant, from_end AS FromEnd, to_end AS ToEnd, app, model, q, book, difference, who, started, ended, reason";

    /// <summary>Puts it down before anything is changed, with who wanted it; the answer is its number.</summary>
    public long Begin(RepricingRecord wanted)
    {
        using var connection = db.Open();
        using var transaction = connection.BeginTransaction();
        var now = Timestamp.From(time.GetUtcNow()).UnixNanoseconds;
        connection.Execute(
            "INSERT INTO audit (time, tenant, who, what, detail) VALUES (@now, @Tenant, @Who, 'reprice', @Difference)",
            new { now, wanted.Tenant, wanted.Who, wanted.Difference }, transaction);
        var id = connection.ExecuteScalar<long>(
            """
            INSERT INTO repricings (tenant, from_end, to_end, app, model, q, book, difference, who, started)
            VALUES (@Tenant, @from, @to, @App, @Model, @Q, @Book, @Difference, @Who, @now) RETURNING id
            """,
            new { wanted.Tenant, from = wanted.From.UnixNanoseconds, to = wanted.To.UnixNanoseconds, wanted.App, wanted.Model, wanted.Q, wanted.Book, wanted.Difference, wanted.Who, now },
            transaction);
        transaction.Commit();
        return id;
    }

    public void End(long id, string? reason)
    {
        using var connection = db.Open();
        connection.Execute("UPDATE repricings SET ended = @now, reason = @reason WHERE id = @id", new { id, reason, now = Timestamp.From(time.GetUtcNow()).UnixNanoseconds });
    }

    /// <summary>Latest first.</summary>
    public IReadOnlyList<RepricingRecord> List(int tenant, int limit)
    {
        using var connection = db.Open();
        return [.. connection.Query<Row>($"SELECT {Columns} FROM repricings WHERE tenant = @tenant ORDER BY id DESC LIMIT @limit", new { tenant, limit }).Select(row => row.ToRecord())];
    }

    /// <summary>Begun and not ended, of any tenant; first come first.</summary>
    public RepricingRecord? Unfinished()
    {
        using var connection = db.Open();
        return connection.QueryFirstOrDefault<Row>($"SELECT {Columns} FROM repricings WHERE ended IS NULL ORDER BY id LIMIT 1")?.ToRecord();
    }

    private sealed record Row
    {
        public required long Id { get; init; }

        public required long Tenant { get; init; }

        public required long FromEnd { get; init; }

        public required long ToEnd { get; init; }

        public string? App { get; init; }

        public string? Model { get; init; }

        public string? Q { get; init; }

        public required string Book { get; init; }

        public required string Difference { get; init; }

        public required string Who { get; init; }

        public required long Started { get; init; }

        public long? Ended { get; init; }

        public string? Reason { get; init; }

        public RepricingRecord ToRecord() => new(
            Id, (int)Tenant, new Timestamp(FromEnd), new Timestamp(ToEnd), App, Model, Q, Book, Difference, Who, new Timestamp(Started), Ended is { } ended ? new Timestamp(ended) : null, Reason);
    }
}
