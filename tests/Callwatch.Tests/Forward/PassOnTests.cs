using System.IO.Pipelines;
using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Destinations.Otlp;
using Callwatch.Journal;
using Callwatch.Journal.Writing;
using Callwatch.Media;
using Callwatch.Receive;
using Callwatch.Settle;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;
using static Callwatch.Testing.StandIns.PlatformReply;

namespace Callwatch.Tests.Forward;

/// <summary>Logs and metrics go on as they came to destinations that list them; what nobody lists is refused with a reason.</summary>
public sealed class PassOnTests : IAsyncDisposable
{
    private readonly LaneWorld world = new();
    private readonly ScriptedPlatform platform = new() { Script = _ => new Answer(200) };

    public async ValueTask DisposeAsync()
    {
        await world.DisposeAsync();
        await platform.DisposeAsync();
    }

    [Fact]
    public async Task Metrics_that_no_destination_lists_are_answered_as_partial_success_and_not_kept()
    {
        var accepted = Assert.IsType<IntakeResult.Accepted>(await TakeAsync(Signal.Metrics, Metrics("shop", 3)));
        Assert.Equal((3, "no destination keeps metrics"), (accepted.Rejected, accepted.Message));
        Assert.Equal(0, world.Journal.Head.Number);
        Assert.Equal(3, world.Counters.Total(Reason.NoDestinationKeepsMetrics));
    }

    [Fact]
    public async Task Metrics_that_a_destination_lists_are_journalled_as_they_came()
    {
        world.Directory.Set(Otlp("metrics"));
        var body = Metrics("shop", 3);
        Assert.Equal(0, Assert.IsType<IntakeResult.Accepted>(await TakeAsync(Signal.Metrics, body)).Rejected);
        var record = Assert.Single(((InMemoryJournal)world.Journal).Records);
        Assert.Equal((Signal.Metrics, 1, world.Apps.AppIdOf(1, "shop")), (record.Signal, record.TenantId, record.AppId));
        Assert.Equal(body, record.Payload.ToArray());
    }

    [Fact]
    public async Task Of_several_apps_only_what_is_listed_is_kept_and_the_rest_is_counted_in_data_points()
    {
        world.Directory.Set(Otlp("metrics") with { AppIds = new HashSet<int> { world.Apps.AppIdOf(1, "shop") } });
        var accepted = Assert.IsType<IntakeResult.Accepted>(await TakeAsync(Signal.Metrics, [.. Metrics("shop", 2), .. Metrics("bank", 5)]));
        Assert.Equal((5, "no destination keeps metrics"), (accepted.Rejected, accepted.Message));
        Assert.Equal(Metrics("shop", 2), Assert.Single(((InMemoryJournal)world.Journal).Records).Payload.ToArray());
    }

