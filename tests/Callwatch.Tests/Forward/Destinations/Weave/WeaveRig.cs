using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Destinations.Weave;
using Callwatch.Testing.Scenarios;
using Callwatch.Testing.StandIns;

namespace Callwatch.Tests.Forward.Destinations.Weave;

/// <summary>A lane to a stand-in of W&amp;B.</summary>
internal sealed class WeaveRig : IAsyncDisposable
{
    public const string Project = WeaveStandIn.Entity + "/support-bot";

    private WeaveRig(WeaveStandIn standIn, JsonObject? more)
    {
        StandIn = standIn;
        var config = new JsonObject { ["api_key"] = WeaveStandIn.Key, ["project"] = Project, ["host"] = standIn.Host };
        foreach (var (name, value) in more ?? []) config[name] = value?.DeepClone();
        Rig = new ForwardRig(new WeaveKind(), config);
    }

    public WeaveStandIn StandIn { get; }

    public ForwardRig Rig { get; }

    public static async Task<WeaveRig> StartAsync(JsonObject? more = null)
    {
        var standIn = new WeaveStandIn();
        await standIn.StartAsync();
        return new WeaveRig(standIn, more);
    }

    public async Task DeliverAsync(params string[] scenarios)
    {
        await Rig.AddAsync(scenarios.Select(Scenarios.Get));
        await Rig.DeliverAsync();
    }

    /// <summary>Sends a scenario's first request by itself, without a lane that would try again.</summary>
    public async Task<Delivery> SendAsync(string scenario, CancellationToken cancel)
    {
        await using var platform = Rig.Open();
        return await platform.SendAsync(Anchored.Items(platform, scenario), cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await Rig.DisposeAsync();
        await StandIn.DisposeAsync();
    }
}
