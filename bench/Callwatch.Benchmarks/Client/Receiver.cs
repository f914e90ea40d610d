using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Callwatch.Benchmarks.Client;

/// <summary>Where clients send to: a receiver that reads and says yes, or a port that nobody listens on.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication? app;

    private Receiver(WebApplication? app, Uri url) => (this.app, Url) = (app, url);

    public Uri Url { get; }

    public static async Task<Receiver> StartAsync(bool alive)
    {
        if (!alive) return new Receiver(null, DeadEnd());
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.Run(async http =>
        {
            await http.Request.Body.CopyToAsync(Stream.Null);
            if (!http.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal)) return;
            http.Response.StatusCode = StatusCodes.Status202Accepted;
            await http.Response.WriteAsync("""{"accepted":1,"rejected":[],"trace_ids":[]}""");
        });
        await app.StartAsync();
        return new Receiver(app, new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()));
    }

    public async ValueTask DisposeAsync()
    {
        if (app is null) return;
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private static Uri DeadEnd()
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return new Uri($"http://127.0.0.1:{((IPEndPoint)socket.LocalEndpoint).Port}");
    }
}
