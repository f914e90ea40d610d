using Callwatch.Control;
using Callwatch.Testing;
using Dapper;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Callwatch.Tests.Control;

public sealed class ControlDbTests
{
    [Fact]
    public void Syncs_every_commit_fully()
    {
        using var control = new ControlFolder();
        using var connection = control.Open().Db.Open();
        Assert.Equal(2, connection.ExecuteScalar<long>("PRAGMA synchronous"));
    }

    [Fact]
    public void Refuses_a_file_of_a_newer_format_and_leaves_it_as_it_is()
    {
        using var control = new ControlFolder();
        using (var connection = control.Open().Db.Open()) connection.Execute("PRAGMA user_version = 999");
        var refused = Assert.Throws<StartRefusedException>(() => control.Open());
        Assert.Equal(new StartRefusal.DataNewer(control.Folder.Path, "control.db", 999, ControlMigrations.All[^1].Number), refused.Refusal);
    }

    [Fact]
    public void A_migration_stopped_at_any_statement_begins_again_at_the_next_start()
    {
        Migration[] script = [new(1, "CREATE TABLE a (x)"), new(2, "CREATE TABLE b (x); INSERT INTO b VALUES (1); ALTER TABLE a ADD COLUMN y")];
        var statements = script[1].Sql.Split(';');
        for (var done = 1; done <= statements.Length; done++)
        {
            using var folder = new TempFolder();
            using var connection = new SqliteConnection($"Data Source={folder.At("control.db")};Pooling=False");
            connection.Open();
            Migration[] broken = [script[0], new(2, string.Join(';', statements[..done]) + "; SELECT * FROM no_such_table")];
            Assert.Throws<SqliteException>(() => ControlMigrations.Apply(connection, "control.db", broken));
            Assert.Equal(1, connection.ExecuteScalar<long>("PRAGMA user_version"));
            ControlMigrations.Apply(connection, "control.db", script);
            Assert.Equal(2, connection.ExecuteScalar<long>("PRAGMA user_version"));
            Assert.Equal(1, connection.ExecuteScalar<long>("SELECT count(*) FROM b"));
        }
    }

    [Fact]
    public void Two_processes_that_open_a_new_folder_together_both_succeed()
    {
        using var control = new ControlFolder();
        Parallel.For(0, 4, _ => new ControlDb(control.Folder.At("control.db")).Dispose());
        Assert.Empty(control.Open().Tenants.List());
    }
}
