using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Destinations.Arize;
using Callwatch.Testing.Scenarios;
using Callwatch.Testing.StandIns;
using Callwatch.Tests.Forward.Destinations.Otlp;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Arize;

public sealed class ArizeDestinationTests : OtlpPlatformTests
{
    private static readonly Dictionary<string, string> Keys = new() { ["arize-api-key"] = ArizeStandIn.ApiKey, ["arize-space-id"] = ArizeStandIn.SpaceId };

    public static TheoryData<string> Unseen => [.. OpenInferenceDrafts.Wrong.Keys];

    public static TheoryData<string> Wrong => [.. WrongRequests.All.Keys];

    private protected override IDestinationKind Kind { get; } = new ArizeKind();

    private protected override string Folder => "Arize";

    private protected override WireHost NewPlatform() => new ArizeStandIn();

    private protected override JsonObject ConfigFor(WireHost platform) =>
        new() { ["endpoint"] = platform.Address, ["api_key"] = ArizeStandIn.ApiKey, ["space_id"] = ArizeStandIn.SpaceId, ["project"] = "support bot" };

    private protected override IReadOnlyList<WireSpan> TakenBy(WireHost platform) => ((ArizeStandIn)platform).Spans;

    private protected override IReadOnlyList<string> SecretsOf(WireHost platform) => [ArizeStandIn.ApiKey, ArizeStandIn.SpaceId];

    [Fact]
    public async Task The_same_spans_arrive_over_grpc()
    {
        await using var arize = (ArizeStandIn)await StartAsync();
        var config = ConfigFor(arize);
        config["endpoint"] = arize.GrpcAddress;
        config["transport"] = "grpc";
        await using var rig = new ForwardRig(Kind, config);
        await rig.AddAsync(Scenarios.Get("workflow"));
        await rig.DeliverAsync();
        Callwatch.Testing.Golden.Matches("Callwatch.Tests/Forward/Destinations/Arize/golden/workflow.txt", WireText.Of(arize.Spans));
        Assert.Equal(ArizeStandIn.ApiKey, arize.Requests[0].Header("api_key"));
        Assert.True((await CheckAsync(arize, config)).Ok);
        arize.Next(OtlpStandIn.GrpcStatus(16, "bad key"));
        Assert.Contains("credentials", (await CheckAsync(arize, config)).Detail, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Unseen))]
    public async Task The_stand_in_refuses_what_the_screens_would_not_show(string wrong)
    {
        await using var arize = await StartAsync();
        Assert.Equal(400, await PostAsync(arize, OpenInferenceDrafts.Wrong[wrong]().ToProtobuf()));
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task The_stand_in_refuses_what_breaks_the_protocol(string wrong)
    {
        await using var arize = await StartAsync();
        var draft = OpenInferenceDrafts.Llm();
        WrongRequests.All[wrong](draft);
        Assert.Equal(400, await PostAsync(arize, draft.ToProtobuf()));
    }

    [Fact]
    public async Task The_stand_in_refuses_strangers_other_types_and_spans_without_a_project()
    {
        await using var arize = await StartAsync();
        var good = OpenInferenceDrafts.Llm();
        Assert.Equal(200, await PostAsync(arize, good.ToProtobuf()));
        Assert.Equal(200, await PostAsync(arize, OpenInferenceDrafts.Llm().Without("model_id").ToProtobuf()));
        Assert.Equal(200, await PostAsync(arize, OpenInferenceDrafts.Llm().Without("openinference.project.name").ToProtobuf()));
        Assert.Equal(400, await PostAsync(arize, OpenInferenceDrafts.Llm().Without("model_id").Without("openinference.project.name").ToProtobuf()));
        Assert.Equal(415, await PostAsync(arize, Encoding.UTF8.GetBytes(good.ToJson().ToJsonString()), "application/json"));
        foreach (var key in Keys.Keys) Assert.Equal(401, await PostAsync(arize, good.ToProtobuf(), headers: Keys.Where(pair => pair.Key != key).ToDictionary()));
        var strange = OpenInferenceDrafts.Llm();
        strange.Resource.Add(("model_version", 2L));
        Assert.Equal(400, await PostAsync(arize, strange.ToProtobuf()));
    }

    [Fact]
    public async Task A_check_looks_at_the_answer()
    {
        await using var arize = await StartAsync();
        var result = await CheckAsync(arize);
        Assert.True(result.Ok);
        Assert.Contains("not documented", result.Detail, StringComparison.Ordinal);
        var config = ConfigFor(arize);
        config["space_id"] = "another";
        Assert.Contains("credentials", (await CheckAsync(arize, config)).Detail, StringComparison.Ordinal);
        Assert.Empty(TakenBy(arize));
    }

    [Theory]
    [InlineData("https://otlp.arize.com/v1?x=1#y", "https://otlp.arize.com", "https://app.arize.com")]
    [InlineData("https://otlp.eu-west-1a.arize.com/v1", "https://otlp.eu-west-1a.arize.com", "https://app.eu-west-1a.arize.com")]
    [InlineData("https://otlp.ca-central-1a.arize.com", "https://otlp.ca-central-1a.arize.com", "https://app.ca-central-1a.arize.com")]
    [InlineData(" ", "https://otlp.arize.com", "https://app.arize.com")]
    [InlineData("http://arize.example:8080/otlp", "http://arize.example:8080", "https://app.arize.com")]
    public async Task The_address_is_a_host_and_the_application_lies_in_its_region(string given, string kept, string app)
    {
        var config = Assert.IsType<ConfigResult.Good>(Kind.Normalize(new JsonObject { ["endpoint"] = given, ["api_key"] = "abcd", ["space_id"] = "efgh", ["project"] = "a b" }, new OutboundRules(false, []))).Config;
        Assert.Equal(kept, (string?)config["endpoint"]);
        using var http = new HttpClient();
        await using var destination = Kind.Create(config, new DestinationContext(http, TimeProvider.System, "1.0.0"));
        Assert.Equal(app + "/?redirect_project_name=a%20b", destination.LinkTo(default, null!));
    }

    [Theory]
    [InlineData("api_key")]
    [InlineData("space_id")]
    public void Key_and_space_are_asked_for_when_it_is_saved(string field)
    {
        foreach (var wrong in (string[])["  ", "schlüssel"])
        {
            var config = new JsonObject { ["api_key"] = "abcd", ["space_id"] = "efgh", [field] = wrong };
            Assert.Equal(field, Assert.IsType<ConfigResult.Wrong>(Kind.Normalize(config, new OutboundRules(false, []))).Field);
        }
    }

    private static async Task<int> PostAsync(WireHost arize, byte[] body, string type = "application/x-protobuf", IReadOnlyDictionary<string, string>? headers = null)
    {
        using var answer = await Posting.PostAsync(arize.Address + "/v1/traces", body, type, headers ?? Keys);
        return (int)answer.StatusCode;
    }
}
