using Callwatch.Control;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Dapper;
using Microsoft.Extensions.Options;
using Xunit;

namespace Callwatch.Tests.Control;

/// <summary>Rows, journal and lanes know tenants, apps and destinations by number: a number stands for one of them for ever, also when <c>control.db</c> had to come from a backup.</summary>
public sealed class GivenNumbersTests : IDisposable
{
    private readonly TempFolder temp = new();
    private readonly ManualTime time = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public void A_control_db_put_back_from_a_backup_gives_no_number_of_a_tenant_or_app_away_again()
    {
        int tenant, app;
        Make();
        File.Copy(temp.At("control.db"), temp.At("older.db"));
        using (var db = new ControlDb(temp.At("control.db")))
        {
            tenant = new Tenants(db, time).Create("acme")!.Id;
            app = AppsOf(db).AppIdOf(tenant, "secret");
        }

        PutBack();
        using (var db = new ControlDb(temp.At("control.db")))
        {
            using (var connection = db.Open())
                Assert.Equal([("apps", (long)app, 1L), ("tenants", (long)tenant, 1L)], db.Given.Lost(connection).OrderBy(lost => lost.Table, StringComparer.Ordinal));
            var other = new Tenants(db, time).Create("beta")!.Id;
            Assert.True(other > tenant);
            Assert.True(AppsOf(db).AppIdOf(other, "theirs") > app + 1);
            Assert.True(AppsOf(db).AppIdOf(Tenants.DefaultId, "ours") > app + 2);
            using var again = db.Open();
            Assert.Empty(db.Given.Lost(again));
        }
    }

    [Fact]
    public void Nor_of_a_destination_and_what_lanes_know_of_the_lost_ones_stays_until_another_is_made()
    {
        Make();
        File.Copy(temp.At("control.db"), temp.At("older.db"));
        using (var db = new ControlDb(temp.At("control.db")))
        {
            Assert.Equal([1L, 2L], [Destination(db), Destination(db)]);
            using var connection = db.Open();
            connection.Execute("DELETE FROM destinations WHERE id = 2");
            db.Given.Keep(connection);
        }

        PutBack();
        using (var db = new ControlDb(temp.At("control.db")))
        {
            using (var connection = db.Open()) Assert.Equal(0, connection.ExecuteScalar<long>("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'destinations'"));
            Assert.Equal(3, Destination(db));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("apps 99999999999999999999\ntenants -3\nnonsense\nfiles 12\napps\n")]
    [InlineData("apps 2147483647\n")]
    public void A_damaged_file_of_numbers_is_made_anew(string damaged)
    {
        Make();
        File.WriteAllText(temp.At("numbers"), damaged);
        using (var db = new ControlDb(temp.At("control.db")))
            Assert.Equal(2, AppsOf(db).AppIdOf(Tenants.DefaultId, "next"));
        Assert.Equal("tenants 1\napps 2\ndestinations 0\n", File.ReadAllText(temp.At("numbers")));
    }

    [Fact]
    public void A_folder_in_its_place_costs_nothing_but_the_protection()
    {
        Directory.CreateDirectory(temp.At("numbers"));
        Make();
        using var db = new ControlDb(temp.At("control.db"));
        Assert.Equal(2, AppsOf(db).AppIdOf(Tenants.DefaultId, "next"));
    }

    [Fact]
    public void While_the_file_cannot_be_read_nothing_that_it_says_is_forgotten_or_written_over()
    {
        Make();
        const string known = "tenants 5\napps 40\ndestinations 7\n";
        File.WriteAllText(temp.At("numbers"), known);
        using (var db = new ControlDb(temp.At("control.db")))
        {
            using (Closed())
            {
                Assert.Equal(41, AppsOf(db).AppIdOf(Tenants.DefaultId, "next"));
                Assert.Equal(8, Destination(db));
            }

            Assert.Equal(known, File.ReadAllText(temp.At("numbers")));
            Assert.Equal(42, AppsOf(db).AppIdOf(Tenants.DefaultId, "another"));
        }

        Assert.Equal("tenants 5\napps 42\ndestinations 8\n", File.ReadAllText(temp.At("numbers")));
    }

    [Fact]
    public void A_file_that_could_never_be_read_gives_no_number_away()
    {
        Make();
        File.WriteAllText(temp.At("numbers"), "tenants 5\napps 40\n");
        var closed = Closed();
        using var db = new ControlDb(temp.At("control.db"));
        Assert.Throws<IOException>(() => AppsOf(db).AppIdOf(Tenants.DefaultId, "next"));
        Assert.Throws<IOException>(() => new Tenants(db, time).Create("acme"));
        using (var connection = db.Open()) Assert.Empty(db.Given.Lost(connection));
        closed.Dispose();
        Assert.Equal(41, AppsOf(db).AppIdOf(Tenants.DefaultId, "next"));
    }

    // Nobody else in this program can open it meanwhile, as when there are no handles left.
    private FileStream Closed() => new(temp.At("numbers"), FileMode.Open, FileAccess.ReadWrite, FileShare.None);

    private void Make()
    {
        using var db = new ControlDb(temp.At("control.db"));
        new FirstStart(db, new Keys(db, time), time).Ensure(temp.Path, givenAdminKey: null);
    }

    private void PutBack()
    {
        foreach (var part in (string[])["-wal", "-shm"]) File.Delete(temp.At("control.db") + part);
        File.Move(temp.At("older.db"), temp.At("control.db"), overwrite: true);
    }

    private Apps AppsOf(ControlDb db) => new(db, time, new Counters(), Options.Create(new ControlOptions()));

    private static long Destination(ControlDb db)
    {
        using var connection = db.Open();
        using var transaction = connection.BeginTransaction();
        db.Given.Raise(connection, transaction);
        var id = connection.ExecuteScalar<long>(
            """
            INSERT INTO destinations (tenant, revision, name, kind, config, secret_fields, all_apps, sample_rate, keep_errors, mask, signals, enabled, start, created, updated)
            VALUES (1, 1, 'x' || hex(randomblob(4)), 'otlp', '{}', '[]', 1, 1, 0, '{}', 1, 1, 'now', 1, 1) RETURNING id
            """,
            transaction: transaction);
        transaction.Commit();
        db.Given.Keep(connection);
        return id;
    }
}
