using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Callwatch.Control;
using Callwatch.Forward.Desk;
using Callwatch.Forward.Lanes;
using Callwatch.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Callwatch.Server.Tests.Destinations;

/// <summary>What a lane holds while its destination is there, and lets go of when that changes or goes.</summary>
public sealed class LaneLifeTests : IAsyncLifetime
{
    private readonly TempFolder folder = new();
    private Collector collector = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => collector = await Collector.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await collector.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Connections_are_closed_with_each_change_and_what_is_known_goes_with_the_destination()
    {
        await using var server = await RunningServer.StartAsync(folder.Path, Forwarding.Settings);
        var (desk, lanes) = (server.Services.GetRequiredService<IDestinationDesk>(), server.Services.GetRequiredService<ILanes>());
        var id = (await CreateAsync(desk)).Id;
        await DeliverAsync(server, lanes, id, 1);
        Assert.InRange(collector.Open, 1, 16);
        var before = collector.Opened;
        Assert.IsType<DestinationAnswer.Done>(await desk.UpdateAsync(1, id, new DestinationWish { Name = "renamed" }, "tester", Cancel));
        await Eventually.HoldsAsync(() => collector.Open == 0, "the old connections are closed");
        await DeliverAsync(server, lanes, id, 2);
        Assert.True(collector.Opened > before);

        Assert.NotEqual(0, Known(id));
        Assert.True(desk.Delete(1, id, "tester"));
        await Eventually.HoldsAsync(() => collector.Open == 0 && lanes.Status(id) is null && Known(id) == 0, "all of it is gone");
    }

    [Fact]
    public async Task What_is_known_of_a_destination_that_went_while_no_server_ran_goes_at_the_next_start()
    {
        int gone, kept;
        await using (var server = await RunningServer.StartAsync(folder.Path, Forwarding.Settings))
        {
            var (desk, lanes) = (server.Services.GetRequiredService<IDestinationDesk>(), server.Services.GetRequiredService<ILanes>());
            (gone, kept) = ((await CreateAsync(desk)).Id, (await CreateAsync(desk)).Id);
            await DeliverAsync(server, lanes, gone, 1);
            await Eventually.HoldsAsync(() => Known(kept) > 0, "the other lane has begun");
        }

        // As a kill leaves it between the two files.
        using (var db = new ControlDb(folder.At("control.db")))
        using (var connection = db.Open())
        using (var delete = connection.CreateCommand())
        {
            delete.CommandText = string.Create(CultureInfo.InvariantCulture, $"DELETE FROM destinations WHERE id = {gone}");
            Assert.Equal(1, delete.ExecuteNonQuery());
        }

        // And one of other control data than this.
        using (var forward = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = folder.At("forward.db"), Pooling = false }.ToString()))
        {
            forward.Open();
            using var insert = forward.CreateCommand();
            insert.CommandText = "INSERT INTO lanes (destination, replay, cursor, created) VALUES (999, 0, 5, 5)";
            Assert.Equal(1, insert.ExecuteNonQuery());
        }

        await using var again = await RunningServer.StartAsync(folder.Path, Forwarding.Settings);
        await Eventually.HoldsAsync(() => Known(gone) == 0, "it is forgotten");
        Assert.NotEqual(0, Known(kept));
        Assert.Equal(1, Known(999));
    }

    private async Task<DestinationView> CreateAsync(IDestinationDesk desk) => Assert.IsType<DestinationAnswer.Done>(await desk.CreateAsync(
        1, new DestinationWish { Name = "collector", Kind = "otlp", Config = new JsonObject { ["endpoint"] = collector.Address } }, "tester", Cancel)).Destination;

    private static async Task DeliverAsync(RunningServer server, ILanes lanes, int id, ulong number)
    {
        var before = lanes.Status(id)?.Sent ?? 0;
        await Forwarding.SendAsync(server.Http, Forwarding.Trace(number));
        await Eventually.HoldsAsync(() => lanes.Status(id)?.Sent > before, "it was delivered");
    }

    /// <summary>Rows of <c>forward.db</c> about a destination.</summary>
    private long Known(int id)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = folder.At("forward.db"), Pooling = false, DefaultTimeout = 30 }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = string.Join(" + ", ((string[])["lanes", "anchors", "steps", "dead_letters"]).Select(table => $"(SELECT count(*) FROM {table} WHERE destination = $1)"));
        command.CommandText = "SELECT " + command.CommandText;
        command.Parameters.AddWithValue("$1", id);
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>Takes everything, and counts connections.</summary>
    private sealed class Collector(WebApplication app) : IAsyncDisposable
    {
        private int open;
        private int opened;

        public int Open => Volatile.Read(ref open);

        public int Opened => Volatile.Read(ref opened);

        public string Address => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

        public static async Task<Collector> StartAsync()
        {
            Collector? collector = null;
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, socket => socket.Use(next => async connection =>
            {
                Interlocked.Increment(ref collector!.open);
                Interlocked.Increment(ref collector.opened);
                try
                {
                    await next(connection);
                }
                finally
                {
                    Interlocked.Decrement(ref collector.open);
                }
            })));
            var app = builder.Build();
            collector = new Collector(app);
            app.Run(async http => await http.Request.Body.CopyToAsync(Stream.Null, http.RequestAborted));
            await app.StartAsync(Cancel);
            return collector;
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
