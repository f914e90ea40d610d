using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Callwatch.Spans;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Callwatch.Forward.Desk;

/// <summary>A row of <c>destinations</c>, as it lies in <c>control.db</c>.</summary>
internal sealed record DestinationRow
{
    private const string Columns =
        """
        id, tenant, revision, name, kind, config, secret_fields AS SecretFields, secrets, data_key AS DataKey, all_apps AS AllApps, filter, sample_rate AS SampleRate,
        keep_errors AS KeepErrors, mask, signals, enabled, paused, start, created, updated
        """;

    public long Id { get; init; }

    public required long Tenant { get; init; }

    public long Revision { get; init; } = 1;

    public required string Name { get; init; }

    public required string Kind { get; init; }

    /// <summary>JSON without secrets; of an object whose values are secret the names with null.</summary>
    public required string Config { get; init; }

    /// <summary>JSON list.</summary>
    public required string SecretFields { get; init; }

    public byte[]? Secrets { get; init; }

    public long? DataKey { get; init; }

    public required bool AllApps { get; init; }

    public string? Filter { get; init; }

    public required double SampleRate { get; init; }

    public required bool KeepErrors { get; init; }

    /// <summary>JSON list.</summary>
    public required string Mask { get; init; }

    /// <summary>JSON list.</summary>
    public required string Signals { get; init; }

    public required bool Enabled { get; init; }

    public bool Paused { get; init; }

    public required string Start { get; init; }

    public long Created { get; init; }

    public long Updated { get; init; }

    public static List<DestinationRow> All(SqliteConnection connection, SqliteTransaction? transaction = null, int? tenantId = null) =>
        connection.Query<DestinationRow>($"SELECT {Columns} FROM destinations WHERE tenant = coalesce(@tenantId, tenant) ORDER BY id", new { tenantId }, transaction).AsList();

    public static DestinationRow? Find(SqliteConnection connection, SqliteTransaction? transaction, int tenantId, int id) =>
        connection.QueryFirstOrDefault<DestinationRow>($"SELECT {Columns} FROM destinations WHERE id = @id AND tenant = @tenantId", new { id, tenantId }, transaction);

    /// <summary>The apps with which it makes a difference, in order: exceptions of one for all, else those it serves.</summary>
    public static ILookup<long, int> Apps(SqliteConnection connection, SqliteTransaction? transaction = null, long? id = null) =>
        connection.Query<(long Destination, long App)>("SELECT destination, app FROM destination_apps WHERE destination = coalesce(@id, destination) ORDER BY destination, app", new { id }, transaction)
            .ToLookup(row => row.Destination, row => (int)row.App);

    /// <summary>Writes it, with its number where it is new; the number.</summary>
    public long Put(SqliteConnection connection, SqliteTransaction transaction)
    {
        if (Id == 0)
        {
            return connection.ExecuteScalar<long>(
                """
                INSERT INTO destinations (tenant, revision, name, kind, config, secret_fields, secrets, data_key, all_apps, filter, sample_rate, keep_errors, mask, signals, enabled, paused, start, created, updated)
                VALUES (@Tenant, @Revision, @Name, @Kind, @Config, @SecretFields, @Secrets, @DataKey, @AllApps, @Filter, @SampleRate, @KeepErrors, @Mask, @Signals, @Enabled, @Paused, @Start, @Created, @Updated)
                RETURNING id
                """,
                this, transaction);
        }

        connection.Execute(
            """
            UPDATE destinations SET revision = @Revision, name = @Name, config = @Config, secret_fields = @SecretFields, secrets = @Secrets, data_key = @DataKey, all_apps = @AllApps, filter = @Filter,
              sample_rate = @SampleRate, keep_errors = @KeepErrors, mask = @Mask, signals = @Signals, enabled = @Enabled, paused = @Paused, updated = @Updated WHERE id = @Id
            """,
            this, transaction);
        return Id;
    }

    public static void PutApps(SqliteConnection connection, SqliteTransaction transaction, long id, bool allApps, IEnumerable<int> apps)
    {
        connection.Execute("DELETE FROM destination_apps WHERE destination = @id", new { id }, transaction);
        foreach (var app in apps.Distinct()) connection.Execute("INSERT INTO destination_apps (destination, app, served) VALUES (@id, @app, @served)", new { id, app, served = !allApps }, transaction);
    }

    /// <summary>Takes another revision, so that its lane begins anew with what has changed around it.</summary>
    public static void Touch(SqliteConnection connection, SqliteTransaction transaction, long id, long now) =>
        connection.Execute("UPDATE destinations SET revision = revision + 1, updated = @now WHERE id = @id", new { id, now }, transaction);

    public JsonObject ConfigInClear() => JsonNode.Parse(Config) as JsonObject ?? [];

    public static string Text(IEnumerable<string> list) => JsonSerializer.Serialize([.. list], DeskJson.Default.StringArray);

    public static string[] ListOf(string json) => JsonSerializer.Deserialize(json, DeskJson.Default.StringArray) ?? [];

    public static string Text(StartAt start) => start switch
    {
        StartAt.Beginning => "beginning",
        StartAt.Time at => at.ReceivedAt.UnixNanoseconds.ToString(CultureInfo.InvariantCulture),
        _ => "now",
    };

    public StartAt StartOf() => Start switch
    {
        "beginning" => new StartAt.Beginning(),
        "now" => new StartAt.Now(),
        var time => new StartAt.Time(new Timestamp(long.Parse(time, CultureInfo.InvariantCulture))),
    };
}

[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(ChangeDetail))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
internal sealed partial class DeskJson : JsonSerializerContext;

/// <summary>What the audit says of a change: names of what was changed, never a value.</summary>
internal sealed record ChangeDetail(long Id, string Name, string Kind, IReadOnlyList<string> Changed);
