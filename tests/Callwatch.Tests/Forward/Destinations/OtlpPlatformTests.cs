using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Spans;
using Callwatch.Testing;
using Callwatch.Testing.Scenarios;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations;

/// <summary>
/// What holds of every platform that takes OTLP. Its own tests derive from this: each scenario goes through the real lane over a real socket into a stand-in that holds to the
/// platform's rules, and every answer the platform may give is read as its sheet says.
/// </summary>
public abstract class OtlpPlatformTests
{
    public static TheoryData<string> Names => [.. Scenarios.Names];

    private protected abstract IDestinationKind Kind { get; }

    private protected abstract JsonObject ConfigFor(WireHost platform);

    private protected abstract WireHost NewPlatform();

    private protected abstract IReadOnlyList<WireSpan> TakenBy(WireHost platform);

    /// <summary>What it has answered with 200 and would not show.</summary>
    private protected virtual IReadOnlyList<string> LostBy(WireHost platform) => [];

    /// <summary>The folder of its golden requests, beneath this one.</summary>
    private protected abstract string Folder { get; }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_scenario_arrives_as_the_platform_wants_it(string name)
    {
        await using var platform = await StartAsync();
        await using var rig = new ForwardRig(Kind, ConfigFor(platform));
        await rig.AddAsync(Scenarios.Get(name));
        await rig.DeliverAsync();
        Assert.Empty(rig.DeadLetters.Select(letter => letter.Message));
        Assert.Empty(LostBy(platform));
        Golden.Matches($"Callwatch.Tests/Forward/Destinations/{Folder}/golden/{name}.txt", WireText.Of(TakenBy(platform)));
    }

    [Fact]
    public async Task No_span_of_any_scenario_is_missing_and_each_comes_once()
    {
        await using var platform = await StartAsync();
        await using var rig = new ForwardRig(Kind, ConfigFor(platform));
        await rig.AddAsync(Scenarios.All.DistinctBy(scenario => scenario.Revisions()[0].Revision.TraceId));
        await rig.DeliverAsync();
        var taken = TakenBy(platform);
        Assert.Equal(taken.Count, taken.DistinctBy(span => (span.TraceId, span.SpanId)).Count());
        var sent = Scenarios.All.DistinctBy(scenario => scenario.Revisions()[0].Revision.TraceId).SelectMany(scenario => scenario.Revisions()).SelectMany(trace => trace.Spans)
            .Select(span => span.Span).Where(span => !MayBeFolded(span)).Select(span => (span.TraceId, span.SpanId));
        Assert.Empty(sent.Except(taken.Select(span => (span.TraceId, span.SpanId))));
    }

    [Fact]
    public async Task What_real_clients_were_recorded_to_send_arrives()
    {
        await using var platform = await StartAsync();
        await using var rig = new ForwardRig(Kind, ConfigFor(platform));
        await rig.AddAsync(AnyTraceTests.Recorded());
        await rig.DeliverAsync();
        Assert.Empty(rig.DeadLetters.Select(letter => letter.Message).Distinct());
        Assert.Empty(LostBy(platform));
        Assert.True(TakenBy(platform).Count > 40, $"{TakenBy(platform).Count} spans");
    }

    [Fact]
    public virtual async Task Odd_spans_are_put_into_a_form_that_is_shown()
    {
        await using var platform = await StartAsync();
        await using var rig = new ForwardRig(Kind, ConfigFor(platform));
        await rig.AddAsync(AnyTraceTests.Odd());
        await rig.DeliverAsync();
        Assert.Empty(rig.DeadLetters.Select(letter => letter.Message).Distinct());
        Assert.Empty(LostBy(platform));
        Assert.Equal(AnyTraceTests.Odd().Revisions().Sum(trace => trace.Spans.Count), TakenBy(platform).Count);
    }

