using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Destinations.LangSmith;
using Callwatch.Testing;
using Callwatch.Testing.Scenarios;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.LangSmith;

/// <summary>What LangSmith's answers mean, over real sockets.</summary>
public sealed class LangSmithDestinationTests
{
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(202, typeof(Delivery.Accepted))]
    [InlineData(400, typeof(Delivery.Refused))]
    [InlineData(401, typeof(Delivery.Blocked))]
    [InlineData(402, typeof(Delivery.Blocked))]
    [InlineData(403, typeof(Delivery.Blocked))]
    [InlineData(404, typeof(Delivery.Blocked))]
    [InlineData(408, typeof(Delivery.TryAgain))]
    [InlineData(413, typeof(Delivery.TooLarge))]
    [InlineData(422, typeof(Delivery.Refused))]
    [InlineData(425, typeof(Delivery.TryAgain))]
    [InlineData(429, typeof(Delivery.TryAgain))]
    [InlineData(500, typeof(Delivery.TryAgain))]
    [InlineData(503, typeof(Delivery.TryAgain))]
    public async Task The_answer_decides_the_delivery(int status, Type expected)
    {
        await using var there = await LangSmithRig.StartAsync();
        there.StandIn.Always = request => request.Method == "POST" ? new StandInAnswer(status, """{"detail":"in its own words"}""") : null;
        var delivery = await there.SendAsync("llm-message", cancel);
        Assert.IsType(expected, delivery);
        if (Words(delivery) is { } words) Assert.Equal((status, "in its own words"), (words.Status, words.Message));
    }

    [Theory]
    [InlineData("17", 17)]
    [InlineData("Thu, 17 Sep 2026 12:11:30 GMT", 30)]
    [InlineData("soon", 10)]
    [InlineData(null, 10)]
    public async Task A_limit_is_waited_for_as_long_as_it_says_or_ten_seconds(string? retryAfter, int seconds)
    {
        await using var there = await LangSmithRig.StartAsync();
        there.StandIn.Always = Limit(retryAfter);
        var delivery = Assert.IsType<Delivery.TryAgain>(await there.SendAsync("llm-message", cancel));
        Assert.Equal(TimeSpan.FromSeconds(seconds), delivery.After);
    }

    [Fact]
    public async Task A_limit_that_lasts_is_one_of_the_plan_and_is_asked_about_every_ten_minutes()
    {
        await using var there = await LangSmithRig.StartAsync();
        there.StandIn.Always = Limit(null);
        await using var platform = there.Rig.Open();
        var items = Anchored.Items(platform, "llm-message");
        await platform.SendAsync(items, cancel);
        there.Rig.Time.Advance(TimeSpan.FromSeconds(55));
        Assert.Equal(TimeSpan.FromMinutes(10), Assert.IsType<Delivery.TryAgain>(await platform.SendAsync(items, cancel)).After);
        there.StandIn.Always = null;
        Assert.IsType<Delivery.Accepted>(await platform.SendAsync(items, cancel));
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var there = await LangSmithRig.StartAsync();
        there.StandIn.Always = request => request.Method == "POST" ? new StandInAnswer(307).With("Location", there.StandIn.Endpoint + "/elsewhere") : null;
        var blocked = Assert.IsType<Delivery.Blocked>(await there.SendAsync("llm-message", cancel));
        Assert.Equal(307, blocked.Words.Status);
        Assert.DoesNotContain(there.StandIn.Requests, request => request.Path.EndsWith("elsewhere", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(500, "<html><body>Bad gateway</body></html>", "An HTML page came instead of an answer.")]
    [InlineData(500, "{\"detail\":", "{\"detail\":")]
    [InlineData(400, "", "Bad Request")]
    public async Task Garbage_is_told_as_what_it_is(int status, string body, string message)
    {
        await using var there = await LangSmithRig.StartAsync();
        there.StandIn.Always = request => request.Method == "POST" ? new StandInAnswer(status, body, "text/html") : null;
        Assert.Equal(message, Words(await there.SendAsync("llm-message", cancel))!.Message);
    }

    [Fact]
    public async Task Half_an_answer_is_tried_again()
    {
        await using var there = await LangSmithRig.StartAsync();
        there.StandIn.Always = request => request.Method == "POST" ? new StandInAnswer(202, "{") { IsTorn = true } : null;
        Assert.IsType<Delivery.TryAgain>(await there.SendAsync("llm-message", cancel));
    }

    [Fact]
    public async Task The_key_is_in_nobodys_words()
    {
        await using var there = await LangSmithRig.StartAsync();
        there.StandIn.Always = request => request.Method == "POST" ? new StandInAnswer(401, $$"""{"detail":"{{LangSmithStandIn.Key}} is no key"}""") : null;
        Assert.Equal("*** is no key", Words(await there.SendAsync("llm-message", cancel))!.Message);
    }

    [Fact]
    public async Task What_was_taken_before_a_crash_is_sent_again_with_the_same_ids_and_doubles_nothing()
    {
        await using var there = await LangSmithRig.StartAsync();
        await there.DeliverAsync("workflow", "feedback");
        var before = there.StandIn.Runs.ToDictionary(run => run.Key, run => run.Value.ToJsonString());
        there.Rig.CrashBack();
        await there.Rig.AddAsync(Scenarios.Get("error"));
        await there.Rig.DeliverAsync();
        Assert.Equal(before.Count + 1, there.StandIn.Runs.Count);
        Assert.All(before, run => Assert.Equal(run.Value, there.StandIn.Runs[run.Key].ToJsonString()));
        Assert.Single(there.StandIn.Feedback);
        Assert.Empty(there.Rig.DeadLetters);
    }

    [Fact]
    public async Task Requests_keep_to_what_the_server_says_of_itself()
    {
        await using var there = await LangSmithRig.SayingAsync(new JsonObject { ["batch_ingest_config"] = new JsonObject { ["size_limit"] = 2 } });
        await there.DeliverAsync("workflow");
        Assert.Equal(10, there.StandIn.Runs.Count);
        Assert.Empty(there.Rig.DeadLetters);
        Assert.All(there.StandIn.Requests, request => Assert.Null(request.Header("Content-Encoding")));
    }

    [Fact]
    public async Task Bodies_are_compressed_where_the_server_says_it_takes_them()
    {
        await using var there = await LangSmithRig.StartAsync();
        await there.DeliverAsync("workflow");
        Assert.Equal("gzip", there.StandIn.Requests.Single(request => request.Method == "POST").Header("Content-Encoding"));
    }

    [Theory]
    [InlineData("""{"batch_ingest_config":{"size_limit":"many"}}""")]
    [InlineData("""{}""")]
    [InlineData("""{"batch_ingest_config":7,"instance_flags":[]}""")]
    public async Task Whatever_the_server_says_of_itself_runs_arrive(string info)
    {
        await using var there = await LangSmithRig.SayingAsync(null);
        there.StandIn.Always = request => request.Path.EndsWith("/info", StringComparison.Ordinal) ? new StandInAnswer(200, info) : null;
        await there.DeliverAsync("llm-message");
        Assert.Equal(2, there.StandIn.Runs.Count);
    }

    [Fact]
    public async Task A_run_that_is_too_large_is_cut_and_says_so()
    {
        await using var there = await LangSmithRig.StartAsync();
        there.StandIn.Info!["batch_ingest_config"]!["size_limit_bytes"] = 400_000;
        var large = A.Span("read-book").Id(1).With(("gen_ai.operation.name", "invoke_workflow"), ("input.value", new string('x', 900_000)), ("metadata.plan", "pro"));
        await there.Rig.AddAsync(new Scenario("large", [A.Traces(large, A.Span("tool").Id(2, under: 1))]));
        await there.Rig.DeliverAsync();
        var run = there.StandIn.Named("read-book");
        Assert.Equal(["truncated"], run["tags"]!.AsArray().Select(tag => (string)tag!));
        Assert.Equal(LangSmithRig.Project, (string)run["session_name"]!);
        Assert.EndsWith("…", (string)run["inputs"]!["input"]!, StringComparison.Ordinal);
        Assert.Equal(2, there.StandIn.Outline().Count);
        Assert.Empty(there.Rig.DeadLetters);
    }

    [Fact]
    public async Task One_refused_run_is_a_dead_letter_and_the_others_arrive()
    {
        await using var there = await LangSmithRig.StartAsync();
        there.StandIn.Always = request => request.Body is { } body && System.Text.Encoding.UTF8.GetString(body).Contains("\"Send mail\"", StringComparison.Ordinal)
            ? new StandInAnswer(422, """{"detail":"Bad request: this one"}""") : null;
        await there.DeliverAsync("workflow", "llm-message");
        var letter = Assert.Single(there.Rig.DeadLetters);
        Assert.Equal((422, "Bad request: this one"), (letter.Status, letter.Message));
        Assert.Equal(11, there.StandIn.Runs.Count);
        there.StandIn.Always = null;
        await there.Rig.RetryLettersAsync(cancel);
        Assert.Empty(there.Rig.DeadLetters);
        Assert.Equal(12, there.StandIn.Runs.Count);
    }

    [Fact]
    public async Task A_server_that_does_not_say_what_it_takes_is_asked_again_and_sent_to_meanwhile()
    {
        await using var there = await LangSmithRig.StartAsync();
        there.StandIn.Always = request => request.Path.EndsWith("/info", StringComparison.Ordinal) && there.StandIn.Requests.Count < 3 ? new StandInAnswer(503) : null;
        await using var platform = there.Rig.Open();
        Assert.IsType<Delivery.Accepted>(await platform.SendAsync(Anchored.Items(platform, "llm-message"), cancel));
        Assert.IsType<Delivery.Accepted>(await platform.SendAsync(Anchored.Items(platform, "error"), cancel));
        Assert.Equal([null, "gzip"], there.StandIn.Requests.Where(request => request.Method == "POST").Select(request => request.Header("Content-Encoding")));
    }

    [Fact]
    public async Task Two_destinations_to_one_project_show_each_run_once_and_refuse_nothing()
    {
        await using var there = await LangSmithRig.StartAsync();
        await there.DeliverAsync("workflow", "feedback", "late-span");
        var before = there.StandIn.Runs.Keys.Order(StringComparer.Ordinal).ToList();
        await using var second = new ForwardRig(new LangSmithKind(), new JsonObject { ["api_key"] = LangSmithStandIn.Key, ["project"] = LangSmithRig.Project, ["endpoint"] = there.StandIn.Endpoint });
        await second.AddAsync(new[] { "workflow", "feedback", "late-span" }.Select(Scenarios.Get));
        await second.DeliverAsync();
        Assert.Empty(second.DeadLetters.Concat(there.Rig.DeadLetters));
        Assert.Equal(before, there.StandIn.Runs.Keys.Order(StringComparer.Ordinal));
        Assert.Single(there.StandIn.Feedback);
    }

    [Theory]
    [InlineData("lsv2_sk_schlüssel")]
    [InlineData("lsv2_sk_ab​cd")]
    public void A_key_that_no_request_could_carry_is_refused_when_it_is_saved(string key) =>
        Assert.Equal("api_key", Assert.IsType<ConfigResult.Wrong>(new LangSmithKind().Normalize(new JsonObject { ["api_key"] = key }, new OutboundRules(false, []))).Field);

    [Fact]
    public async Task A_judgement_that_is_quicker_than_its_run_is_sent_again()
    {
        await using var there = await LangSmithRig.StartAsync();
        there.StandIn.EarlyFeedback = 3;
        await there.DeliverAsync("feedback");
        Assert.Single(there.StandIn.Feedback);
    }

    [Fact]
    public async Task A_judgement_whose_run_never_comes_holds_nothing_up()
    {
        await using var there = await LangSmithRig.StartAsync();
        there.StandIn.EarlyFeedback = int.MaxValue;
        await there.DeliverAsync("feedback", "error");
        Assert.Equal(404, Assert.Single(there.Rig.DeadLetters).Status);
        Assert.Equal(3, there.StandIn.Runs.Count);
    }

    [Fact]
    public async Task A_link_leads_to_the_run_once_the_project_is_known()
    {
        await using var there = await LangSmithRig.StartAsync();
        var (trace, anchor) = Anchored.Of("llm-message")[0];
        await using var platform = there.Rig.Open();
        Assert.Null(platform.LinkTo(trace.Revision.TraceId, anchor));
        there.Rig.Time.Advance(TimeSpan.FromMinutes(1));
        await platform.SendAsync(platform.Map(trace, anchor), cancel);
        var root = there.StandIn.Named("answer-question");
        var web = there.StandIn.Address.GetLeftPart(UriPartial.Authority);
        Assert.Equal($"{web}/o/{LangSmithStandIn.WorkspaceId}/projects/p/{LangSmithStandIn.ProjectId}/r/{root["id"]}?poll=true", platform.LinkTo(trace.Revision.TraceId, anchor));
    }

    [Fact]
    public async Task After_a_start_a_link_is_looked_for_when_somebody_wants_one()
    {
        await using var there = await LangSmithRig.StartAsync();
        await there.DeliverAsync("llm-message");
        var (trace, anchor) = Anchored.Of("llm-message")[0];
        await using var platform = there.Rig.Open();
        await Eventually.HoldsAsync(() => platform.LinkTo(trace.Revision.TraceId, anchor) is not null, "there is a link");
    }

    private static Func<StandInRequest, StandInAnswer?> Limit(string? retryAfter) => request =>
        request.Method != "POST" ? null : retryAfter is null ? new StandInAnswer(429, """{"error":"Rate limit exceeded"}""") : new StandInAnswer(429, """{"error":"Rate limit exceeded"}""").With("Retry-After", retryAfter).With("Date", "Thu, 17 Sep 2026 12:11:00 GMT");

    private static PlatformWords? Words(Delivery delivery) => delivery switch
    {
        Delivery.Blocked blocked => blocked.Words,
        Delivery.Refused refused => refused.Words,
        Delivery.TooLarge tooLarge => tooLarge.Words,
        Delivery.TryAgain again => again.Words,
        _ => null,
    };
}
