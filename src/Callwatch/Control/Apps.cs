using System.Text.Json.Nodes;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;

namespace Callwatch.Control;

/// <summary>The apps of every tenant. Names already known are found without a lock: it is asked for every resource of every request.</summary>
public sealed class Apps(ControlDb db, TimeProvider time, Counters counters, IOptions<ControlOptions> options) : IAppDirectory
{
    public const string DefaultName = "default";

    /// <summary>Takes what the bound keeps from having an app of its own.</summary>
    public const string OtherName = "other";

    /// <summary>Longer names are cut: they come from senders.</summary>
    public const int MaxNameLength = 200;

    /// <summary>What <see cref="IsLegalName"/> asks, for people.</summary>
    public const string LegalNames = "A name has 1 to 200 characters, none of them a control character, and no space at either end.";

    /// <summary>What <see cref="IsFull"/> means, for people.</summary>
    public const string TooMany = "The tenant has as many apps as it may.";

    /// <summary>Apps that people make are bounded too: all of them are held in memory.</summary>
    private const int MostByPeople = 10_000;

    private readonly Snapshot<Table> snapshot = new(db, "apps", Table.Read);
    private readonly Lock gate = new();

    /// <summary>The app's number; a new name makes a new app, up to the bound, then everything new is <c>other</c>. Blank is <c>default</c>.</summary>
    public int AppIdOf(int tenantId, string name)
    {
        if (snapshot.Held.ByName.TryGetValue((tenantId, name), out var known)) return known.Id;
        var wanted = Legal(name);
        if (Find(tenantId, wanted) is { } found) return found.Id;
        lock (gate)
        {
            // Again, inside: another request may have made it in between.
            var now = snapshot.Current();
            if (now.ByName.TryGetValue((tenantId, wanted), out known)) return known.Id;
            if (wanted is DefaultName or OtherName || now.Counts.GetValueOrDefault(tenantId) < options.Value.MaxAppsPerTenant) return Create(tenantId, wanted).Id;
        }

        counters.Add(Reason.AppBoundReached, tenantId: tenantId);
        return AppIdOf(tenantId, OtherName);
    }

    /// <summary>Null when no app of the tenant has the name.</summary>
    public App? Find(int tenantId, string name) =>
        snapshot.Held.ByName.GetValueOrDefault((tenantId, name)) ?? snapshot.Current().ByName.GetValueOrDefault((tenantId, name));

    public App? Find(int appId) => snapshot.Held.ById.GetValueOrDefault(appId) ?? snapshot.Current().ById.GetValueOrDefault(appId);

    /// <summary>The app's name; <c>#12</c> when control data no longer knows the number.</summary>
    public string NameOf(int appId) => Find(appId)?.Name ?? "#" + appId.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>In order of name.</summary>
    public IReadOnlyList<App> List(int tenantId) =>
        [.. snapshot.Current().ById.Values.Where(app => app.TenantId == tenantId).OrderBy(app => app.Name, StringComparer.Ordinal)];

    /// <inheritdoc/>
    public bool HasSeveralTenants => snapshot.Held.Counts.Count > 1;

    /// <summary>Whether the tenant has so many that people may make no more.</summary>
    public bool IsFull(int tenantId) => snapshot.Current().Counts.GetValueOrDefault(tenantId) >= Math.Max(MostByPeople, options.Value.MaxAppsPerTenant);

    /// <summary>Made by a person, who has been asked about <see cref="IsFull"/> before. The one that is there when the name is taken.</summary>
    /// <param name="who">For the audit; null leaves no row.</param>
    public App Create(int tenantId, string name, string? who = null)
    {
        using (var connection = db.Open())
        using (var transaction = connection.BeginTransaction())
        {
            var now = Timestamp.From(time.GetUtcNow()).UnixNanoseconds;
            var next = db.Given.Next(connection, transaction, "apps");
            var made = connection.Execute(
                "INSERT INTO apps (id, tenant, name, created) VALUES (@next, @tenantId, @name, @now) ON CONFLICT DO NOTHING", new { next, tenantId, name, now }, transaction) == 1;
            if (made) AuditLog.Add(connection, transaction, time, tenantId, who, "make app", new JsonObject { ["app"] = name });
            transaction.Commit();
            db.Given.Keep(connection);
        }

        return snapshot.Current().ByName[(tenantId, name)];
    }

    /// <summary>Of names that people give; what senders give is made legal instead.</summary>
    public static bool IsLegalName(string name) => name.Length is > 0 and <= MaxNameLength && !name.Any(char.IsControl) && name.Trim().Length == name.Length;

    private static string Legal(string name)
    {
        var trimmed = name.AsSpan().Trim();
        if (trimmed.IsEmpty) return DefaultName;
        if (trimmed.Length <= MaxNameLength) return trimmed.Length == name.Length ? name : trimmed.ToString();
        var length = char.IsHighSurrogate(trimmed[MaxNameLength - 1]) ? MaxNameLength - 1 : MaxNameLength;
        return trimmed[..length].ToString();
    }

    /// <param name="Counts">By tenant; each has an app at least.</param>
    private sealed record Table(Dictionary<(int Tenant, string Name), App> ByName, Dictionary<int, App> ById, Dictionary<int, int> Counts)
    {
        // Plain dictionaries: it is made anew for every app, and one that is quicker to ask is slower to make.
        public static Table Read(SqliteConnection connection)
        {
            var apps = connection.Query<(long Id, long Tenant, string Name)>("SELECT id, tenant, name FROM apps")
                .Select(row => new App((int)row.Id, (int)row.Tenant, row.Name)).ToList();
            return new Table(
                apps.ToDictionary(app => (app.TenantId, app.Name)), apps.ToDictionary(app => app.Id), apps.CountBy(app => app.TenantId).ToDictionary());
        }
    }
}
