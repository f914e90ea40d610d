using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Testing;
using Callwatch.Testing.Scenarios;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Weave;

/// <summary>What goes to Weave, as it came over a real socket; all of it was taken there.</summary>
public sealed class WeaveGoldenTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static TheoryData<string> Names { get; } = [.. Scenarios.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Each_scenario_goes_out_as_it_should(string scenario)
    {
        await using var there = await WeaveRig.StartAsync();
        await there.DeliverAsync(scenario);
        Matches(scenario, there.StandIn);
        Assert.Empty(there.Rig.DeadLetters);
        Assert.All(there.StandIn.Calls.Keys, id => Assert.Equal(1, there.StandIn.Times(id)));
    }

    [Fact]
    public async Task An_older_server_gets_starts_and_ends()
    {
        await using var there = await WeaveRig.StartAsync();
        there.StandIn.KnowsCallsComplete = false;
        await there.DeliverAsync("workflow");
        Matches("workflow.starts-and-ends", there.StandIn);
        await using var other = await WeaveRig.StartAsync();
        await other.DeliverAsync("workflow");
        Assert.Equal(other.StandIn.Outline(), there.StandIn.Outline());
        Assert.All(other.StandIn.Calls, call => Assert.True(JsonNode.DeepEquals(call.Value, there.StandIn.Calls[call.Key])));
    }

    private static void Matches(string name, WeaveStandIn standIn)
    {
        var sent = standIn.Requests.Select(request => new JsonObject { ["request"] = $"{request.Method} {request.Path}", ["body"] = request.Json() });
        Golden.Matches($"Callwatch.Tests/Forward/Destinations/Weave/golden/{name}.json", new JsonArray([.. sent]).ToJsonString(Indented));
    }
}
