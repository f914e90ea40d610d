using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Destinations.Otlp;
using Callwatch.Testing.Scenarios;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Otlp;

public sealed class OtlpDestinationTests : OtlpPlatformTests
{
    private const string Token = "s3cr3t-t0ken";

    private protected override IDestinationKind Kind { get; } = new OtlpKind();

    private protected override string Folder => "Otlp";

    private protected override WireHost NewPlatform() => new OtlpStandIn { Keys = new Dictionary<string, string> { ["authorization"] = "Bearer " + Token } };

    private protected override JsonObject ConfigFor(WireHost platform) => new() { ["endpoint"] = platform.Address, ["headers"] = new JsonObject { ["Authorization"] = "Bearer " + Token } };

    private protected override IReadOnlyList<WireSpan> TakenBy(WireHost platform) => ((OtlpStandIn)platform).Spans;

    private protected override IReadOnlyList<string> SecretsOf(WireHost platform) => ["Bearer " + Token, Token];

    // What a sender wrote is passed on as it is, even where the stand-in would have it otherwise: the bad spans stand alone, and no good one is lost with them.
    public override async Task Odd_spans_are_put_into_a_form_that_is_shown()
    {
        await using var receiver = await StartAsync();
        await using var rig = new ForwardRig(Kind, ConfigFor(receiver));
        await rig.AddAsync(AnyTraceTests.Odd(), Scenarios.Get("llm-message"));
        await rig.DeliverAsync();
        Assert.Equal(AnyTraceTests.Odd().Revisions().Sum(trace => trace.Spans.Count) + 2, TakenBy(receiver).Count + rig.DeadLetters.Count);
        Assert.True(TakenBy(receiver).Count >= 9, string.Join("; ", rig.DeadLetters.Select(letter => letter.Message)));
        Assert.All(rig.DeadLetters, letter => Assert.Equal((400, 1), (letter.Status, letter.SpanIds.Count)));
    }

    [Theory]
    [InlineData("http/json", "gzip")]
    [InlineData("http/json", "none")]
    [InlineData("http/protobuf", "none")]
    [InlineData("grpc", "gzip")]
    [InlineData("grpc", "none")]
    public async Task The_same_spans_arrive_over_every_protocol(string protocol, string compression)
    {
        await using var plain = await StartAsync();
        await using var receiver = await StartAsync();
        await DeliverAllAsync(plain, ConfigFor(plain));
        await DeliverAllAsync(receiver, Over(receiver, protocol, compression));
        Assert.Equal(Sorted(TakenBy(plain)), Sorted(TakenBy(receiver)));
        var request = receiver.Requests[0];
        Assert.Equal(protocol switch { "http/json" => "application/json", "grpc" => "application/grpc", _ => "application/x-protobuf" }, request.Header("content-type"));
        Assert.Equal(compression == "gzip" ? "gzip" : null, request.Header(protocol == "grpc" ? "grpc-encoding" : "content-encoding"));
    }

    [Theory]
    [InlineData("openinference", "llm-message")]
    [InlineData("openinference", "record-workflow")]
    [InlineData("both", "chat-tools-cache")]
    [InlineData("both", "feedback")]
    public async Task The_names_asked_for_are_added_to_those_the_sender_wrote(string conventions, string scenario)
    {
        await using var receiver = await StartAsync();
        var config = ConfigFor(receiver);
        config["conventions"] = conventions;
        await using var rig = new ForwardRig(Kind, config);
        await rig.AddAsync(Scenarios.Get(scenario));
        await rig.DeliverAsync();
        Callwatch.Testing.Golden.Matches($"Callwatch.Tests/Forward/Destinations/Otlp/golden/{conventions}/{scenario}.txt", WireText.Of(TakenBy(receiver)));
    }

