using System.Text;
using Callwatch.Spans;
using Dapper;

namespace Callwatch.Control;

/// <summary>What a start found or made. Secrets are here for printing once; nothing else keeps them.</summary>
public sealed record StartFacts
{
    /// <summary>True when this was the first start on the data folder.</summary>
    public required bool IsFirst { get; init; }

    /// <summary>The secret of the key made for sending to the app <c>default</c>; only at the first start.</summary>
    public string? IngestSecret { get; init; }

    /// <summary>Where the admin key was written; null when it was given.</summary>
    public string? AdminKeyFile { get; init; }

    /// <summary>True when a given admin key is not one of this data folder's keys: only the first start takes it.</summary>
    public bool GivenAdminKeyIsUnknown { get; init; }
}

/// <summary>Makes what every data folder begins with: tenant and app <c>default</c>, a key to send with and a key for everything.</summary>
public sealed class FirstStart(ControlDb db, Keys keys, TimeProvider time)
{
    public const string AdminKeyFileName = "admin.key";

    /// <param name="dataFolder">Where <c>admin.key</c> goes when no admin key is given.</param>
    /// <param name="givenAdminKey">Already found legal (<see cref="KeySecret.LooksRight"/>); null to have one made.</param>
    public StartFacts Ensure(string dataFolder, string? givenAdminKey)
    {
        using var connection = db.Open();
        using var transaction = connection.BeginTransaction();
        var adminFile = Path.Combine(dataFolder, AdminKeyFileName);
        if (connection.ExecuteScalar<long>("SELECT count(*) FROM tenants", transaction: transaction) > 0)
        {
            transaction.Rollback();
            Folders.CloseToOthers(adminFile);
            return new StartFacts
            {
                IsFirst = false,
                AdminKeyFile = File.Exists(adminFile) ? adminFile : null,
                GivenAdminKeyIsUnknown = givenAdminKey is not null && keys.Find(givenAdminKey) is null,
            };
        }

        var now = Timestamp.From(time.GetUtcNow()).UnixNanoseconds;
        connection.Execute("INSERT INTO tenants (id, name, created) VALUES (@Id, @Name, @now)", new { Id = Tenants.DefaultId, Name = Tenants.DefaultName, now }, transaction);
        var app = connection.ExecuteScalar<int>(
            "INSERT INTO apps (tenant, name, created) VALUES (@Id, @Name, @now) RETURNING id", new { Id = Tenants.DefaultId, Name = Apps.DefaultName, now }, transaction);
        var ingest = Keys.Insert(connection, transaction, KeySecret.Make(), Tenants.DefaultId, app, KeyScopes.Ingest, "made at the first start", time);
        var admin = givenAdminKey ?? KeySecret.Make();
        Keys.Insert(connection, transaction, admin, Tenants.DefaultId, null, KeyScopes.Admin | KeyScopes.Operator, "admin, made at the first start", time);

        // Before the commit: a crash in between leaves a file that the next start overwrites, never keys that nobody knows.
        if (givenAdminKey is null) WriteKey(adminFile, admin);
        transaction.Commit();
        return new StartFacts { IsFirst = true, IngestSecret = ingest.Secret, AdminKeyFile = givenAdminKey is null ? adminFile : null };
    }

    /// <summary>Makes one more key for everything and writes it to <c>admin.key</c>; returns the file.</summary>
    internal static string MakeAdminKey(ControlDb db, string dataFolder, string label, TimeProvider time)
    {
        using var connection = db.Open();
        using var transaction = connection.BeginTransaction();
        var (file, secret) = (Path.Combine(dataFolder, AdminKeyFileName), KeySecret.Make());
        Keys.Insert(connection, transaction, secret, Tenants.DefaultId, null, KeyScopes.Admin | KeyScopes.Operator, label, time);
        WriteKey(file, secret);
        transaction.Commit();
        return file;
    }

    private static void WriteKey(string file, string secret) => Folders.WriteWhole(file, Encoding.ASCII.GetBytes(secret + "\n"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
}