    [Fact]
    public async Task After_a_crash_between_answer_and_cursor_the_same_spans_come_again_with_the_same_ids()
    {
        await using var platform = await StartAsync();
        await using var rig = new ForwardRig(Kind, ConfigFor(platform));
        await rig.AddAsync(Scenarios.Get("workflow"), Scenarios.Get("late-span"));
        await rig.DeliverAsync();
        var first = platform.Requests.Select(request => Convert.ToHexString(request.Sent)).ToList();
        rig.CrashBack();
        await rig.DeliverAsync();
        Assert.Equal(first.Order(StringComparer.Ordinal), platform.Requests.Skip(first.Count).Select(request => Convert.ToHexString(request.Sent)).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(401, typeof(Delivery.Blocked))]
    [InlineData(403, typeof(Delivery.Blocked))]
    [InlineData(404, typeof(Delivery.Blocked))]
    [InlineData(413, typeof(Delivery.TooLarge))]
    [InlineData(400, typeof(Delivery.Refused))]
    [InlineData(415, typeof(Delivery.Refused))]
    [InlineData(422, typeof(Delivery.Refused))]
    [InlineData(408, typeof(Delivery.TryAgain))]
    [InlineData(429, typeof(Delivery.TryAgain))]
    [InlineData(500, typeof(Delivery.TryAgain))]
    [InlineData(503, typeof(Delivery.TryAgain))]
    [InlineData(307, typeof(Delivery.Blocked))]
    public async Task Each_status_decides_what_becomes_of_the_request_and_gives_its_words(int status, Type expected)
    {
        await using var platform = await StartAsync();
        platform.Next(new WireAnswer(status, """{"code":3,"message":"the platform's own words"}""", "application/json").With("Location", "https://elsewhere.example/"));
        var delivery = await SendOneAsync(platform);
        Assert.IsType(expected, delivery);
        Assert.Equal(status, WordsOf(delivery).Status);
        if (status != 307) Assert.Equal("the platform's own words", WordsOf(delivery).Message);
        Assert.Single(platform.Requests);
    }

    [Fact]
    public async Task A_refusal_in_protobuf_is_read_as_such()
    {
        await using var platform = await StartAsync();
        platform.Next(new WireAnswer(400, new ProtobufBytes().Varint(1, 3).Text(2, "the span is no good").ToArray(), "application/x-protobuf"));
        Assert.Equal("the span is no good", WordsOf(await SendOneAsync(platform)).Message);
    }

    [Fact]
    public async Task It_waits_as_long_as_the_platform_asks_in_seconds_or_until_a_date()
    {
        await using var platform = await StartAsync();
        platform.Next(new WireAnswer(429, "slow down").With("Retry-After", "17"));
        Assert.Equal(TimeSpan.FromSeconds(17), Assert.IsType<Delivery.TryAgain>(await SendOneAsync(platform)).After);
        var now = Scenario.Received.Plus(TimeSpan.FromMinutes(10)).ToDateTimeOffset();
        platform.Next(new WireAnswer(503, "later").With("Retry-After", now.AddMinutes(2).ToString("R", null)).With("Date", now.ToString("R", null)));
        Assert.Equal(TimeSpan.FromMinutes(2), Assert.IsType<Delivery.TryAgain>(await SendOneAsync(platform)).After);

        // A platform whose clock is a day off still means two minutes.
        foreach (var theirs in (DateTimeOffset[])[now.AddDays(1), now.AddDays(-1)])
        {
            platform.Next(new WireAnswer(503, "later").With("Retry-After", theirs.AddMinutes(2).ToString("R", null)).With("Date", theirs.ToString("R", null)));
            Assert.Equal(TimeSpan.FromMinutes(2), Assert.IsType<Delivery.TryAgain>(await SendOneAsync(platform)).After);
        }

        platform.Next(new WireAnswer(503, "later").With("Retry-After", "soon"));
        Assert.Null(Assert.IsType<Delivery.TryAgain>(await SendOneAsync(platform)).After);
    }

    [Fact]
    public async Task Half_an_answer_is_tried_again_and_garbage_behind_a_200_is_not()
    {
        await using var platform = await StartAsync();
        platform.Next(new WireAnswer(200, [0x0A], "application/x-protobuf") { IsTorn = true });
        Assert.IsType<Delivery.TryAgain>(await SendOneAsync(platform));
        platform.Next(new WireAnswer(200, [0xFF, 0xFF, 0x07], "application/x-protobuf"));
        Assert.IsType<Delivery.Accepted>(await SendOneAsync(platform));
    }

    [Fact]
    public async Task A_page_in_place_of_an_answer_is_no_success()
    {
        await using var platform = await StartAsync();
        platform.Next(new WireAnswer(200, "\n<html>Please log in</html>", "text/html"));
        Assert.Contains("HTML page", WordsOf(Assert.IsType<Delivery.Blocked>(await SendOneAsync(platform))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_platform_says_of_what_it_takes_is_kept_as_a_warning()
    {
        await using var platform = await StartAsync();
        var partial = new ProtobufBytes().Message(1, new ProtobufBytes().Text(2, "old names will go"));
        platform.Next(new WireAnswer(200, partial.ToArray(), "application/x-protobuf"));
        var taken = Assert.IsType<Delivery.Accepted>(await SendOneAsync(platform));
        Assert.Equal(Folder == "Langfuse" ? null : "old names will go", taken.Warning?.Message);
    }

    [Fact]
    public async Task A_refused_connection_and_an_unknown_host_are_tried_again_in_plain_words()
    {
        await using var platform = await StartAsync();
        await using var rig = new ForwardRig(Kind, ConfigFor(platform));
        await using var destination = rig.Open();
        await platform.DisposeAsync();
        var delivery = Assert.IsType<Delivery.TryAgain>(await destination.SendAsync(ItemsOf(destination), TestContext.Current.CancellationToken));
        Assert.StartsWith("No connection", delivery.Words.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_too_large_even_alone_goes_in_a_smaller_form()
    {
        await using var platform = await StartAsync();
        await using var rig = new ForwardRig(Kind, ConfigFor(platform));
        await using var destination = rig.Open();
        var big = ItemsOf(destination, "llm-message", text => text.Replace("Paris.", new string('x', 200_000), StringComparison.Ordinal));
        var largest = big.MaxBy(item => item.Payload.Length)!;
        var smaller = Assert.IsType<OutboundItem>(destination.Shrink(largest));
        Assert.True(smaller.Payload.Length < 120_000, "it is much smaller");
        Assert.IsType<Delivery.Accepted>(await destination.SendAsync([smaller], TestContext.Current.CancellationToken));
        Assert.Empty(LostBy(platform));
        Assert.Null(destination.Shrink(smaller) is { } again && again.Payload.Length < smaller.Payload.Length ? again : null);
    }

    [Fact]
    public async Task A_key_the_platform_repeats_stays_out_of_its_words()
    {
        await using var platform = await StartAsync();
        foreach (var secret in SecretsOf(platform))
        {
            platform.Next(new WireAnswer(401, $$"""{"message":"unknown key {{secret}} or {{Uri.EscapeDataString(secret)}}"}""", "application/json"));
            var words = WordsOf(await SendOneAsync(platform));
            Assert.DoesNotContain(secret, words.Message, StringComparison.Ordinal);
            Assert.Contains("***", words.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>The secrets of <see cref="ConfigFor"/>.</summary>
    private protected abstract IReadOnlyList<string> SecretsOf(WireHost platform);

    private protected async Task<WireHost> StartAsync()
    {
        var platform = NewPlatform();
        await platform.StartAsync();
        return platform;
    }

    private protected async Task<Delivery> SendOneAsync(WireHost platform)
    {
        await using var rig = new ForwardRig(Kind, ConfigFor(platform));
        await using var destination = rig.Open();
        return await destination.SendAsync(ItemsOf(destination), TestContext.Current.CancellationToken);
    }

    private protected async Task<CheckResult> CheckAsync(WireHost platform, JsonObject? config = null)
    {
        await using var rig = new ForwardRig(Kind, config ?? ConfigFor(platform));
        await using var destination = rig.Open();
        return await destination.CheckAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The items of a scenario's first trace that go first.</summary>
    private protected static IReadOnlyList<OutboundItem> ItemsOf(IDestination destination, string scenario = "llm-message", Func<string, string>? change = null)
    {
        var trace = Scenarios.Get(scenario).Revisions()[0];
        if (change is not null) trace = Changed(trace, change);
        var anchor = new Anchor
        {
            TraceId = trace.Revision.TraceId,
            Seq = 1,
            RootSpanId = trace.Spans[0].Span.SpanId,
            Start = trace.Spans[0].Span.Start,
            FirstAttemptAt = A.Noon,
            App = Scenario.App,
            Name = trace.Spans[0].Span.DisplayName,
        };
        return [.. destination.Map(trace, anchor).Where(item => item.Stage == 0)];
    }

    private protected static PlatformWords WordsOf(Delivery delivery) => delivery switch
    {
        Delivery.Blocked blocked => blocked.Words,
        Delivery.Refused refused => refused.Words,
        Delivery.TooLarge tooLarge => tooLarge.Words,
        Delivery.TryAgain again => again.Words,
        Delivery.Dropped dropped => dropped.Words,
        _ => throw new ArgumentException("It has no words: " + delivery, nameof(delivery)),
    };

    // A node that calls a model and the call made of its usage are one span where the platform has no other place for them.
    private static bool MayBeFolded(Span span) => span.Call?.Source == CallSource.Synthetic;

    private static TraceToSend Changed(TraceToSend trace, Func<string, string> change) => trace with
    {
        Spans =
        [
            .. trace.Spans.Select(span => span with
            {
                Body = default,
                Content = span.Content with
                {
                    Input = Changed(span.Content.Input, change),
                    Output = Changed(span.Content.Output, change),
                    OutputMessages = [.. span.Content.OutputMessages.Select(message => message with { Parts = [.. message.Parts.Select(part => part with { Text = part.Text is null ? null : change(part.Text) })] })],
                    Attributes = (JsonObject)Changed(span.Content.Attributes, change)!,
                },
            }),
        ],
    };

    private static JsonNode? Changed(JsonNode? node, Func<string, string> change) => node is null ? null : JsonNode.Parse(change(node.ToJsonString()));
}
