using Callwatch.Spans;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Callwatch.Control.Secrets;

/// <summary>
/// The master keys this process has met, and the one to seal with. A command may change it on the data folder while a server runs: so
/// <c>control.db</c> says which one is in force, and whoever seals asks there first, within the transaction in which he seals.
/// </summary>
public sealed class MasterKeys
{
    // A command may be dear, and a wrong key stays wrong.
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMinutes(1);
    private const UnixFileMode OwnersOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly Dictionary<string, MasterKey> met = new(StringComparer.Ordinal);
    private readonly HashSet<string> lookedFor = new(StringComparer.Ordinal);
    private MasterKeyAnswer current;
    private DateTimeOffset looked;

    /// <summary>At a start: makes the own file where there is none and nothing is sealed, ends a change that was interrupted, and takes leave of a previous key.</summary>
    /// <param name="mayMake">False for one who only looks: a key is the server's to make.</param>
    internal MasterKeys(MasterKeySource source, ControlDb db, TimeProvider time, bool mayMake = true)
    {
        (Source, Db, this.time) = (source, db, time);
        using var connection = db.Open();

        // Before the transaction: a command may take its time.
        current = Look();
        using var transaction = connection.BeginTransaction(deferred: false);
        if (source.IsOwnFile)
        {
            FinishChange(connection, transaction);
            if (mayMake && !File.Exists(source.OwnFile) && !IsAnythingSealed(connection, transaction)) Write(source.OwnFile, MasterKey.Make());
            current = Look();
        }

        if (source.Previous is { } previous && current is MasterKeyAnswer.Found { Key: var now } && previous.Id != now.Id)
        {
            met[previous.Id] = previous;
            PutInForce(connection, transaction, now);
        }

        transaction.Commit();
    }

    internal MasterKeySource Source { get; }

    internal ControlDb Db { get; }

    internal MasterKeyAnswer Current
    {
        get
        {
            lock (gate) return current;
        }
    }

    /// <summary>The key of that id; null when it is not to be had.</summary>
    internal MasterKey? Find(string id)
    {
        lock (gate)
        {
            if (met.TryGetValue(id, out var known)) return known;

            // At once for an id that is met for the first time, else now and then.
            if (!lookedFor.Add(id) && time.GetUtcNow() - looked < BetweenLooks) return null;
            var found = Look();
            if (current is MasterKeyAnswer.Missing) current = found;

            // Between the commit of a change and the new name of its file.
            if (Source.IsOwnFile && MasterKeySource.ReadFile(Source.NextFile) is MasterKeyAnswer.Found { Key: var next }) met[next.Id] = next;
            return met.GetValueOrDefault(id);
        }
    }

    /// <summary>The key to seal with in this transaction. The own file is made when it has been lost: what is sealed from here on needs one.</summary>
    internal MasterKeyAnswer ForSealing(SqliteConnection connection, SqliteTransaction transaction)
    {
        lock (gate)
        {
            Refresh(connection, transaction);
            if (current is MasterKeyAnswer.Found || !Source.IsOwnFile || File.Exists(Source.OwnFile)) return current;
            Write(Source.OwnFile, MasterKey.Make());
            return current = Look();
        }
    }

    /// <summary>Learns of changes that others have made.</summary>
    internal MasterKeyAnswer Refresh(SqliteConnection connection, SqliteTransaction transaction)
    {
        lock (gate)
        {
            if (Source.IsOwnFile)
            {
                FinishChange(connection, transaction);
                return current = Look();
            }

            if (current is MasterKeyAnswer.Missing && time.GetUtcNow() - looked >= BetweenLooks) current = Look();
            return InForce(connection, transaction) is { } id && id != IdOf(current) && Find(id) is { } key ? current = new MasterKeyAnswer.Found(key) : current;
        }
    }

