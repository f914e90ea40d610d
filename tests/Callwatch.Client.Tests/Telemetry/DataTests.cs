using System.Data.Common;
using System.Diagnostics;
using Callwatch.Client.Data;
using Callwatch.Client.Jobs;
using Callwatch.Client.Telemetry.Sources;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Xunit;

namespace Callwatch.Client.Tests.Telemetry;

[Collection(OneAtATime.Name)]
public sealed class DataTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Commands_through_a_traced_sqlite_connection_are_spans_without_their_values()
    {
        using var folder = new TempFolder();
        var spans = await InJobAsync(5, async () =>
        {
            await using var db = new SqliteConnection("Data Source=" + folder.At("shop.db")).Traced();
            await db.OpenAsync(Cancel);
            await RunAsync(db, "CREATE TABLE orders (id INTEGER, who TEXT)");
            await using (var transaction = await db.BeginTransactionAsync(Cancel))
            {
                await using var insert = db.CreateCommand();
                insert.Transaction = transaction;
                insert.CommandText = "INSERT INTO orders VALUES ($id, 'anna''s secret')";
                var id = insert.CreateParameter();
                (id.ParameterName, id.Value) = ("$id", 17);
                insert.Parameters.Add(id);
                Assert.Equal(1, insert.ExecuteNonQuery());
                await transaction.CommitAsync(Cancel);
            }

            await using var select = db.CreateCommand();
            select.CommandText = "SELECT who FROM orders WHERE id = 17 LIMIT 10";
            Assert.Equal("anna's secret", await select.ExecuteScalarAsync(Cancel));
            await using (var reader = await select.ExecuteReaderAsync(Cancel)) Assert.True(await reader.ReadAsync(Cancel));
        });
        var job = Assert.Single(spans, span => span.Name == "job");
        var commands = spans.Where(span => span.Name != "job").OrderBy(span => span.Start).ToList();
        Assert.All(commands, span => Assert.Equal((job.SpanId, 3, "sqlite", "shop.db"), (span.ParentSpanId, span.Kind, span.Text("db.system.name"), span.Text("db.namespace"))));
        Assert.Equal(["CREATE shop.db", "INSERT shop.db", "SELECT shop.db", "SELECT shop.db"], commands.Select(span => span.Name));
        Assert.Equal("INSERT INTO orders VALUES ($id, ?)", commands[1].Text("db.query.text"));
        Assert.Equal("SELECT who FROM orders WHERE id = ? LIMIT ?", commands[2].Text("db.query.text"));
    }

    [Fact]
    public async Task A_command_that_fails_fails_its_span_and_throws_what_the_driver_threw()
    {
        var spans = await InJobAsync(2, async () =>
        {
            await using var db = new SqliteConnection("Data Source=:memory:").Traced();
            await db.OpenAsync(Cancel);
            await Assert.ThrowsAsync<SqliteException>(() => RunAsync(db, "SELECT * FROM nowhere"));
        });
        var command = Assert.Single(spans, span => span.Name != "job");
        Assert.Equal((2, "Microsoft.Data.Sqlite.SqliteException"), (command.StatusCode, command.Text("error.type")));
        Assert.Single(command.Events, one => one.Name == "exception");
    }

    [Fact]
    public void A_traced_connection_is_the_connection_in_all_else()
    {
        using var inner = new SqliteConnection("Data Source=:memory:");
        using var db = inner.Traced();
        Assert.Same(db, db.Traced());
        Assert.Same(inner, db.Untraced());
        Assert.Same(inner, inner.Untraced());
        db.Open();
        Assert.Equal((inner.State, inner.ServerVersion, inner.DataSource, inner.Database), (db.State, db.ServerVersion, db.DataSource, db.Database));
        using var command = db.CreateCommand();
        Assert.Same(db, command.Connection);
        command.CommandText = "SELECT 1";
        command.Prepare();
        Assert.Equal(1L, command.ExecuteScalar());
        db.Close();
        Assert.Equal(System.Data.ConnectionState.Closed, inner.State);
    }

    [Theory]
    [InlineData("SELECT a1, t2.b FROM t2 WHERE x=1 AND y = 2.5e3", "SELECT a1, t2.b FROM t2 WHERE x=? AND y = ?")]
    [InlineData("INSERT INTO t VALUES('a','it''s',0xFF, @p1, $2)", "INSERT INTO t VALUES(?,?,?, @p1, $2)")]
    [InlineData("SELECT 'never ends", "SELECT ?")]
    [InlineData("", "")]
    public void Values_are_left_out_of_commands(string text, string shown) => Assert.Equal(shown, DataSpans.WithoutValues(text));

    [Fact]
    public async Task Entity_framework_tells_of_its_commands_on_sqlite()
    {
        using var folder = new TempFolder();
        var spans = await InJobAsync(3, async () =>
        {
            await using var shop = new Shop(folder.At("ef.db"));
            await shop.Database.ExecuteSqlRawAsync("CREATE TABLE Orders (Id INTEGER PRIMARY KEY, Who TEXT)", Cancel);
            shop.Orders.Add(new Order { Who = "anna" });
            await shop.SaveChangesAsync(Cancel);
            Assert.Equal("anna", (await shop.Orders.SingleAsync(order => order.Id == 1, Cancel)).Who);
            await Assert.ThrowsAsync<SqliteException>(() => shop.Database.ExecuteSqlRawAsync("DELETE FROM Nothing", Cancel));
        });
        var job = Assert.Single(spans, span => span.Name == "job");
        Assert.All(spans.Where(span => span != job), span => Assert.Equal((job.SpanId, "sqlite", "ef.db"), (span.ParentSpanId, span.Text("db.system.name"), span.Text("db.namespace"))));
        Assert.Contains(spans, span => span.Name == "INSERT ef.db");
        Assert.Contains(spans, span => span.Name == "SELECT ef.db" && span.End > span.Start);
        Assert.Equal(2, Assert.Single(spans, span => span.Name == "DELETE ef.db").StatusCode);
    }

    [Fact]
    public async Task Npgsql_and_entity_framework_upon_it_make_one_span_for_a_command()
    {
        await using var postgres = await Postgres.StartAsync();
        Assert.SkipWhen(postgres is null, "PostgreSQL is not installed.");
        var spans = await InJobAsync(3, async () =>
        {
            await using var source = NpgsqlDataSource.Create(postgres.ConnectionString);
            await using (var command = source.CreateCommand("SELECT 17")) Assert.Equal(17, await command.ExecuteScalarAsync(Cancel));
            await using var failing = source.CreateCommand("SELECT * FROM nowhere");
            await Assert.ThrowsAsync<PostgresException>(() => failing.ExecuteScalarAsync(Cancel));
        });
        var job = Assert.Single(spans, span => span.Name == "job");
        var commands = spans.Where(span => span.ScopeName == "Npgsql" && span.Text("db.query.text") is not null).ToList();
        Assert.Equal(2, commands.Count);
        Assert.All(commands, span => Assert.Equal((job.SpanId, "postgresql"), (span.ParentSpanId, span.Text("db.system.name"))));
        Assert.Equal(2, Assert.Single(commands, span => span.Text("db.query.text")!.Contains("nowhere", StringComparison.Ordinal)).StatusCode);
        Assert.DoesNotContain(spans, span => span.ScopeName == KnownSources.Data);
    }

    [Fact]
    public async Task Sql_client_tells_of_its_commands_by_events_of_either_shape()
    {
        using var listener = new DiagnosticListener("SqlClientDiagnosticListener");
        var spans = await InJobAsync(4, () =>
        {
            using var db = new SqliteConnection("Data Source=:memory:");
            using var first = db.CreateCommand();
            first.CommandText = "SELECT * FROM orders WHERE who = 'anna'";
            listener.Write("Microsoft.Data.SqlClient.WriteCommandBefore", new { OperationId = Guid.NewGuid(), Command = first });
            listener.Write("Microsoft.Data.SqlClient.WriteCommandAfter", new { OperationId = Guid.NewGuid(), Command = first });
            using var second = db.CreateCommand();
            second.CommandText = "UPDATE orders SET who = NULL";
            listener.Write("Microsoft.Data.SqlClient.WriteCommandBefore", Pairs(("Command", second)));
            listener.Write("Microsoft.Data.SqlClient.WriteCommandError", Pairs(("Command", second), ("Exception", new InvalidOperationException("deadlock"))));
            listener.Write("Microsoft.Data.SqlClient.WriteCommandAfter", null);
            listener.Write("Microsoft.Data.SqlClient.WriteCommandAfter", new { Unheard = "of" });
            return Task.CompletedTask;
        }, until: 3);
        Assert.Equal("SELECT * FROM orders WHERE who = ?", Assert.Single(spans, span => span.Name.StartsWith("SELECT", StringComparison.Ordinal)).Text("db.query.text"));
        Assert.Equal((2, "deadlock"), (Assert.Single(spans, span => span.Name.StartsWith("UPDATE", StringComparison.Ordinal)).StatusCode, spans.First(span => span.StatusCode == 2).StatusMessage));

        static Dictionary<string, object?> Pairs(params (string Key, object? Value)[] pairs) => pairs.ToDictionary(pair => pair.Key, pair => pair.Value);
    }

    [Fact]
    public async Task Two_hosts_in_one_process_make_one_span_for_a_command_and_the_last_of_them_the_end()
    {
        using var listener = new DiagnosticListener("SqlClientDiagnosticListener");
        await using var collector = await Collector.OpenAsync();
        await using var other = await Collector.OpenAsync();
        using var host = await Watched.WorkerAsync(collector);
        using (var second = await Watched.WorkerAsync(other))
        {
            Assert.Equal(2, await SpansAsync());
            await second.StopAsync(Cancel);
        }

        Assert.Equal(2, await SpansAsync());
        await host.StopAsync(Cancel);
        Assert.False(listener.IsEnabled("Microsoft.Data.SqlClient.WriteCommandBefore"));

        async Task<int> SpansAsync()
        {
            var trace = default(ActivityTraceId);
            await Job.RunAsync("job", _ =>
            {
                trace = Activity.Current!.TraceId;
                using var db = new SqliteConnection("Data Source=:memory:");
                using var command = db.CreateCommand();
                command.CommandText = "SELECT 1";
                listener.Write("Microsoft.Data.SqlClient.WriteCommandBefore", new { Command = command });
                listener.Write("Microsoft.Data.SqlClient.WriteCommandAfter", new { Command = command });
                return Task.CompletedTask;
            }, Cancel);
            Assert.True(await host.FlushAsync());
            return collector.Of(trace).Count;
        }
    }

    private static async Task<IReadOnlyList<WireSpan>> InJobAsync(int spans, Func<Task> work, int? until = null)
    {
        await using var collector = await Collector.OpenAsync();
        using var host = await Watched.WorkerAsync(collector);
        var trace = default(ActivityTraceId);
        await Job.RunAsync("job", async _ =>
        {
            trace = Activity.Current!.TraceId;
            await work();
        }, Cancel);
        await collector.ArrivedAsync(trace, until ?? spans);
        await host.StopAsync(Cancel);
        return collector.Of(trace);
    }

    private static async Task RunAsync(DbConnection db, string text)
    {
        await using var command = db.CreateCommand();
        command.CommandText = text;
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private sealed class Order
    {
        public int Id { get; set; }

        public string? Who { get; set; }
    }

    private sealed class Shop(string path) : DbContext
    {
        public DbSet<Order> Orders => Set<Order>();

        protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder.UseSqlite("Data Source=" + path + ";Pooling=false");
    }
}
