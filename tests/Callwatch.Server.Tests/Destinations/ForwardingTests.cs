using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Callwatch.Control;
using Callwatch.Server.Tests.Access;
using Callwatch.Server.Tests.Reading;
using Callwatch.Settle;
using Callwatch.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Callwatch.Server.Tests.Destinations;

/// <summary>The whole way, from the socket of one server to the socket of another: what was sent to the one is found in the other, by the same ids.</summary>
public sealed class ForwardingTests : IAsyncLifetime
{
    private RunningServer first = null!;
    private RunningServer second = null!;
    private PickyCollector picky = null!;

    public async ValueTask InitializeAsync()
    {
        first = await Forwarding.ServerAsync();
        second = await Forwarding.ServerAsync();
        picky = await PickyCollector.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await first.DisposeAsync();
        await second.DisposeAsync();
        await picky.DisposeAsync();
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("http/json")]
    [InlineData("grpc")]
    public async Task Everything_that_comes_in_arrives_at_an_otlp_receiver_with_the_same_ids(string protocol)
    {
        var destination = Forwarding.ToOtlp(protocol == "grpc" ? second.GrpcUrl : second.Url);
        destination["config"]!["protocol"] = protocol;
        var made = await first.AddAsync(destination);
        await Traffic.SendAsync(first);
        for (var i = 1ul; i <= 20; i++) await Forwarding.SendAsync(first.Http, Forwarding.Trace(100 + i));
        await Forwarding.ArrivedAsync(first.Http, second.Http, 44);
        var status = await first.StatusAsync(made, now => (long)now["backlog"]! == 0 && (string?)now["state"] == "idle", "all is delivered");
        Assert.True((long)status["sent"]! >= 44);
        Assert.NotNull(status["last_delivery"]);
        Assert.Equal((0L, 0L, 0L), ((long)status["refused"]!, (long)status["expired"]!, (long)status["dead_letters"]!));
        var call = await Forwarding.CallAsync(second.Http, HttpMethod.Get, $"/api/v1/spans/{Traffic.TraceId(101)}/{Traffic.SpanId(2)}", null);
        Assert.Equal(("shop", "gpt-4o", 57, "anna"), ((string?)call!["app"], (string?)call["request_model"], (int)call["usage"]!["input_tokens"]!, (string?)call["user_id"]));
        Assert.Contains("Where is my parcel?", call["messages"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_check_asks_the_platform_and_says_what_it_found()
    {
        var closed = await Forwarding.ServerAsync(("Callwatch:Access:TrustLoopback", "false"));
        await using var _ = closed;
        var good = await CheckAsync(Forwarding.ToOtlp(closed.Url, "good", Key.Make(closed, KeyScopes.Ingest, "default")));
        Assert.True((bool)good["ok"]!, (string?)good["detail"]);
        Assert.True((double)good["latency_ms"]! >= 0);
        var bad = await CheckAsync(Forwarding.ToOtlp(closed.Url, "bad", "cw_0123456789012345678901234567890123"));
        Assert.False((bool)bad["ok"]!);
        Assert.DoesNotContain("cw_0123456789012345678901234567890123", bad.ToJsonString(), StringComparison.Ordinal);
        Assert.False((bool)(await CheckAsync(Forwarding.ToOtlp(new Uri("http://127.0.0.1:1"), "nobody there")))["ok"]!);
        Assert.Empty((await first.CallAsync(HttpMethod.Get, "/api/v1/destinations"))!["items"]!.AsArray());

        // What is saved is checked as it is saved, or with what a form holds and nobody has saved yet.
        var made = await first.AddAsync(Forwarding.ToOtlp(closed.Url, "saved", Key.Make(closed, KeyScopes.Ingest, "default")));
        var path = $"/api/v1/destinations/{made["id"]}/check";
        Assert.True((bool)(await InTimeAsync(() => first.CallAsync(HttpMethod.Post, path)))["ok"]!);
        Assert.False((bool)(await first.CallAsync(HttpMethod.Post, path, """{"config":{"headers":{"Authorization":"Bearer cw_0123456789012345678901234567890123"}}}"""))!["ok"]!);
        Assert.True((bool)(await InTimeAsync(() => first.CallAsync(HttpMethod.Post, path)))["ok"]!);

        async Task<JsonNode> CheckAsync(JsonObject destination) => await InTimeAsync(() => first.CallAsync(HttpMethod.Post, "/api/v1/destinations/check", destination.ToJsonString()));

        // A machine with much else to do lets even a receiver that is well miss its time.
        static Task<JsonNode> InTimeAsync(Func<Task<JsonNode?>> ask) =>
            Eventually.AnswersAsync(async () => await ask() is { } check && (string?)check["detail"] != "No answer in time." ? check : null, () => "the platform answers in time");
    }

    [Fact]
    public async Task A_platform_that_refuses_the_key_blocks_its_lane_says_so_without_the_key_and_loses_nothing()
    {
        const string Secret = "cw_secret/that+the~platform_echoes";
        picky.Refuses = 401;
        picky.Says = $$"""{"message":"unknown key {{Secret}} ({{Uri.EscapeDataString(Secret)}}, {{Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(Secret))}})"}""";
        var destination = Forwarding.ToOtlp(picky.Url);
        destination["config"]!["headers"] = new JsonObject { ["x-api-key"] = Secret };
        var made = await first.AddAsync(destination);
        await Forwarding.SendAsync(first.Http, Forwarding.Trace(1));
        var blocked = await first.StatusAsync(made, now => (string?)now["state"] == "blocked", "the lane is blocked");
        Assert.Equal(401, (int)blocked["last_error"]!["status"]!);
        Assert.Contains("unknown key *** (***, ***)", (string?)blocked["last_error"]!["message"], StringComparison.Ordinal);
        Assert.False(string.IsNullOrEmpty((string?)blocked["last_error"]!["advice"]));
        Assert.True((long)blocked["backlog"]! > 0);
        Assert.True((double)blocked["oldest_age_s"]! > 0);

        picky.Refuses = null;
        await first.CallAsync(HttpMethod.Post, $"/api/v1/destinations/{made["id"]}/resume");
        await first.StatusAsync(made, now => (string?)now["state"] == "idle" && (long)now["backlog"]! == 0, "the lane goes on");
        Assert.Equal(2, picky.Taken.Distinct().Count());
    }

    [Fact]
    public async Task What_is_refused_for_good_becomes_dead_letters_that_can_be_sent_again_or_thrown_away()
    {
        picky.Dislikes = "chat gpt-4o";
        var made = await first.AddAsync(Forwarding.ToOtlp(picky.Url));
        var path = $"/api/v1/destinations/{made["id"]}/dead-letters";
        for (var i = 1ul; i <= 5; i++) await Forwarding.SendAsync(first.Http, Forwarding.Trace(i));
        var status = await first.StatusAsync(made, now => (long)now["dead_letters"]! == 5 && (long)now["backlog"]! == 0, "five letters are dead");
        Assert.Equal((5L, 5L), ((long)status["refused"]!, (long)status["sent"]!));

        var letters = await PagedAsync(path);
        Assert.Equal(5, letters.Count);
        var letter = letters[0];
        Assert.Equal(("go away", 400), ((string?)letter["message"], (int)letter["status"]!));
        Assert.Equal([Traffic.SpanId(2)], letter["span_ids"]!.AsArray().Select(id => (string?)id));
        Assert.True((int)letter["attempts"]! > 0);
        Assert.Equal(32, ((string)letter["trace_id"]!).Length);

        // One by its number, which is refused again and stays one letter; then, the cause mended, one and all.
        picky.Dislikes = null;
        Assert.Equal(1, await CountAsync("/retry", $$"""{"ids":[{{letter["id"]}},999999]}"""));
        await first.StatusAsync(made, now => (long)now["dead_letters"]! == 4, "one letter is delivered");
        Assert.Contains($"{letter["trace_id"]}/{Traffic.SpanId(2)}", picky.Taken);
        Assert.Equal(1, await CountAsync("/discard", $$"""{"ids":[{{letters[1]["id"]}}]}"""));
        Assert.Equal(0, await CountAsync("/retry", """{"all":true,"status":401}"""));
        Assert.Equal(3, await CountAsync("/retry", """{"all":true,"status":400,"from":"2020-01-01"}"""));
        await first.StatusAsync(made, now => (long)now["dead_letters"]! == 0, "no letter is dead any more");
        Assert.Equal(9, picky.Taken.Distinct().Count());
        Assert.Equal(0, await CountAsync("/discard", """{"all":true}"""));
        foreach (var (body, field) in new[] { ("{}", "ids"), ("""{"ids":[1],"all":true}""", "ids"), ("""{"ids":"1"}""", "ids"), ("""{"all":true,"from":"then"}""", "from") })
            Assert.Equal(field, (string?)(await first.CallAsync(HttpMethod.Post, path + "/retry", body, HttpStatusCode.UnprocessableEntity))!["field"]);

        async Task<long> CountAsync(string below, string body) => (long)(await first.CallAsync(HttpMethod.Post, path + below, body))!["count"]!;
    }

    [Fact]
    public async Task A_replay_sends_again_what_was_received_in_its_range_while_the_rest_goes_on()
    {
        var made = await first.AddAsync(Forwarding.ToOtlp(picky.Url));
        var path = $"/api/v1/destinations/{made["id"]}";
        for (var i = 1ul; i <= 3; i++) await Forwarding.SendAsync(first.Http, Forwarding.Trace(i));
        await first.StatusAsync(made, now => (long)now["sent"]! == 6 && (long)now["backlog"]! == 0, "three traces are delivered");
        var between = DateTimeOffset.UtcNow;
        var problem = await first.CallAsync(HttpMethod.Post, path + "/replay", """{"from":"2020-01-01T00:00:00Z"}""", HttpStatusCode.Conflict);
        Assert.Equal("duplicates_not_confirmed", (string?)problem!["code"]);
        foreach (var (body, field) in new[] { ("{}", "from"), ("""{"from":"then"}""", "from"), ("""{"from":"2026-09-17","to":"2026-09-16"}""", "to"), ("""{"from":17}""", "from") })
            Assert.Equal(field, (string?)(await first.CallAsync(HttpMethod.Post, path + "/replay", body, HttpStatusCode.UnprocessableEntity))!["field"]);

        var begun = await first.CallAsync(HttpMethod.Post, path + "/replay", """{"from":"2020-01-01T00:00:00Z","confirm_duplicates":true}""", HttpStatusCode.Accepted);
        await Forwarding.SendAsync(first.Http, Forwarding.Trace(4));
        var done = await Forwarding.UntilAsync(() => first.CallAsync(HttpMethod.Get, $"{path}/replays/{begun!["id"]}"), replay => (string?)replay["state"] == "done", "the replay is done");
        Assert.NotNull(done["ended_at"]);
        Assert.Equal(6, (long)done["sent"]!);
        await first.StatusAsync(made, now => (long)now["sent"]! == 8 && (long)now["backlog"]! == 0, "the live lane went on");
        Assert.Equal(14, picky.Taken.Count);
        Assert.Equal(8, picky.Taken.Distinct().Count());

        // Nothing was received in this range.
        var nothing = await first.CallAsync(
            HttpMethod.Post, path + "/replay", $$"""{"from":"2020-01-01","to":"{{between.AddHours(-1).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}}","confirm_duplicates":true}""", HttpStatusCode.Accepted);
        var idle = await Forwarding.UntilAsync(() => first.CallAsync(HttpMethod.Get, $"{path}/replays/{nothing!["id"]}"), replay => (string?)replay["state"] == "done", "the second replay is done");
        Assert.Equal(0, (long)idle["sent"]!);
        var listed = (await first.CallAsync(HttpMethod.Get, path + "/replays"))!["items"]!.AsArray().Select(replay => (int)replay!["id"]!).ToList();
        Assert.Equal([(int)nothing!["id"]!, (int)begun!["id"]!], listed);
        Assert.Equal("replay_ended", (string?)(await first.CallAsync(HttpMethod.Delete, $"{path}/replays/{begun["id"]}", null, HttpStatusCode.Conflict))!["code"]);
        Assert.Equal("replay_not_found", (string?)(await first.CallAsync(HttpMethod.Delete, path + "/replays/999", null, HttpStatusCode.NotFound))!["code"]);
    }

    [Fact]
    public async Task A_replay_under_way_can_be_ended_and_only_a_few_run_at_once()
    {
        var made = await first.AddAsync(Forwarding.ToOtlp(picky.Url));
        var path = $"/api/v1/destinations/{made["id"]}";
        await Forwarding.SendAsync(first.Http, Forwarding.Trace(1));
        await first.StatusAsync(made, now => (long)now["sent"]! == 2, "the trace is delivered");
        picky.Refuses = 503;
        var begun = new List<string>();
        for (var i = 0; i < 4; i++)
            begun.Add((await first.CallAsync(HttpMethod.Post, path + "/replay", """{"from":"2020-01-01","confirm_duplicates":true}""", HttpStatusCode.Accepted))!["id"]!.ToString());
        Assert.Equal("too_many_replays", (string?)(await first.CallAsync(HttpMethod.Post, path + "/replay", """{"from":"2020-01-01","confirm_duplicates":true}""", HttpStatusCode.Conflict))!["code"]);
        await first.CallAsync(HttpMethod.Delete, $"{path}/replays/{begun[0]}", null, HttpStatusCode.NoContent);
        var ended = await first.CallAsync(HttpMethod.Get, $"{path}/replays/{begun[0]}");
        Assert.Equal("ended", (string?)ended!["state"]);
        picky.Refuses = null;
        foreach (var other in begun.Skip(1))
            await Forwarding.UntilAsync(() => first.CallAsync(HttpMethod.Get, $"{path}/replays/{other}"), replay => (string?)replay["state"] == "done", "the other replays are done");
    }

    [Fact]
    public async Task Filter_apps_and_mask_say_what_goes_and_the_beginning_is_what_was_there_before()
    {
        await Forwarding.SendAsync(first.Http, Forwarding.Trace(1, "shop", "write to anna@example.org"));
        await Forwarding.SendAsync(first.Http, Forwarding.Trace(2, "cellar"));
        await first.StoredAsync();
        var destination = Forwarding.ToOtlp(second.Url);
        destination["start"] = "beginning";
        destination["apps"] = new JsonArray("shop");
        destination["filter"] = "model:gpt-4o";
        destination["mask"] = new JsonArray("email");
        var made = await first.AddAsync(destination);
        await first.StatusAsync(made, now => (long)now["sent"]! == 2 && (long)now["backlog"]! == 0, "one trace is delivered");
        await second.StoredAsync();
        var span = await Forwarding.CallAsync(second.Http, HttpMethod.Get, $"/api/v1/spans/{Traffic.TraceId(1)}/{Traffic.SpanId(2)}", null);
        Assert.Contains("write to ***", span!["messages"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain("anna@example.org", span.ToJsonString(), StringComparison.Ordinal);
        await Forwarding.CallAsync(second.Http, HttpMethod.Get, "/api/v1/traces/" + Traffic.TraceId(2), null, expected: HttpStatusCode.NotFound);

    }

    [Fact]
    public async Task An_app_that_is_switched_off_is_sent_nowhere_until_it_is_switched_on()
    {
        await first.AddAsync(Forwarding.ToOtlp(picky.Url));
        await Forwarding.SendAsync(first.Http, Forwarding.Trace(1));
        await ArrivesAsync(1);
        await first.CallAsync(HttpMethod.Put, "/api/v1/apps/shop/tracing", """{"enabled":false}""");
        await Forwarding.SendAsync(first.Http, Forwarding.Trace(2));

        // Goes the same way behind it, so that the one before has been looked at when this one is there.
        await Eventually.HoldsAsync(() => first.Services.GetRequiredService<ISettledLog>().Head >= 2, "the second trace settles");
        await Forwarding.SendAsync(first.Http, Forwarding.Trace(3, "cellar"));
        await ArrivesAsync(3);
        await first.CallAsync(HttpMethod.Put, "/api/v1/apps/shop/tracing", """{"enabled":true}""");
        await Forwarding.SendAsync(first.Http, Forwarding.Trace(4));
        await ArrivesAsync(4);
        Assert.DoesNotContain($"{Traffic.TraceId(2)}/{Traffic.SpanId(1)}", picky.Taken);

        Task ArrivesAsync(ulong trace) => Eventually.HoldsAsync(() => picky.Taken.Contains($"{Traffic.TraceId(trace)}/{Traffic.SpanId(1)}"), $"trace {trace} arrives");
    }

    private async Task<List<JsonNode>> PagedAsync(string path)
    {
        var items = new List<JsonNode>();
        string? cursor = null;
        do
        {
            var page = await first.CallAsync(HttpMethod.Get, path + "?limit=2" + (cursor is null ? "" : "&cursor=" + cursor));
            items.AddRange(page!["items"]!.AsArray().Select(item => item!));
            cursor = (string?)page["next"];
        }
        while (cursor is not null);
        return items;
    }
}