    [Fact]
    public async Task Where_content_is_not_to_go_no_prompt_and_no_answer_goes()
    {
        await using var receiver = await StartAsync();
        var config = ConfigFor(receiver);
        config["capture_content"] = false;
        config["conventions"] = "both";
        await DeliverAllAsync(receiver, config);
        var text = WireText.Of(TakenBy(receiver));
        foreach (var said in (string[])["Paris", "capital of France", "parcel?", "A-17", "a@example.com\\\"", "sunny", "Does this arrive?", "French geography", "secret", "Two days"])
            Assert.DoesNotContain(said, text, StringComparison.Ordinal);
        Assert.Contains("gen_ai.usage.input_tokens = 57", text, StringComparison.Ordinal);
        Assert.Contains("RateLimitError", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_masked_span_is_made_anew_of_what_may_be_seen()
    {
        await using var receiver = await StartAsync();
        await using var rig = new ForwardRig(Kind, ConfigFor(receiver)) { Settings = destination => destination with { Mask = Mask.Of(["Paris", "email"]).Mask! } };
        await rig.AddAsync(Scenarios.Get("llm-message"), Scenarios.Get("workflow"));
        await rig.DeliverAsync();
        var text = Sorted(TakenBy(receiver));
        Assert.DoesNotContain("Paris", text, StringComparison.Ordinal);
        Assert.DoesNotContain("a@example.com", text, StringComparison.Ordinal);
        Assert.Equal(12, TakenBy(receiver).Count);
        Callwatch.Testing.Golden.Matches("Callwatch.Tests/Forward/Destinations/Otlp/golden/masked.txt", text);
    }

    [Fact]
    public async Task Resources_can_be_given_another_name_and_more_attributes()
    {
        await using var receiver = await StartAsync();
        var config = ConfigFor(receiver);
        config["service_name"] = "watched";
        config["resource_attributes"] = "team=search,region=eu%2Dwest";
        await using var rig = new ForwardRig(Kind, config);
        await rig.AddAsync(Scenarios.Get("error"));
        await rig.DeliverAsync();
        var span = Assert.Single(TakenBy(receiver));
        Assert.Equal(["service.name=watched", "service.version=2.4.0", "deployment.environment.name=production", "team=search", "region=eu-west"], span.Resource.All.Select(pair => $"{pair.Key}={pair.Value}"));
        Assert.Equal("shop.llm", span.ScopeName);
    }

    [Fact]
    public async Task The_json_on_the_wire_is_that_of_the_protocol()
    {
        await using var receiver = await StartAsync();
        await using var rig = new ForwardRig(Kind, Over(receiver, "http/json", "none"));
        await rig.AddAsync(Scenarios.Get("error"));
        await rig.DeliverAsync();
        var json = JsonNode.Parse(receiver.Requests[0].Sent)!;
        Callwatch.Testing.Golden.Matches("Callwatch.Tests/Forward/Destinations/Otlp/golden/error.json", json.ToJsonString(new System.Text.Json.JsonSerializerOptions { WriteIndented = true }));
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("http/json")]
    [InlineData("grpc")]
    public async Task Spans_a_receiver_drops_are_refused_with_its_words_and_not_sent_again(string protocol)
    {
        await using var receiver = (OtlpStandIn)await StartAsync();
        receiver.Drops = span => span.Name == "Send mail";
        await using var rig = new ForwardRig(Kind, Over(receiver, protocol, "gzip"));
        await rig.AddAsync(Scenarios.Get("workflow"));
        await rig.DeliverAsync();
        Assert.Single(receiver.Requests);
        Assert.Equal(9, receiver.Spans.Count);
        Assert.Equal((9, 1), (rig.Status.Sent, rig.Status.Refused));
        Assert.All(rig.DeadLetters, letter => Assert.Equal("1 of 10 items of the request were refused, the platform does not say which. dropped 1", letter.Message));
    }

    [Theory]
    [InlineData(16, typeof(Delivery.Blocked))]
    [InlineData(7, typeof(Delivery.Blocked))]
    [InlineData(12, typeof(Delivery.Blocked))]
    [InlineData(3, typeof(Delivery.Refused))]
    [InlineData(9, typeof(Delivery.Refused))]
    [InlineData(8, typeof(Delivery.TooLarge))]
    [InlineData(1, typeof(Delivery.TryAgain))]
    [InlineData(2, typeof(Delivery.TryAgain))]
    [InlineData(4, typeof(Delivery.TryAgain))]
    [InlineData(10, typeof(Delivery.TryAgain))]
    [InlineData(11, typeof(Delivery.TryAgain))]
    [InlineData(13, typeof(Delivery.TryAgain))]
    [InlineData(14, typeof(Delivery.TryAgain))]
    [InlineData(15, typeof(Delivery.TryAgain))]
    public async Task Each_grpc_status_decides_what_becomes_of_the_request(int status, Type expected)
    {
        await using var receiver = await StartAsync();
        receiver.Next(OtlpStandIn.GrpcStatus(status, "its own words: 100 %"));
        var delivery = await SendAsync(receiver, Over(receiver, "grpc", "gzip"));
        Assert.IsType(expected, delivery);
        Assert.Equal($"gRPC status {status}: its own words: 100 %", WordsOf(delivery).Message);
    }

    [Fact]
    public async Task A_grpc_receiver_without_room_is_given_the_time_it_asks_for()
    {
        await using var receiver = await StartAsync();
        var retryInfo = new Callwatch.Testing.ProtobufBytes().Message(1, new Callwatch.Testing.ProtobufBytes().Varint(1, 7).Varint(2, 500_000_000));
        var any = new Callwatch.Testing.ProtobufBytes().Text(1, "type.googleapis.com/google.rpc.RetryInfo").Message(2, retryInfo);
        var details = new Callwatch.Testing.ProtobufBytes().Varint(1, 8).Text(2, "busy").Message(3, any).ToArray();
        receiver.Next(OtlpStandIn.GrpcStatus(8, "busy").With("grpc-status-details-bin", Convert.ToBase64String(details).TrimEnd('=')));
        Assert.Equal(TimeSpan.FromSeconds(7.5), Assert.IsType<Delivery.TryAgain>(await SendAsync(receiver, Over(receiver, "grpc", "gzip"))).After);
    }

    [Fact]
    public async Task Grpc_at_a_port_that_does_not_speak_it_says_so()
    {
        await using var receiver = await StartAsync();
        var config = Over(receiver, "grpc", "none");
        config["endpoint"] = receiver.Address;
        var words = WordsOf(await SendAsync(receiver, config));
        Assert.Contains("protocol", words.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_receiver_that_never_answers_is_given_up_after_the_time_allowed()
    {
        await using var receiver = await StartAsync();
        receiver.Next(new WireAnswer(200, []) { IsSilent = true });
        var config = ConfigFor(receiver);
        config["timeout"] = 1;
        Assert.Equal("No answer in time.", Assert.IsType<Delivery.TryAgain>(await SendAsync(receiver, config)).Words.Message);
    }

    [Fact]
    public async Task A_check_tells_a_receiver_from_all_else()
    {
        await using var receiver = await StartAsync();
        foreach (var protocol in (string[])["http/protobuf", "http/json", "grpc"]) Assert.True((await CheckAsync(receiver, Over(receiver, protocol, "gzip"))).Ok);
        var wrong = ConfigFor(receiver);
        wrong["headers"] = new JsonObject { ["Authorization"] = "Bearer wrong" };
        Assert.Contains("credentials", (await CheckAsync(receiver, wrong)).Detail, StringComparison.Ordinal);
        var elsewhere = ConfigFor(receiver);
        elsewhere["endpoint"] = receiver.Address + "/collect";
        Assert.Contains("No OTLP receiver", (await CheckAsync(receiver, elsewhere)).Detail, StringComparison.Ordinal);
        receiver.Next(new WireAnswer(200, "<html></html>", "text/html"));
        Assert.Contains("HTML", (await CheckAsync(receiver)).Detail, StringComparison.Ordinal);
        receiver.Next(new WireAnswer(405, ""));
        Assert.Contains("No OTLP receiver", (await CheckAsync(receiver)).Detail, StringComparison.Ordinal);
        receiver.Next(OtlpStandIn.GrpcStatus(12, "unknown service"));
        Assert.False((await CheckAsync(receiver, Over(receiver, "grpc", "gzip"))).Ok);
        Assert.Empty(TakenBy(receiver));
    }

    [Fact]
    public async Task A_check_names_the_encoding_a_receiver_takes_instead()
    {
        await using var receiver = new OtlpStandIn { Types = ["application/json"] };
        await receiver.StartAsync();
        var result = await CheckAsync(receiver, new JsonObject { ["endpoint"] = receiver.Address });
        Assert.False(result.Ok);
        Assert.Contains("http/json", result.Detail, StringComparison.Ordinal);
    }

    private async Task DeliverAllAsync(WireHost receiver, JsonObject config)
    {
        await using var rig = new ForwardRig(Kind, config);
        await rig.AddAsync(Scenarios.All.DistinctBy(scenario => scenario.Revisions()[0].Revision.TraceId));
        await rig.DeliverAsync();
        Assert.Empty(rig.DeadLetters.Select(letter => letter.Message));
        Assert.NotEmpty(TakenBy(receiver));
    }

    private async Task<Delivery> SendAsync(WireHost receiver, JsonObject config)
    {
        Assert.NotNull(receiver);
        await using var rig = new ForwardRig(Kind, config);
        await using var destination = rig.Open();
        return await destination.SendAsync(ItemsOf(destination), TestContext.Current.CancellationToken);
    }

    private JsonObject Over(WireHost receiver, string protocol, string compression)
    {
        var config = ConfigFor(receiver);
        config["protocol"] = protocol;
        config["compression"] = compression;
        if (protocol == "grpc") config["endpoint"] = receiver.GrpcAddress;
        return config;
    }

    private static string Sorted(IEnumerable<WireSpan> spans)
    {
        var text = new StringBuilder();
        foreach (var span in spans.OrderBy(span => span.TraceId).ThenBy(span => span.SpanId)) text.Append(WireText.Of([span]));
        return text.ToString();
    }
}
