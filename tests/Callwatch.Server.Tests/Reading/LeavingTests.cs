using System.Net.Sockets;
using System.Text;
using Callwatch.Query;
using Callwatch.Query.Running;
using Callwatch.Store;
using Callwatch.Store.Partitions;
using Callwatch.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace Callwatch.Server.Tests.Reading;

public sealed class LeavingTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_question_stops_when_its_connection_is_closed_and_one_too_many_is_told_to_come_back()
    {
        // By this clock no question ever runs out of time.
        var still = new ManualTime();
        await using var server = await RunningServer.StartAsync(services: services =>
        {
            services.AddSingleton(provider => new QueryGate(provider.GetRequiredService<StoreFolder>(), still, Options.Create(new QueryOptions { MaxAtOnce = 1, MaxWaiting = 1 })));

            // What is made of calls in the background would go on for ever, too.
            foreach (var upkeep in services.Where(service => service.ImplementationType == typeof(StoreUpkeep)).ToList()) services.Remove(upkeep);
        });
        await Traffic.SendAsync(server);
        MakeEndless(server);
        var gate = server.Services.GetRequiredService<QueryGate>();
        var path = $"/api/v1/calls?{Traffic.Range}&q=latency%3E1h";

        var running = await AskAsync(server, path);
        await Until(() => gate is { Running: 1 });
        var waiting = await AskAsync(server, path);
        await Until(() => gate is { Running: 1, Waiting: 1 });
        using var refused = await server.Http.GetAsync(path, Cancel);
        Assert.Equal(429, (int)refused.StatusCode);
        Assert.True(refused.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        Assert.Contains("too_many_questions", await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);

        waiting.Dispose();
        await Until(() => gate is { Running: 1, Waiting: 0 });
        running.Dispose();
        await Until(() => gate is { Running: 0, Waiting: 0 });
    }

    // Any question at the calls of any partition then goes on for ever.
    private static void MakeEndless(RunningServer server)
    {
        foreach (var file in Directory.GetFiles(Path.Combine(server.DataFolder, "store"), "20*.db"))
        {
            using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = """
                ALTER TABLE calls RENAME TO calls_kept;
                CREATE VIEW calls AS SELECT k.* FROM calls_kept k, (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n);
                """;
            command.ExecuteNonQuery();
        }
    }

    private static async Task<Socket> AskAsync(RunningServer server, string path)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server.Url.Host, server.Url.Port, Cancel);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {server.Url.Authority}\r\n\r\n"), SocketFlags.None, Cancel);
        return socket;
    }

    private static async Task Until(Func<bool> holds)
    {
        while (!holds()) await Task.Delay(TimeSpan.FromMilliseconds(5), Cancel);
    }
}
