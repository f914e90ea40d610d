using System.Text.Json.Nodes;
using Callwatch.Control.Secrets;
using Microsoft.Data.Sqlite;

namespace Callwatch.Forward.Desk;

/// <summary>Opens the configs of rows.</summary>
internal static class SealedConfigs
{
    /// <summary>The config with its secrets, or why they do not open.</summary>
    public static (JsonObject? Config, string? Locked) Open(SecretVault vault, SqliteConnection connection, SqliteTransaction? transaction, DestinationRow row)
    {
        if (row.Secrets is null) return (row.ConfigInClear(), null);
        return vault.Open(connection, transaction, (int)row.Tenant, row.Id, row.DataKey, row.Secrets) switch
        {
            OpenAnswer.Clear clear => (ConfigParts.Join(row.ConfigInClear(), JsonNode.Parse(clear.Bytes) as JsonObject ?? []), null),
            OpenAnswer.Locked locked => (null, locked.Problem),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }
}
