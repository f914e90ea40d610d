using System.Globalization;
using Callwatch.Spans;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Callwatch.Control.Secrets;

/// <summary>How secrets are kept, without any of them.</summary>
/// <param name="Source"><c>master.key</c>, or the setting that the master key comes from.</param>
/// <param name="MasterKeyId">Tells master keys apart; null when there is none.</param>
/// <param name="Sealed">Destinations with secrets.</param>
/// <param name="Locked">Of them, those whose secrets this master key does not open.</param>
/// <param name="Problem">Why there is no master key; null when there is.</param>
public sealed record SecretsState(string Source, string? MasterKeyId, int DataKeys, int Sealed, int Locked, string? Problem);

/// <summary>How a rotation ended.</summary>
public abstract record RotationAnswer
{
    private RotationAnswer()
    {
    }

    /// <param name="DataKeys">Made, or sealed anew.</param>
    /// <param name="Secrets">Destinations whose secrets were sealed anew; none when the master key was changed: they need not be.</param>
    /// <param name="Locked">Destinations left as they were, because their secrets do not open.</param>
    public sealed record Done(int DataKeys, int Secrets, int Locked, string MasterKeyId) : RotationAnswer;

    /// <summary>Nothing was changed; for people, with the cure.</summary>
    public sealed record Refused(string Message) : RotationAnswer;
}

/// <summary>Changes the keys that secrets are sealed with. Lanes go on: what they hold in clear stays the same, so nothing of theirs changes.</summary>
public sealed class SecretsDesk
{
    private readonly ControlDb db;
    private readonly MasterKeys masters;
    private readonly SecretVault vault;
    private readonly TimeProvider time;

    internal SecretsDesk(ControlDb db, MasterKeys masters, SecretVault vault, TimeProvider time) => (this.db, this.masters, this.vault, this.time) = (db, masters, vault, time);

    /// <summary>Over a data folder that a server may be using.</summary>
    /// <exception cref="StartRefusedException">A setting is wrong.</exception>
    public static SecretsDesk Open(SecretsOptions options, string dataFolder, ControlDb db, TimeProvider time)
    {
        var masters = new MasterKeys(new MasterKeySource(options, dataFolder), db, time, mayMake: false);
        return new SecretsDesk(db, masters, new SecretVault(masters, time), time);
    }

    /// <summary>Of a tenant; of all when it is null.</summary>
    public SecretsState State(int? tenantId)
    {
        using var connection = db.Open();
        using var transaction = connection.BeginTransaction(deferred: false);
        var master = masters.Refresh(connection, transaction);
        var keys = connection.ExecuteScalar<int>("SELECT count(*) FROM data_keys WHERE tenant = coalesce(@tenantId, tenant)", new { tenantId }, transaction);
        var rows = Sealed(connection, transaction, tenantId);
        var locked = rows.Count(row => vault.Open(connection, transaction, (int)row.Tenant, row.Id, row.DataKey, row.Secrets) is OpenAnswer.Locked);
        return new SecretsState(
            masters.Source.Name, (master as MasterKeyAnswer.Found)?.Key.Id, keys, rows.Count, locked, (master as MasterKeyAnswer.Missing)?.Problem);
    }

    /// <summary>A new data key for a tenant, or for each when it is null; all its secrets are sealed with it in one transaction, and the old key is gone.</summary>
    public RotationAnswer RotateDataKeys(int? tenantId, string who)
    {
        using var connection = db.Open();
        using var transaction = connection.BeginTransaction(deferred: false);
        var answer = masters.Refresh(connection, transaction);
        if (answer is not MasterKeyAnswer.Found { Key: var master }) return new RotationAnswer.Refused(((MasterKeyAnswer.Missing)answer).Problem);
        var (keys, done, locked) = (0, 0, 0);
        foreach (var tenant in Sealed(connection, transaction, tenantId).GroupBy(row => (int)row.Tenant))
        {
            var (id, key) = vault.Make(connection, transaction, tenant.Key, master);
            keys++;
            foreach (var row in tenant)
            {
                if (vault.Open(connection, transaction, tenant.Key, row.Id, row.DataKey, row.Secrets) is not OpenAnswer.Clear clear)
                {
                    locked++;
                    continue;
                }

                var box = SecretVault.Seal(key, tenant.Key, row.Id, clear.Bytes);
                done += connection.Execute("UPDATE destinations SET secrets = @box, data_key = @id WHERE id = @owner", new { box, id, owner = row.Id }, transaction);
            }

            SecretVault.Sweep(connection, transaction, tenant.Key);
        }

        Audit(connection, transaction, tenantId ?? 0, who, "rotate data keys", keys, done, locked);
        transaction.Commit();
        db.Checkpoint();
        return new RotationAnswer.Done(keys, done, locked, master.Id);
    }

    /// <summary>Another master key: a new one in the data folder's own file, or the one that the setting's file or command gives by now.</summary>
    public RotationAnswer RotateMasterKey(string who)
    {
        using var connection = db.Open();
        var (count, objection) = masters.Change(connection, (transaction, rewrapped) => Audit(connection, transaction, 0, who, "rotate master key", rewrapped, 0, 0));
        if (objection is not null) return new RotationAnswer.Refused(objection);
        db.Checkpoint();
        return new RotationAnswer.Done(count, 0, State(null).Locked, ((MasterKeyAnswer.Found)masters.Current).Key.Id);
    }

    private void Audit(SqliteConnection connection, SqliteTransaction transaction, int tenant, string who, string what, int keys, int secrets, int locked)
    {
        var detail = string.Create(CultureInfo.InvariantCulture, $$"""{"data_keys":{{keys}},"secrets":{{secrets}},"locked":{{locked}}}""");
        var now = Timestamp.From(time.GetUtcNow()).UnixNanoseconds;
        connection.Execute("INSERT INTO audit (time, tenant, who, what, detail) VALUES (@now, @tenant, @who, @what, @detail)", new { now, tenant, who, what, detail }, transaction);
    }

    private static List<(long Id, long Tenant, long? DataKey, byte[] Secrets)> Sealed(SqliteConnection connection, SqliteTransaction? transaction, int? tenantId) =>
        connection.Query<(long, long, long?, byte[])>(
            "SELECT id, tenant, data_key, secrets FROM destinations WHERE secrets IS NOT NULL AND tenant = coalesce(@tenantId, tenant) ORDER BY tenant, id", new { tenantId }, transaction).AsList();
}
