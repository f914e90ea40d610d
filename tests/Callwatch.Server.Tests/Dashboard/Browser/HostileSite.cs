using Xunit;

namespace Callwatch.Server.Tests.Dashboard.Browser;

/// <summary>A running server that has received <see cref="HostileTraffic"/>, and a browser to look at it.</summary>
public sealed class HostileSite : IAsyncLifetime
{
    public RunningServer Server { get; private set; } = null!;

    public Chromium Chromium { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Server = await RunningServer.StartAsync();
        await Chromium.InitializeAsync();
        await HostileTraffic.SendAsync(Server.Http, TimeProvider.System.GetUtcNow(), TestContext.Current.CancellationToken);
        await Stored.AllAsync(Server);
    }

    public async ValueTask DisposeAsync()
    {
        await Chromium.DisposeAsync();
        await Server.DisposeAsync();
    }
}