    /// <summary>Puts another master key in the place of this one: every data key is sealed anew, no secret is touched.</summary>
    /// <returns>How many, or why not.</returns>
    internal (int Rewrapped, string? Objection) Change(SqliteConnection connection, Action<SqliteTransaction, int> alongside)
    {
        if (!Source.CanBeReadAgain)
            return (0, $"{SecretsOptions.Section}:MasterKey is read at the start. Start with the new key there and this one in {SecretsOptions.Section}:{nameof(SecretsOptions.PreviousMasterKey)}.");
        var given = Source.Read();

        // The transaction before the gate, as in all that seals.
        using var transaction = connection.BeginTransaction(deferred: false);
        lock (gate)
        {
            var before = Refresh(connection, transaction);
            if (Source.IsOwnFile) given = before;
            if (given is not MasterKeyAnswer.Found { Key: var key }) return (0, ((MasterKeyAnswer.Missing)given).Problem);

            // On disk before anything is sealed with it; it takes the name of the old one once nothing needs that any more.
            if (Source.IsOwnFile) Write(Source.NextFile, key = MasterKey.Make());
            var count = PutInForce(connection, transaction, key);
            if (count == 0 && key.Id == IdOf(before)) return (0, $"{SecretsOptions.Section}:{Source.Name} still gives the same key. Put the new one there first.");
            alongside(transaction, count);
            transaction.Commit();
            if (Source.IsOwnFile) Promote();
            current = new MasterKeyAnswer.Found(key);
            return (count, null);
        }
    }

    private static string? IdOf(MasterKeyAnswer answer) => (answer as MasterKeyAnswer.Found)?.Key.Id;

    private MasterKeyAnswer Look()
    {
        looked = time.GetUtcNow();
        var read = Source.Read();
        if (read is MasterKeyAnswer.Found { Key: var key }) met[key.Id] = key;
        return read;
    }

    private void FinishChange(SqliteConnection connection, SqliteTransaction transaction)
    {
        Folders.CloseToOthers(Source.OwnFile);
        if (!File.Exists(Source.NextFile)) return;

        // Nobody is changing it at this moment: that takes the transaction which is ours now.
        var isInForce = MasterKeySource.ReadFile(Source.NextFile) is MasterKeyAnswer.Found { Key: var next }
            && connection.ExecuteScalar<long>("SELECT count(*) FROM master_keys WHERE id = @Id", new { next.Id }, transaction) > 0;
        if (isInForce) Promote();
        else File.Delete(Source.NextFile);
    }

    private void Promote()
    {
        try
        {
            File.Move(Source.NextFile, Source.OwnFile, overwrite: true);
            Folders.Sync(Path.GetDirectoryName(Source.OwnFile)!);
        }
        catch (FileNotFoundException)
        {
            // Another process has seen that it is in force, and has done it.
        }
    }

    /// <summary>Seals anew with this key whatever any key that was met has sealed, and notes that it is in force.</summary>
    private int PutInForce(SqliteConnection connection, SqliteTransaction transaction, MasterKey key)
    {
        met[key.Id] = key;
        var count = 0;
        foreach (var (id, tenant, master, wrapped) in connection.Query<(long Id, long Tenant, string Master, byte[] Wrapped)>("SELECT id, tenant, master, wrapped FROM data_keys", transaction: transaction).ToList())
        {
            if (master == key.Id || !met.TryGetValue(master, out var old) || old.Unwrap((int)tenant, wrapped) is not { } dataKey) continue;
            count += connection.Execute("UPDATE data_keys SET master = @master, wrapped = @again WHERE id = @id", new { master = key.Id, again = key.Wrap((int)tenant, dataKey), id }, transaction);
        }

        connection.Execute("INSERT OR REPLACE INTO master_keys (id, since) VALUES (@Id, @now)", new { key.Id, now = Timestamp.From(time.GetUtcNow()).UnixNanoseconds }, transaction);
        return count;
    }

    private static string? InForce(SqliteConnection connection, SqliteTransaction transaction) =>
        connection.ExecuteScalar<string?>("SELECT id FROM master_keys ORDER BY since DESC, rowid DESC LIMIT 1", transaction: transaction);

    private static bool IsAnythingSealed(SqliteConnection connection, SqliteTransaction transaction) =>
        connection.ExecuteScalar<long>("SELECT count(*) FROM destinations WHERE secrets IS NOT NULL", transaction: transaction) > 0;

    private static void Write(string file, MasterKey key) => Folders.WriteWhole(file, key.ToFile(), OwnersOnly);
}
