using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Callwatch.Forward.Destinations.Otlp;
using Callwatch.Server.Tests.Reading;
using Callwatch.Testing.Scenarios;
using Xunit;

namespace Callwatch.Server.Tests.Forward;

/// <summary>A second Callwatch as a receiver: what is passed on to it says the same there as what was sent here.</summary>
public sealed class OtlpToCallwatchTests
{
    private static readonly string[] Facts =
        ["span_id", "parent_span_id", "name", "display_name", "kind", "app", "outcome", "error", "start", "end", "user_id", "session_id", "environment", "provider", "model", "usage", "ttft_ms", "finish_reasons"];

    [Theory]
    [InlineData("http/protobuf", "genai")]
    [InlineData("http/json", "both")]
    [InlineData("grpc", "openinference")]
    public async Task Every_trace_says_the_same_in_a_second_callwatch(string protocol, string conventions)
    {
        await using var first = await RunningServer.StartAsync();
        await using var second = await RunningServer.StartAsync();
        var scenarios = Scenarios.All.DistinctBy(scenario => scenario.Revisions()[0].Revision.TraceId).ToList();
        foreach (var request in scenarios.SelectMany(scenario => scenario.Requests)) await SendAsync(first, request);
        await using var rig = new ForwardRig(new OtlpKind(), new JsonObject
        {
            ["endpoint"] = (protocol == "grpc" ? second.GrpcUrl : second.Url).AbsoluteUri,
            ["protocol"] = protocol,
            ["conventions"] = conventions,
        });
        await rig.AddAsync(scenarios);
        await rig.DeliverAsync();
        Assert.Empty(rig.DeadLetters.Select(letter => letter.Message));
        await first.StoredAsync();
        await second.StoredAsync();
        foreach (var trace in scenarios.Select(scenario => scenario.Revisions()[0].Revision.TraceId))
            Assert.Equal(await FactsAsync(first, trace.ToString()), await FactsAsync(second, trace.ToString()));
    }

    private static async Task SendAsync(RunningServer server, byte[] request)
    {
        using var content = new ByteArrayContent(request);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        using var answer = await server.Http.PostAsync(new Uri("/v1/traces", UriKind.Relative), content, TestContext.Current.CancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    private static async Task<string> FactsAsync(RunningServer server, string trace)
    {
        var spans = (await server.GetAsync("/api/v1/traces/" + trace))["spans"]!.AsArray();

        // What one has computed may be given to the other.
        return string.Join("\n", spans
            .Select(span => string.Join(" ", Facts.Where(fact => span![fact] is not null).Select(fact => $"{fact}={span![fact]!.ToJsonString()}")) + $" cost={span!["cost"]?["total_usd"]}")
            .Order(StringComparer.Ordinal));
    }
}
