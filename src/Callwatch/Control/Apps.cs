using System.Collections.Frozen;
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

    private readonly Snapshot<Table> snapshot = new(db, Table.Read);
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
            var made = now.ByName.Values.Count(app => app.TenantId == tenantId);
            if (wanted is DefaultName or OtherName || made < options.Value.MaxAppsPerTenant) return Create(tenantId, wanted).Id;
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

    /// <summary>Made by a person, so without a bound. The one that is there when the name is taken.</summary>
    /// <param name="who">For the audit; null leaves no row.</param>
    public App Create(int tenantId, string name, string? who = null)
    {
        using (var connection = db.Open())
        using (var transaction = connection.BeginTransaction())
        {
            var now = Timestamp.From(time.GetUtcNow()).UnixNanoseconds;
            var made = connection.Execute("INSERT INTO apps (tenant, name, created) VALUES (@tenantId, @name, @now) ON CONFLICT DO NOTHING", new { tenantId, name, now }, transaction) == 1;
            if (made) AuditLog.Add(connection, transaction, time, tenantId, who, "make app", new JsonObject { ["app"] = name });
            transaction.Commit();
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

    private sealed record Table(FrozenDictionary<(int Tenant, string Name), App> ByName, FrozenDictionary<int, App> ById)
    {
        public static Table Read(SqliteConnection connection)
        {
            var apps = connection.Query<(long Id, long Tenant, string Name)>("SELECT id, tenant, name FROM apps")
                .Select(row => new App((int)row.Id, (int)row.Tenant, row.Name)).ToList();
            return new Table(apps.ToFrozenDictionary(app => (app.TenantId, app.Name)), apps.ToFrozenDictionary(app => app.Id));
        }
    }
}