    [Fact]
    public async Task Logs_that_belong_to_no_call_are_kept_only_where_a_destination_lists_them()
    {
        var body = A.Resource("shop").Logs(A.Log("app.started").For(0, 0).Body("hello"));
        var refused = Assert.IsType<IntakeResult.Accepted>(await TakeAsync(Signal.Logs, body));
        Assert.Equal((1, "no destination keeps logs"), (refused.Rejected, refused.Message));

        world.Directory.Set(Otlp("logs"));
        Assert.Equal(0, Assert.IsType<IntakeResult.Accepted>(await TakeAsync(Signal.Logs, body)).Rejected);
        Assert.Equal(body, Assert.Single(((InMemoryJournal)world.Journal).Records).Payload.ToArray());
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_destination_that_is_switched_off_or_of_another_tenant_keeps_nothing(bool otherTenant, bool off)
    {
        world.Directory.Set(Otlp("metrics") with { TenantId = otherTenant ? 2 : 1, Enabled = !off });
        Assert.Equal(1, Assert.IsType<IntakeResult.Accepted>(await TakeAsync(Signal.Metrics, Metrics("shop", 1))).Rejected);
    }

    [Fact]
    public async Task Each_record_settles_once_whenever_settling_stops()
    {
        using var folder = new TempFolder();
        var journal = new InMemoryJournal();
        world.Directory.Set(Otlp("logs", "metrics"));
        for (var round = 0; round < 4; round++)
        {
            JournalEntry[] entries = [TestJournal.Entry(A.Traces(A.Span("chat").Trace((ulong)round + 1))), TestJournal.Entry(Metrics("shop", 1), Signal.Metrics), TestJournal.Entry(A.Logs(A.Log("x")), Signal.Logs)];
            await journal.AppendAsync([.. entries.Select(entry => entry with { ReceivedAt = Timestamp.From(world.Time.GetUtcNow()) })], TestContext.Current.CancellationToken);
            using var log = new SettledLog(folder.At("settled"));
            using var settler = new Settler(
                journal, log, new ReaderChoices(journal, NullLogger<ReaderChoices>.Instance), [], Options.Create(new SettleOptions()), new Counters(), world.Time, NullLogger<Settler>.Instance,
                new SignalTakers(world.Directory));
            await settler.StartAsync(TestContext.Current.CancellationToken);
            await Eventually.HoldsAsync(
                () =>
                {
                    world.Time.Advance(TimeSpan.FromMilliseconds(250));
                    return log.Head == 3 * (round + 1);
                },
                "it has settled");
            await settler.StopAsync(CancellationToken.None);
        }

        using var all = new SettledLog(folder.At("settled"));
        all.Load();
        var passed = all.Page(1, 0).Revisions.Where(revision => revision.Reason == SettleReason.PassedOn).ToList();
        Assert.Equal([2, 3, 5, 6, 8, 9, 11, 12], passed.Select(revision => revision.FirstNumber));
        Assert.All(passed, revision => Assert.True(revision.TraceId.IsNone && revision.Spans.Count == 0));
    }

    [Fact]
    public async Task Each_signal_goes_byte_for_byte_to_its_own_address_and_only_to_those_who_list_it()
    {
        await using var tracesOnly = new ScriptedPlatform { Script = _ => new Answer(200) };
        await world.StartAsync(Otlp("logs", "metrics"), Otlp(tracesOnly, 2, "traces"));
        var (logs, metrics) = (A.Resource("shop").Logs(A.Log("app.started").Body("hello")), Metrics("shop", 2));
        await world.PassOnAsync(Signal.Logs, logs);
        await world.PassOnAsync(Signal.Metrics, metrics);
        await world.SettleAsync(1, A.Span("chat"));
        await world.WhenDoneAsync();
        await world.WhenDoneAsync(2);
        Assert.Equal([("/v1/logs", Convert.ToHexString(logs)), ("/v1/metrics", Convert.ToHexString(metrics))], platform.Requests.Select(request => (request.Path, Convert.ToHexString(request.Body))));
        Assert.Equal("/v1/traces", Assert.Single(tracesOnly.Requests).Path);
    }

    [Fact]
    public async Task Only_records_of_apps_it_serves_go()
    {
        await world.StartAsync(Otlp("metrics") with { AppIds = new HashSet<int> { world.Apps.AppIdOf(1, "bank") } });
        await world.PassOnAsync(Signal.Metrics, Metrics("shop", 1));
        await world.PassOnAsync(Signal.Metrics, Metrics("bank", 1), "bank");
        await world.PassOnAsync(Signal.Metrics, Metrics("bank", 9), "bank", tenantId: 2);
        await world.WhenDoneAsync();
        Assert.Equal(Metrics("bank", 1), Assert.Single(platform.Requests).Body);
    }

    [Fact]
    public async Task A_refused_record_is_a_dead_letter_that_can_be_sent_again()
    {
        platform.Script = _ => new Answer(400, "{\"message\": \"no\"}");
        await world.StartAsync(Otlp("logs"));
        await world.PassOnAsync(Signal.Logs, A.Logs(A.Log("x")));
        await world.WhenDoneAsync();
        var letter = Assert.Single(world.Letters.List(1, null, 10));
        Assert.Equal(("logs", 400, true), (letter.Route, letter.Status, letter.TraceId.IsNone));
        platform.Script = _ => new Answer(200);
        world.Letters.Retry(1, Callwatch.Forward.Lanes.LetterChoice.All);
        world.Lanes.TryAtOnce(1);
        await Eventually.HoldsAsync(() => world.Letters.Count(1) == 0, "it is gone");
        Assert.Equal(2, platform.Requests.Count);
    }

    [Theory]
    [InlineData(Signal.Logs)]
    [InlineData(Signal.Metrics)]
    public async Task With_a_mask_texts_are_hidden_and_all_else_goes_as_it_came(Signal signal)
    {
        var plain = signal == Signal.Logs ? Logs("anna@example.com") : Metrics("shop", 1, "anna@example.com");
        var hidden = signal == Signal.Logs ? Logs("***") : Metrics("shop", 1, "***");
        await world.StartAsync(Otlp("logs", "metrics") with { Mask = Mask.Of(["email"]).Mask! });
        await world.PassOnAsync(signal, plain);
        await world.WhenDoneAsync();
        Assert.Equal(Convert.ToHexString(hidden), Convert.ToHexString(Assert.Single(platform.Requests).Body));
    }

    // Of bytes nobody can say what stands in them.
    private static byte[] Logs(string text) =>
        A.Resource("shop").Logs(A.Log("mail").For(1, 1).Body("write to " + text).With("to", text).With("raw", text == "***" ? text : System.Text.Encoding.UTF8.GetBytes("write to " + text)));

    // A sum of so many data points, one attribute each.
    private static byte[] Metrics(string service, int points, string attribute = "v")
    {
        var sum = new ProtobufBytes();
        for (var i = 0; i < points; i++) sum.Message(1, new ProtobufBytes().Fixed64(3, 1_795_331_535_000_000_000).Fixed64(6, (ulong)i + 1).Attribute(7, "k", attribute));
        var metric = new ProtobufBytes().Text(1, "requests").Text(3, "1").Message(7, sum.Varint(2, 2).Varint(3, 1));
        var resource = new ProtobufBytes().Attribute(1, "service.name", service);
        var scoped = new ProtobufBytes().Message(1, new ProtobufBytes().Text(1, "tests")).Message(2, metric);
        return new ProtobufBytes().Message(1, new ProtobufBytes().Message(1, resource).Message(2, scoped)).ToArray();
    }

    private Destination Otlp(params string[] signals) => Otlp(platform, 1, signals);

    private Destination Otlp(ScriptedPlatform at, int id, params string[] signals) => world.Destination(at.Address, new OtlpKind(), id) with
    {
        Config = new JsonObject { ["endpoint"] = at.Address.AbsoluteUri.TrimEnd('/'), ["compression"] = "none" },
        Signals = signals.ToHashSet(StringComparer.Ordinal),
    };

    private async Task<IntakeResult> TakeAsync(Signal signal, byte[] body)
    {
        using var media = new TempFolder();
        var intake = new Intake(
            world.Journal, new MediaFolder(media.Path, DiskFiles.Instance, () => true, world.Time, NullLogger.Instance), world.Apps, world.Counters, Options.Create(new ReceiveOptions()),
            Options.Create(new MediaOptions()), world.Time, new SignalTakers(world.Directory));
        var request = new IntakeRequest { Signal = signal, Format = OtlpFormat.Protobuf, Sender = new Sender(1, null, MayNameApp: true, 0), Body = PipeReader.Create(new MemoryStream(body)), Length = body.Length };
        return await intake.TakeAsync(request, TestContext.Current.CancellationToken);
    }
}
