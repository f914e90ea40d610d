using Dapper;
using Microsoft.Data.Sqlite;

namespace Callwatch.Control.Secrets;

/// <summary>
/// The master key in use. It is looked for again when something is met that another one has sealed: a command may have changed it on the
/// data folder while this process runs.
/// </summary>
public sealed class MasterKeys
{
    // A command may be dear, and a wrong key stays wrong.
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMinutes(1);
    private const UnixFileMode OwnersOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly HashSet<string> lookedFor = new(StringComparer.Ordinal);
    private MasterKeyAnswer current;
    private DateTimeOffset looked;

    /// <summary>At a start: makes the own file where there is none and nothing is sealed, ends a change that was interrupted, and takes leave of a previous key.</summary>
    internal MasterKeys(MasterKeySource source, ControlDb db, TimeProvider time)
    {
        (Source, Db, this.time) = (source, db, time);
        using var connection = db.Open();

        // Before the transaction: a command may take its time.
        current = Look();
        using var transaction = connection.BeginTransaction(deferred: false);
        if (source.IsOwnFile)
        {
            FinishChange(connection, transaction);
            if (!File.Exists(source.OwnFile) && !IsAnythingSealed(connection, transaction)) Write(source.OwnFile, MasterKey.Make());
            current = Look();
        }

        if (source.Previous is { } previous && current is MasterKeyAnswer.Found now) Rewrap(connection, transaction, previous, now.Key);
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
            if (current is MasterKeyAnswer.Found { Key: var held } && held.Id == id) return held;

            // At once for an id that is met for the first time, else now and then.
            if (!lookedFor.Add(id) && time.GetUtcNow() - looked < BetweenLooks) return null;
            var found = Look();

            // Between the commit of a change and the new name of its file.
            if (IdOf(found) != id && Source.IsOwnFile && MasterKeySource.ReadFile(Source.NextFile) is MasterKeyAnswer.Found { Key: var next } && next.Id == id) found = new MasterKeyAnswer.Found(next);
            if (found is MasterKeyAnswer.Found || current is MasterKeyAnswer.Missing) current = found;
            return current is MasterKeyAnswer.Found { Key: var now } && now.Id == id ? now : null;
        }
    }

    /// <summary>The key to seal with. The own file is made when it has been lost: what is sealed from here on needs one.</summary>
    internal MasterKeyAnswer ForSealing()
    {
        lock (gate)
        {
            if (current is MasterKeyAnswer.Found) return current;
            if (Source.IsOwnFile && !File.Exists(Source.OwnFile)) Write(Source.OwnFile, MasterKey.Make());
            return current = Look();
        }
    }

    /// <summary>Puts another master key in the place of this one: every data key is sealed anew, no secret is touched.</summary>
    /// <returns>How many, or why not.</returns>
    internal (int Rewrapped, string? Objection) Change(SqliteConnection connection, Action<SqliteTransaction, int> alongside)
    {
        lock (gate)
        {
            if (current is not MasterKeyAnswer.Found { Key: var old }) return (0, ((MasterKeyAnswer.Missing)current).Problem);
            if (!Source.CanBeReadAgain)
                return (0, $"{SecretsOptions.Section}:MasterKey is read at the start. Start with the new key there and this one in {SecretsOptions.Section}:{nameof(SecretsOptions.PreviousMasterKey)}.");
            if (!Source.IsOwnFile)
            {
                var read = Look();
                if (read is not MasterKeyAnswer.Found { Key: var given }) return (0, ((MasterKeyAnswer.Missing)read).Problem);
                if (given.Id == old.Id) return (0, $"{SecretsOptions.Section}:{Source.Name} still gives the same key. Put the new one there first.");
                using var change = connection.BeginTransaction(deferred: false);
                var count = Rewrap(connection, change, old, given);
                alongside(change, count);
                change.Commit();
                current = new MasterKeyAnswer.Found(given);
                return (count, null);
            }

            // The new key is on disk before anything is sealed with it, and takes the name of the old one once nothing needs that any more.
            using var transaction = connection.BeginTransaction(deferred: false);
            var next = MasterKey.Make();
            Write(Source.NextFile, next);
            var rewrapped = Rewrap(connection, transaction, old, next);
            alongside(transaction, rewrapped);
            transaction.Commit();
            Promote();
            current = new MasterKeyAnswer.Found(next);
            return (rewrapped, null);
        }
    }

    private static string? IdOf(MasterKeyAnswer answer) => (answer as MasterKeyAnswer.Found)?.Key.Id;

    private MasterKeyAnswer Look()
    {
        looked = time.GetUtcNow();
        return Source.Read();
    }

    private void FinishChange(SqliteConnection connection, SqliteTransaction transaction)
    {
        if (!OperatingSystem.IsWindows() && File.Exists(Source.OwnFile) && (File.GetUnixFileMode(Source.OwnFile) & ~OwnersOnly) != UnixFileMode.None) File.SetUnixFileMode(Source.OwnFile, OwnersOnly);
        if (!File.Exists(Source.NextFile)) return;
        var isInUse = MasterKeySource.ReadFile(Source.NextFile) is MasterKeyAnswer.Found { Key: var next }
            && connection.ExecuteScalar<long>("SELECT count(*) FROM data_keys WHERE master = @Id", new { next.Id }, transaction) > 0;
        if (isInUse) Promote();
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
            // A server that started this moment has done it.
        }
    }

    private static int Rewrap(SqliteConnection connection, SqliteTransaction transaction, MasterKey from, MasterKey to)
    {
        if (from.Id == to.Id) return 0;
        var count = 0;
        foreach (var (id, tenant, wrapped) in connection.Query<(long Id, long Tenant, byte[] Wrapped)>("SELECT id, tenant, wrapped FROM data_keys WHERE master = @Id", new { from.Id }, transaction).ToList())
        {
            if (from.Unwrap((int)tenant, wrapped) is not { } dataKey) continue;
            count += connection.Execute("UPDATE data_keys SET master = @master, wrapped = @again WHERE id = @id", new { master = to.Id, again = to.Wrap((int)tenant, dataKey), id }, transaction);
        }

        return count;
    }

    private static bool IsAnythingSealed(SqliteConnection connection, SqliteTransaction transaction) =>
        connection.ExecuteScalar<long>("SELECT count(*) FROM destinations WHERE secrets IS NOT NULL", transaction: transaction) > 0;

    private static void Write(string file, MasterKey key) => Folders.WriteWhole(file, key.ToFile(), OwnersOnly);
}
