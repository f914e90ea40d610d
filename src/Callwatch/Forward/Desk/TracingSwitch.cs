using System.Text.Json;
using Callwatch.Control;
using Callwatch.Spans;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Callwatch.Forward.Desk;

/// <summary>Where the traces of one app go, seen from the app: a switch, and the destinations that serve it.</summary>
internal sealed class TracingSwitch(ControlDb db, TimeProvider time)
{
    public AppTracing Of(int tenantId, int appId)
    {
        using var connection = db.Open();
        using var transaction = connection.BeginTransaction(deferred: true);
        return Of(connection, transaction, tenantId, appId);
    }

    public TracingAnswer Put(int tenantId, int appId, string appName, TracingWish wish, string who)
    {
        using var connection = db.Open();
        using var transaction = connection.BeginTransaction(deferred: false);
        var rows = DestinationRow.All(connection, transaction, tenantId);
        if (wish.Destinations?.Cast<int?>().FirstOrDefault(id => rows.TrueForAll(row => row.Id != id)) is { } unknown)
            return new TracingAnswer.Refused("destinations", $"There is no destination {unknown}.");
        var before = Of(connection, transaction, tenantId, appId);
        var now = Timestamp.From(time.GetUtcNow()).UnixNanoseconds;
        if (wish.Enabled is { } enabled && enabled != before.Enabled)
        {
            connection.Execute(enabled ? "DELETE FROM apps_off WHERE app = @appId" : "INSERT INTO apps_off (app, since) VALUES (@appId, @now)", new { appId, now }, transaction);
            foreach (var row in rows) DestinationRow.Touch(connection, transaction, row.Id, now);
        }

        foreach (var row in wish.Destinations is null ? [] : rows)
        {
            var wanted = wish.Destinations!.Contains((int)row.Id);
            if (wanted == before.Destinations.Contains((int)row.Id)) continue;

            // What stands in the table is an exception of one for all, and what is served of one for some.
            connection.Execute(
                wanted == row.AllApps ? "DELETE FROM destination_apps WHERE destination = @Id AND app = @appId" : "INSERT INTO destination_apps (destination, app, served) VALUES (@Id, @appId, @wanted)",
                new { row.Id, appId, wanted }, transaction);
            DestinationRow.Touch(connection, transaction, row.Id, now);
        }

        var after = Of(connection, transaction, tenantId, appId);
        var detail = JsonSerializer.Serialize(new TracingDetail(appName, after.Enabled, after.Destinations), TracingJson.Default.TracingDetail);
        connection.Execute("INSERT INTO audit (time, tenant, who, what, detail) VALUES (@now, @tenantId, @who, 'change tracing', @detail)", new { now, tenantId, who, detail }, transaction);
        transaction.Commit();
        return new TracingAnswer.Done(after);
    }

    private static AppTracing Of(SqliteConnection connection, SqliteTransaction transaction, int tenantId, int appId)
    {
        var isOff = connection.ExecuteScalar<long>("SELECT count(*) FROM apps_off WHERE app = @appId", new { appId }, transaction) > 0;
        var serving = connection.Query<long>(
            """
            SELECT id FROM destinations d WHERE tenant = @tenantId
              AND all_apps <> EXISTS (SELECT 1 FROM destination_apps a WHERE a.destination = d.id AND a.app = @appId) ORDER BY id
            """,
            new { tenantId, appId }, transaction);
        return new AppTracing(!isOff, [.. serving.Select(id => (int)id)]);
    }
}

/// <summary>What the audit says of a change of an app's tracing.</summary>
internal sealed record TracingDetail(string App, bool Enabled, IReadOnlyList<int> Destinations);

[System.Text.Json.Serialization.JsonSerializable(typeof(TracingDetail))]
[System.Text.Json.Serialization.JsonSourceGenerationOptions(PropertyNamingPolicy = System.Text.Json.Serialization.JsonKnownNamingPolicy.SnakeCaseLower)]
internal sealed partial class TracingJson : System.Text.Json.Serialization.JsonSerializerContext;
