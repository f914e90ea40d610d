using Callwatch.Backup.Copying;
using Callwatch.Testing;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Callwatch.Tests.Backup;

public sealed class DatabaseCopyTests
{
    [Fact]
    public void What_is_written_through_the_connection_copied_from_comes_along()
    {
        using var temp = new TempFolder();
        using var writer = Open(temp.At("a.db"));
        Run(writer, "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)");
        Fill(writer, 20_000);
        using (var copy = new DatabaseCopy(temp.At("a.db"), temp.At("b.db"), writer))
        {
            for (var round = 0; !copy.Step(50); round++)
            {
                Fill(writer, 10);
                Run(writer, "UPDATE t SET text = 'changed' WHERE id <= " + round.ToString(System.Globalization.CultureInfo.InvariantCulture));
            }

            Assert.Equal(0, copy.Restarts);
        }

        Assert.Equal("ok", Text(temp.At("b.db"), "PRAGMA integrity_check"));
        Assert.Equal(Sum(temp.At("a.db")), Sum(temp.At("b.db")));
    }

    [Fact]
    public void A_change_through_another_connection_makes_it_begin_again_and_the_copy_is_whole()
    {
        using var temp = new TempFolder();
        using var writer = Open(temp.At("a.db"));
        Run(writer, "PRAGMA journal_mode = WAL; CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)");
        Fill(writer, 20_000);
        using (var copy = new DatabaseCopy(temp.At("a.db"), temp.At("b.db"), lent: null))
        {
            for (var round = 0; !copy.Step(round < 4 ? 50 : -1); round++) Fill(writer, 10);
            Assert.True(copy.Restarts > 0);
        }

        Assert.Equal("ok", Text(temp.At("b.db"), "PRAGMA integrity_check"));
        Assert.Equal(Sum(temp.At("a.db")), Sum(temp.At("b.db")));
    }

    private static SqliteConnection Open(string file)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    private static void Fill(SqliteConnection connection, int rows) => Run(
        connection, FormattableString.Invariant($"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) INSERT INTO t (text) SELECT hex(randomblob(50)) FROM n"));

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static string Sum(string file) => Text(file, "SELECT count(*) || ' ' || group_concat(text) FROM (SELECT text FROM t ORDER BY id)");

    private static string Text(string file, string sql)
    {
        using var connection = Open(file);
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar()!.ToString()!;
    }
}
