using System.Text.Json.Nodes;
using Callwatch.Client.Sentry;
using Callwatch.Testing.StandIns;

namespace Callwatch.Client.Tests.Sentry;

/// <summary>The library's reports and a Sentry on loopback that refuses what the real one would refuse.</summary>
internal sealed class World : IAsyncDisposable
{
    private World(SentryStandIn sentry) => Sentry = sentry;

    public SentryStandIn Sentry { get; }

    public SentryHub Hub { get; private set; } = null!;

    // One that still watched would leave its breadcrumbs in other tests.
    private List<SentryHub> All { get; } = [];

    public static async Task<World> StartAsync(Action<SentryOptions>? configure = null, TimeProvider? time = null)
    {
        var sentry = await SentryStandIn.StartedAsync();
        sentry.FromLibrary = true;
        var world = new World(sentry);
        world.Begin(sentry.Dsn, configure, time);
        return world;
    }

    /// <summary>The library once more, as after a restart of the application.</summary>
    public void Begin(string dsn, Action<SentryOptions>? configure = null, TimeProvider? time = null)
    {
        var given = new SentryOptions { Dsn = dsn, Release = "shop@1.4.2", Timeout = TimeSpan.FromMinutes(1) };
        configure?.Invoke(given);
        var wrong = new List<string>();
        var (options, where) = SentrySettings.Checked(given, "Testing", wrong)!.Value;
        Xunit.Assert.Empty(wrong);
        All.Add(Hub = new SentryHub(options, where, time ?? TimeProvider.System).Start());
    }

    /// <summary>Flushes, and the one event there is.</summary>
    public async Task<JsonObject> OneAsync()
    {
        await Hub.FlushAsync(Xunit.TestContext.Current.CancellationToken);
        return Xunit.Assert.Single(Sentry.Events);
    }

    public static Exception Thrown(Exception exception)
    {
        try
        {
            throw exception;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var hub in All) await hub.DisposeAsync();
        await Sentry.DisposeAsync();
    }
}

/// <summary>What activities one test makes; no other test may run beside it, because a listener hears the whole process.</summary>
[Xunit.CollectionDefinition("activities of the process", DisableParallelization = true)]
public sealed class ActivitiesOfTheProcess;
