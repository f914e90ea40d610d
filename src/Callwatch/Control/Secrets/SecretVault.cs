using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Callwatch.Spans;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Callwatch.Control.Secrets;

/// <summary>How sealing ended.</summary>
internal abstract record SealAnswer
{
    private SealAnswer()
    {
    }

    public sealed record Done(long DataKey, byte[] Box) : SealAnswer;

    /// <summary>There is no master key; for people.</summary>
    public sealed record Impossible(string Problem) : SealAnswer;
}

/// <summary>How opening ended.</summary>
internal abstract record OpenAnswer
{
    private OpenAnswer()
    {
    }

    public sealed record Clear(byte[] Bytes) : OpenAnswer;

    /// <summary>For people.</summary>
    public sealed record Locked(string Problem) : OpenAnswer;
}

/// <summary>
/// Seals what nobody may read in <c>control.db</c>: with a data key of the tenant, for that tenant and one owner (a destination) only, so that
/// a row moved elsewhere does not open.
/// </summary>
internal sealed class SecretVault(MasterKeys masters, TimeProvider time)
{
    public SealAnswer Seal(SqliteConnection connection, SqliteTransaction transaction, int tenantId, long owner, ReadOnlySpan<byte> clear)
    {
        var answer = masters.ForSealing(connection, transaction);
        if (answer is not MasterKeyAnswer.Found { Key: var master }) return new SealAnswer.Impossible(((MasterKeyAnswer.Missing)answer).Problem);
        var (id, key) = KeyInUse(connection, transaction, tenantId, master) ?? Make(connection, transaction, tenantId, master);
        return new SealAnswer.Done(id, Seal(key, tenantId, owner, clear));
    }

    /// <summary>With a data key that the caller has.</summary>
    public static byte[] Seal(byte[] dataKey, int tenantId, long owner, ReadOnlySpan<byte> clear) => SecretBox.Seal(dataKey, clear, Purpose(tenantId, owner));

    /// <summary>Whether the data key opens it.</summary>
    public static bool Opens(byte[] dataKey, int tenantId, long owner, byte[] box) => SecretBox.Open(dataKey, box, Purpose(tenantId, owner)) is not null;

    public OpenAnswer Open(SqliteConnection connection, SqliteTransaction? transaction, int tenantId, long owner, long? dataKey, byte[] box)
    {
        var row = connection.QueryFirstOrDefault<(string Master, byte[] Wrapped)>("SELECT master, wrapped FROM data_keys WHERE id = @dataKey AND tenant = @tenantId", new { dataKey, tenantId }, transaction);
        if (row.Wrapped is null) return new OpenAnswer.Locked("The key that the secrets were sealed with is gone. Enter them again.");
        if (masters.Find(row.Master) is not { } master) return new OpenAnswer.Locked(OtherKey(row.Master));
        if (master.Unwrap(tenantId, row.Wrapped) is not { } key || SecretBox.Open(key, box, Purpose(tenantId, owner)) is not { } clear)
            return new OpenAnswer.Locked("The sealed secrets are damaged. Enter them again.");
        return new OpenAnswer.Clear(clear);
    }

    /// <summary>A new data key, which all that is sealed from here on gets.</summary>
    public (long Id, byte[] Key) Make(SqliteConnection connection, SqliteTransaction transaction, int tenantId, MasterKey master)
    {
        var key = RandomNumberGenerator.GetBytes(SecretBox.KeyBytes);
        var row = new { tenantId, master = master.Id, wrapped = master.Wrap(tenantId, key), now = Timestamp.From(time.GetUtcNow()).UnixNanoseconds };
        return (connection.ExecuteScalar<long>("INSERT INTO data_keys (tenant, master, wrapped, made) VALUES (@tenantId, @master, @wrapped, @now) RETURNING id", row, transaction), key);
    }

    /// <summary>Forgets data keys that nothing is sealed with any more.</summary>
    public static void Sweep(SqliteConnection connection, SqliteTransaction transaction, int tenantId) => connection.Execute(
        "DELETE FROM data_keys WHERE tenant = @tenantId AND id NOT IN (SELECT data_key FROM destinations WHERE data_key IS NOT NULL)", new { tenantId }, transaction);

    private static (long Id, byte[] Key)? KeyInUse(SqliteConnection connection, SqliteTransaction transaction, int tenantId, MasterKey master)
    {
        var rows = connection.Query<(long Id, byte[] Wrapped)>("SELECT id, wrapped FROM data_keys WHERE tenant = @tenantId AND master = @Id ORDER BY id DESC", new { tenantId, master.Id }, transaction);
        foreach (var (id, wrapped) in rows)
            if (master.Unwrap(tenantId, wrapped) is { } key) return (id, key);
        return null;
    }

    private string OtherKey(string wanted) => masters.Current switch
    {
        MasterKeyAnswer.Found found => $"The master key is wrong: the secrets were sealed under the key {wanted}, and {masters.Source.Name} holds {found.Key.Id}.",
        MasterKeyAnswer.Missing missing => "There is no master key. " + missing.Problem,
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static byte[] Purpose(int tenantId, long owner) => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"callwatch secrets, tenant {tenantId}, destination {owner}"));
}
