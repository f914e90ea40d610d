using System.Text.Json.Nodes;
using Callwatch.Spans;
using Dapper;

namespace Callwatch.Control;

/// <summary>The tenants, as a snapshot that is read again when anybody has changed them.</summary>
public sealed class Tenants(ControlDb db, TimeProvider time)
{
    /// <summary>Number of the tenant <c>default</c>.</summary>
    public const int DefaultId = 1;

    public const string DefaultName = "default";

    /// <summary>What <see cref="IsLegalName"/> asks, for people.</summary>
    public const string LegalNames = "A name has 1 to 64 of a-z, 0-9, '-', '_', '.'; it goes into a header.";

    private readonly Snapshot<IReadOnlyList<Tenant>> snapshot = new(db, "tenants", connection =>
        [.. connection.Query<(long Id, string Name)>("SELECT id, name FROM tenants ORDER BY id").Select(row => new Tenant((int)row.Id, row.Name))]);

    public IReadOnlyList<Tenant> List() => snapshot.Current();

    public Tenant? Find(int id) => List().FirstOrDefault(tenant => tenant.Id == id);

    public Tenant? Find(string name) => List().FirstOrDefault(tenant => tenant.Name == name);

    public static bool IsLegalName(string name) => name.Length is > 0 and <= 64 && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_' or '.');

    /// <summary>Null when the name is taken.</summary>
    /// <param name="who">For the audit; null leaves no row.</param>
    public Tenant? Create(string name, string? who = null)
    {
        using var connection = db.Open();
        using var transaction = connection.BeginTransaction();
        var now = Timestamp.From(time.GetUtcNow()).UnixNanoseconds;
        var id = connection.ExecuteScalar<int?>(
            "INSERT INTO tenants (id, name, created) VALUES (@next, @name, @now) ON CONFLICT DO NOTHING RETURNING id",
            new { next = db.Given.Next(connection, transaction, "tenants"), name, now }, transaction);
        if (id is null) return null;
        connection.Execute(
            "INSERT INTO apps (id, tenant, name, created) VALUES (@next, @id, @app, @now)",
            new { next = db.Given.Next(connection, transaction, "apps"), id, app = Apps.DefaultName, now }, transaction);
        AuditLog.Add(connection, transaction, time, 0, who, "make tenant", new JsonObject { ["tenant"] = name });
        transaction.Commit();
        db.Given.Keep(connection);
        return new Tenant(id.Value, name);
    }
}
