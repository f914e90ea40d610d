using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Destinations.LangSmith;
using Callwatch.Testing.Scenarios;
using Callwatch.Testing.StandIns;

namespace Callwatch.Tests.Forward.Destinations.LangSmith;

/// <summary>A lane to a stand-in of LangSmith.</summary>
internal sealed class LangSmithRig : IAsyncDisposable
{
    public const string Project = "shop traces";

    private LangSmithRig(LangSmithStandIn standIn, JsonObject? more)
    {
        StandIn = standIn;
        var config = new JsonObject { ["api_key"] = LangSmithStandIn.Key, ["project"] = Project, ["endpoint"] = standIn.Endpoint };
        foreach (var (name, value) in more ?? []) config[name] = value?.DeepClone();
        Rig = new ForwardRig(new LangSmithKind(), config);
    }

    public LangSmithStandIn StandIn { get; }

    public ForwardRig Rig { get; }

    public static async Task<LangSmithRig> StartAsync(JsonObject? more = null)
    {
        var standIn = new LangSmithStandIn();
        await standIn.StartAsync();
        return new LangSmithRig(standIn, more);
    }

    /// <param name="info">What the server says of itself; null when it does not.</param>
    public static async Task<LangSmithRig> SayingAsync(JsonObject? info)
    {
        var there = await StartAsync();
        there.StandIn.Info = info;
        return there;
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
