using Callwatch.Control;
using Xunit;

namespace Callwatch.Tests.Control;

/// <summary>Control data are held in memory and read again when they change: nobody may make so much of them that others feel it.</summary>
public sealed class BoundsTests : IDisposable
{
    private readonly ControlFolder folder = new();
    private readonly ControlFolder.Process process;
    private readonly Sessions sessions;

    public BoundsTests()
    {
        process = folder.Started();
        sessions = new Sessions(process.Db, folder.Time);
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_further_sign_in_of_a_key_ends_its_oldest_and_nobody_elses()
    {
        var (mine, theirs) = (NewKey(), NewKey());
        var other = sessions.Begin(theirs.Id, TimeSpan.FromDays(1));
        var link = sessions.Begin(null, TimeSpan.FromDays(1));
        var all = new List<string>();
        for (var i = 0; i < Sessions.MostOfAKey + 5; i++)
        {
            folder.Time.Advance(TimeSpan.FromSeconds(1));
            all.Add(sessions.Begin(mine.Id, TimeSpan.FromDays(1)));
        }

        Assert.All(all[..5], secret => Assert.Null(sessions.Find(secret)));
        Assert.All(all[5..], secret => Assert.NotNull(sessions.Find(secret)));
        Assert.NotNull(sessions.Find(other));
        Assert.NotNull(sessions.Find(link));
    }

    [Fact]
    public void A_tenant_has_so_many_keys_in_force_and_no_more()
    {
        var desk = new KeyDesk(process.Keys, process.Apps);
        var before = process.Keys.List(Tenants.DefaultId).Count;
        Insert(Keys.MostPerTenant - before, revoked: false);
        var full = Assert.IsType<KeyWishAnswer.Full>(desk.Make(Tenants.DefaultId, new KeyWish(null, ["read"], null), KeyScopes.Read));
        Assert.Equal(Keys.MostPerTenant, full.Most);
        Assert.IsType<KeyWishAnswer.Made>(desk.Make(process.Tenants.Create("other")!.Id, new KeyWish(null, ["read"], null), KeyScopes.Read));
        Assert.True(process.Keys.Revoke(Tenants.DefaultId, process.Keys.List(Tenants.DefaultId)[0].Id));
        Assert.IsType<KeyWishAnswer.Made>(desk.Make(Tenants.DefaultId, new KeyWish(null, ["read"], null), KeyScopes.Read));
    }

    [Fact]
    public void Of_revoked_keys_the_oldest_are_forgotten_and_no_number_is_given_again()
    {
        Insert(Keys.MostPerTenant + 3, revoked: true);
        var last = NewKey();
        sessions.Begin(last.Id, TimeSpan.FromDays(1));
        Assert.True(process.Keys.Revoke(Tenants.DefaultId, last.Id));
        var listed = process.Keys.List(Tenants.DefaultId);
        Assert.Equal(Keys.MostPerTenant, listed.Count(key => key.RevokedAt is not null && key.Id != last.Id));
        Assert.Equal(last.Id + 1, NewKey().Id);
    }

    [Fact]
    public void People_make_so_many_apps_and_no_more()
    {
        folder.Options.MaxAppsPerTenant = 12_000;
        using (var connection = process.Db.Open())
        using (var command = connection.CreateCommand())
        {
            command.CommandText = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 11999) INSERT INTO apps (tenant, name, created) SELECT 1, 'app ' || i, 1 FROM n";
            command.ExecuteNonQuery();
        }

        Assert.True(process.Apps.IsFull(Tenants.DefaultId));
        Assert.False(process.Apps.IsFull(process.Tenants.Create("other")!.Id));
        Assert.Equal("app", Assert.IsType<KeyWishAnswer.Refused>(new KeyDesk(process.Keys, process.Apps).Make(Tenants.DefaultId, new KeyWish("one more", ["ingest"], null), KeyScopes.Ingest)).Field);
        Assert.IsType<KeyWishAnswer.Made>(new KeyDesk(process.Keys, process.Apps).Make(Tenants.DefaultId, new KeyWish("app 7", ["ingest"], null), KeyScopes.Ingest));
    }

    [Fact]
    public void A_change_of_one_kind_does_not_have_another_read_again()
    {
        var reads = 0;
        var keys = new Snapshot<object>(process.Db, "keys", _ =>
        {
            reads++;
            return new object();
        });
        _ = keys.Current();
        sessions.Begin(null, TimeSpan.FromDays(1));
        process.Apps.Create(Tenants.DefaultId, "shop");
        _ = keys.Current();
        Assert.Equal(1, reads);
        NewKey();
        _ = keys.Current();
        Assert.Equal(2, reads);
    }

    private ApiKey NewKey() => process.Keys.Create(Tenants.DefaultId, null, KeyScopes.Read, null).Key;

    // By hand: a thousand changes with a sync each would take the disk's time.
    private void Insert(int keys, bool revoked)
    {
        using var connection = process.Db.Open();
        using var transaction = connection.BeginTransaction();
        for (var i = 0; i < keys; i++)
        {
            using var command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = "INSERT INTO keys (tenant, scopes, hash, prefix, created, revoked) VALUES (1, 2, randomblob(32), 'cw_abcdef', 1, $revoked)";
            command.Parameters.AddWithValue("$revoked", revoked ? i + 1 : DBNull.Value);
            command.ExecuteNonQuery();
        }

        transaction.Commit();
    }
}
