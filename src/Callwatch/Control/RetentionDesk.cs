using System.Collections.Frozen;
using System.Text.Json.Nodes;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Callwatch.Control;

/// <summary>
/// How long things are kept: an app's own wish goes before its tenant's, that before the instance's, that before the settings.
/// </summary>
/// <param name="settings">What holds where nobody has said anything.</param>
public sealed class RetentionDesk(ControlDb db, RetentionRules settings, TimeProvider? time = null)
{
    private const int None = 0;

    private readonly Snapshot<Table> snapshot = new(db, "retention", connection => Table.Read(connection, settings));

    /// <summary>After a change made through this object. Changes of other processes are seen by the next question.</summary>
    public event EventHandler? Changed;

    /// <summary>The rules of an app; cheap enough to be asked for every app of a sweep.</summary>
    public RetentionRules For(int tenantId, int appId) => snapshot.Current().For(tenantId, appId);

    /// <summary>The rules of apps of the tenant that have none of their own.</summary>
    public RetentionRules For(int tenantId) => For(tenantId, None);

    /// <summary>The longest of each kind that any app may have: what is older belongs to nobody.</summary>
    public RetentionRules Longest => snapshot.Current().Longest;

    /// <summary>The shortest of each kind that any app may have: what is younger belongs to everybody.</summary>
    public RetentionRules Shortest => snapshot.Current().Shortest;

    /// <summary>What was said for the instance (tenant 0), a tenant (app 0) or an app; null where nobody has.</summary>
    public RetentionWish? WishOf(int tenantId = None, int appId = None) => snapshot.Current().Wishes.GetValueOrDefault((tenantId, appId));

    /// <summary>The apps of a tenant that have rules of their own.</summary>
    public IReadOnlyList<(int AppId, RetentionWish Wish)> AppsOf(int tenantId) =>
        [.. snapshot.Current().Wishes.Where(pair => pair.Key.Tenant == tenantId && pair.Key.App != None).Select(pair => (pair.Key.App, pair.Value))];

    /// <summary>Puts wishes in force, all or none; an empty one takes away what was said before.</summary>
    /// <param name="who">For the audit; null leaves no row.</param>
    public void Put(IReadOnlyList<(int TenantId, int AppId, RetentionWish Wish)> wishes, string? who = null)
    {
        using (var connection = db.Open())
        using (var transaction = connection.BeginTransaction())
        {
            foreach (var (tenant, app, wish) in wishes)
            {
                var sql = wish.IsEmpty
                    ? "DELETE FROM retention WHERE tenant = @tenant AND app = @app"
                    : "INSERT OR REPLACE INTO retention (tenant, app, journal, rows, minutes, quarter_hours) VALUES (@tenant, @app, @JournalDays, @RowsDays, @MinuteDays, @QuarterHourDays)";
                connection.Execute(sql, new { tenant, app, wish.JournalDays, wish.RowsDays, wish.MinuteDays, wish.QuarterHourDays }, transaction);
                AuditLog.Add(connection, transaction, time ?? TimeProvider.System, tenant, who, "change retention", new JsonObject
                {
                    ["app"] = app == None ? null : app,
                    ["journal_days"] = wish.JournalDays,
                    ["rows_days"] = wish.RowsDays,
                    ["minute_days"] = wish.MinuteDays,
                    ["quarter_hour_days"] = wish.QuarterHourDays,
                });
            }

            transaction.Commit();
        }

        Changed?.Invoke(this, EventArgs.Empty);
    }

    private sealed record Table(FrozenDictionary<(int Tenant, int App), RetentionWish> Wishes, RetentionRules Instance, RetentionRules Longest, RetentionRules Shortest)
    {
        public static Table Read(SqliteConnection connection, RetentionRules settings)
        {
            var wishes = connection.Query<(long Tenant, long App, int? Journal, int? Rows, int? Minutes, int? Quarters)>("SELECT tenant, app, journal, rows, minutes, quarter_hours FROM retention")
                .ToFrozenDictionary(row => (Tenant: (int)row.Tenant, App: (int)row.App), row => new RetentionWish(row.Journal, row.Rows, row.Minutes, row.Quarters));
            var instance = settings.With(wishes.GetValueOrDefault((None, None)));
            var table = new Table(wishes, instance, instance, instance);
            var all = wishes.Keys.Select(key => table.For(key.Tenant, key.App)).ToList();
            return table with { Longest = all.Aggregate(instance, (one, two) => one.OrLonger(two)), Shortest = all.Aggregate(instance, (one, two) => one.OrShorter(two)) };
        }

        public RetentionRules For(int tenant, int app)
        {
            if (Wishes.Count == 0) return Instance;
            var rules = Instance.With(Wishes.GetValueOrDefault((tenant, None)));
            return app == None ? rules : rules.With(Wishes.GetValueOrDefault((tenant, app)));
        }
    }
}
