using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Testing;
using Callwatch.Testing.Scenarios;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.LangSmith;

/// <summary>What goes to LangSmith, as it came over a real socket; all of it was taken there.</summary>
public sealed class LangSmithGoldenTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static TheoryData<string> Names { get; } = [.. Scenarios.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Each_scenario_goes_out_as_it_should(string scenario)
    {
        await using var there = await LangSmithRig.StartAsync();
        await there.DeliverAsync(scenario);
        Golden.Matches($"Callwatch.Tests/Forward/Destinations/LangSmith/golden/{scenario}.json", new JsonArray([.. there.StandIn.Requests.Where(IsWrite).Select(Readable)]).ToJsonString(Indented));
        Assert.Empty(there.Rig.DeadLetters);
    }

    [Fact]
    public async Task The_multipart_body_is_what_the_clients_send_byte_for_byte()
    {
        await using var there = await LangSmithRig.SayingAsync(null);
        await there.DeliverAsync("llm-message");
        Golden.Matches("Callwatch.Tests/Forward/Destinations/LangSmith/golden/llm-message.multipart.txt", Encoding.UTF8.GetString(there.StandIn.Requests.Single(IsWrite).Sent));
    }

    [Fact]
    public async Task An_older_server_gets_the_same_runs_in_one_batch()
    {
        await using var there = await LangSmithRig.StartAsync();
        there.StandIn.KnowsMultipart = false;
        await there.DeliverAsync("workflow");
        Assert.Equal(["/api/v1/runs/multipart", "/api/v1/runs/batch"], there.StandIn.Requests.Where(IsWrite).Select(request => request.Path));
        await using var other = await LangSmithRig.StartAsync();
        await other.DeliverAsync("workflow");
        Assert.Equal(other.StandIn.Outline(), there.StandIn.Outline());
        Assert.All(other.StandIn.Runs, run => Assert.True(JsonNode.DeepEquals(run.Value, there.StandIn.Runs[run.Key])));
    }

    private static bool IsWrite(StandInRequest request) => request.Method == "POST";

    private static JsonNode Readable(StandInRequest request)
    {
        var json = new JsonObject { ["request"] = $"{request.Method} {request.Path}" };
        if (request.Path.EndsWith("/multipart", StringComparison.Ordinal))
            json["runs"] = new JsonArray([.. LangSmithMultipart.Read(request.Header("Content-Type"), request.Body!).Select(run => new JsonObject { [$"{run.Operation}.{run.Id}"] = run.Run })]);
        else
            json["body"] = request.Json();
        return json;
    }
}
