using System.Globalization;
using Callwatch.Control;
using Callwatch.Spans;
using Callwatch.Store;
using Dapper;

namespace Callwatch.Costs.Reconciling;

/// <summary>An export that was imported.</summary>
public sealed record ReconcileImport(long Id, string Name, string Provider, string Kind, DateOnly FirstDay, DateOnly LastDay, int Lines, string Who, Timestamp Time);

/// <summary>How keeping an export ended.</summary>
public abstract record KeepResult
{
    private KeepResult()
    {
    }

    public sealed record Kept(ReconcileImport Import) : KeepResult;

    /// <summary>The tenant has as many as it may: some have to go first.</summary>
    public sealed record Full(int Most) : KeepResult;
}

/// <summary>The providers' exports that were imported, in control data: bounded by tenant, each change with its row of audit.</summary>
public sealed class ReconcileImports(ControlDb db, TimeProvider time)
{
    /// <summary>Most of one tenant.</summary>
    public const int Most = 48;

    private const int LongestName = 120;
    private const string Columns = "id, name, provider, kind, first_day AS FirstDay, last_day AS LastDay, lines, who, time";

    public KeepResult Keep(int tenantId, string name, UsageExport export, string who)
    {
        using var connection = db.Open();
        using var transaction = connection.BeginTransaction(deferred: false);
        if (connection.ExecuteScalar<long>("SELECT count(*) FROM reconcile_imports WHERE tenant = @tenantId", new { tenantId }, transaction) >= Most) return new KeepResult.Full(Most);
        var now = Timestamp.From(time.GetUtcNow());
        var title = string.IsNullOrWhiteSpace(name) ? export.Provider + " " + export.Kind : name.Trim();
        var import = new ReconcileImport(0, title.Length > LongestName ? title[..LongestName] : title, export.Provider, export.Kind, export.Rows[0].Day, export.Rows[^1].Day, export.Lines, who, now);
        var id = connection.ExecuteScalar<long>(
            """
            INSERT INTO reconcile_imports (tenant, name, provider, kind, first_day, last_day, lines, who, time)
            VALUES (@tenantId, @Name, @Provider, @Kind, @first, @last, @Lines, @Who, @now) RETURNING id
            """,
            new { tenantId, import.Name, import.Provider, import.Kind, first = Text(import.FirstDay), last = Text(import.LastDay), import.Lines, import.Who, now = now.UnixNanoseconds }, transaction);
        connection.Execute(
            "INSERT INTO reconcile_rows (import, day, model, requests, input, cache_read, cache_write, output, cost) VALUES (@id, @day, @Model, @Requests, @Input, @CacheRead, @CacheWrite, @Output, @cost)",
            export.Rows.Select(row => new { id, day = Text(row.Day), row.Model, row.Requests, row.Input, row.CacheRead, row.CacheWrite, row.Output, cost = Pico(row.Usd) }), transaction);
        Note(connection, transaction, tenantId, who, "import for reconciling", import with { Id = id });
        transaction.Commit();
        return new KeepResult.Kept(import with { Id = id });
    }

    /// <summary>Latest first.</summary>
    public IReadOnlyList<ReconcileImport> List(int tenantId)
    {
        using var connection = db.Open();
        return [.. connection.Query<Row>($"SELECT {Columns} FROM reconcile_imports WHERE tenant = @tenantId ORDER BY id DESC", new { tenantId }).Select(row => row.ToImport())];
    }

    /// <summary>Null when the tenant has no such import.</summary>
    public (ReconcileImport Import, UsageExport Export)? Find(int tenantId, long id)
    {
        using var connection = db.Open();
        if (connection.QueryFirstOrDefault<Row>($"SELECT {Columns} FROM reconcile_imports WHERE tenant = @tenantId AND id = @id", new { tenantId, id })?.ToImport() is not { } import) return null;
        var rows = connection.Query<UsageLine>("SELECT day, model, requests, input, cache_read AS CacheRead, cache_write AS CacheWrite, output, cost FROM reconcile_rows WHERE import = @id ORDER BY day, model", new { id });
        return (import, new UsageExport(import.Provider, import.Kind, [.. rows.Select(row => row.ToRow())], import.Lines));
    }

    /// <summary>False when the tenant has no such import.</summary>
    public bool Delete(int tenantId, long id, string who)
    {
        using var connection = db.Open();
        using var transaction = connection.BeginTransaction(deferred: false);
        if (connection.QueryFirstOrDefault<Row>($"SELECT {Columns} FROM reconcile_imports WHERE tenant = @tenantId AND id = @id", new { tenantId, id }, transaction)?.ToImport() is not { } import) return false;
        connection.Execute("DELETE FROM reconcile_imports WHERE id = @id", new { id }, transaction);
        Note(connection, transaction, tenantId, who, "delete a reconciling import", import);
        transaction.Commit();
        return true;
    }

    private static void Note(Microsoft.Data.Sqlite.SqliteConnection connection, Microsoft.Data.Sqlite.SqliteTransaction transaction, int tenantId, string who, string what, ReconcileImport import)
    {
        var detail = System.Text.Json.JsonSerializer.Serialize(new Dictionary<string, string>
        {
            ["id"] = import.Id.ToString(CultureInfo.InvariantCulture),
            ["name"] = import.Name,
            ["provider"] = import.Provider,
            ["kind"] = import.Kind,
            ["from"] = Text(import.FirstDay),
            ["to"] = Text(import.LastDay),
        });
        connection.Execute("INSERT INTO audit (time, tenant, who, what, detail) VALUES (@now, @tenantId, @who, @what, @detail)", new { now = import.Time.UnixNanoseconds, tenantId, who, what, detail }, transaction);
    }

    // A day's bill of a large organization is more than Money allows one call.
    private static long? Pico(decimal? usd) => usd is { } value ? (long)decimal.Round(Math.Clamp(value, -9_000_000m, 9_000_000m) * 1_000_000_000_000m, 0, MidpointRounding.AwayFromZero) : null;

    private static string Text(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static DateOnly Day(string text) => DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture);

    private sealed record Row
    {
        public required long Id { get; init; }

        public required string Name { get; init; }

        public required string Provider { get; init; }

        public required string Kind { get; init; }

        public required string FirstDay { get; init; }

        public required string LastDay { get; init; }

        public required long Lines { get; init; }

        public required string Who { get; init; }

        public required long Time { get; init; }

        public ReconcileImport ToImport() => new(Id, Name, Provider, Kind, Day(FirstDay), Day(LastDay), (int)Lines, Who, new Timestamp(Time));
    }

    private sealed record UsageLine
    {
        public required string Day { get; init; }

        public required string Model { get; init; }

        public long? Requests { get; init; }

        public long? Input { get; init; }

        public long? CacheRead { get; init; }

        public long? CacheWrite { get; init; }

        public long? Output { get; init; }

        public long? Cost { get; init; }

        public UsageRow ToRow() => new(ReconcileImports.Day(Day), Model, Requests, Input, CacheRead, CacheWrite, Output, Money.ToUsd(Cost));
    }
}
