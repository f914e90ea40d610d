using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Testing;
using Callwatch.Testing.Scenarios;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Tests.Forward.Destinations.Weave;

/// <summary>What Weave's answers mean, over real sockets.</summary>
public sealed class WeaveDestinationTests
{
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(200, typeof(Delivery.Accepted))]
    [InlineData(400, typeof(Delivery.Refused))]
    [InlineData(401, typeof(Delivery.Blocked))]
    [InlineData(402, typeof(Delivery.Blocked))]
    [InlineData(403, typeof(Delivery.Blocked))]
    [InlineData(408, typeof(Delivery.TryAgain))]
    [InlineData(413, typeof(Delivery.TooLarge))]
    [InlineData(422, typeof(Delivery.Refused))]
    [InlineData(429, typeof(Delivery.TryAgain))]
    [InlineData(500, typeof(Delivery.TryAgain))]
    [InlineData(502, typeof(Delivery.TryAgain))]
    [InlineData(503, typeof(Delivery.TryAgain))]
    public async Task The_answer_decides_the_delivery(int status, Type expected)
    {
        await using var there = await WeaveRig.StartAsync();
        there.StandIn.Always = _ => new StandInAnswer(status, """{"reason":"in its own words"}""").With("Retry-After", "17");
        var delivery = await there.SendAsync("llm-message", cancel);
        Assert.IsType(expected, delivery);
        if (Words(delivery) is { } words) Assert.Equal((status, "in its own words"), (words.Status, words.Message));
        if (delivery is Delivery.TryAgain again) Assert.Equal(TimeSpan.FromSeconds(17), again.After);
    }

    [Fact]
    public async Task A_field_the_server_does_not_like_is_no_trouble_with_the_key()
    {
        await using var there = await WeaveRig.StartAsync();
        there.StandIn.Always = _ => new StandInAnswer(403, """{"reason":"Invalid object name: a b"}""");
        Assert.IsType<Delivery.Refused>(await there.SendAsync("llm-message", cancel));
        there.StandIn.Always = _ => new StandInAnswer(403, """{"reason":"Forbidden"}""");
        Assert.IsType<Delivery.Blocked>(await there.SendAsync("llm-message", cancel));
    }

    [Fact]
    public async Task The_words_of_a_wrong_shape_are_those_for_people()
    {
        await using var there = await WeaveRig.StartAsync();
        there.StandIn.Always = _ => new StandInAnswer(422, """{"detail":[{"loc":["body","batch",0,"id"],"msg":"Field required","type":"missing"}]}""");
        Assert.Equal("Field required", Words(await there.SendAsync("llm-message", cancel))!.Message);
    }

    [Fact]
    public async Task A_redirect_is_not_followed_and_half_an_answer_tried_again()
    {
        await using var there = await WeaveRig.StartAsync();
        there.StandIn.Always = _ => new StandInAnswer(308).With("Location", there.StandIn.Host + "/elsewhere");
        Assert.Equal(308, Assert.IsType<Delivery.Blocked>(await there.SendAsync("llm-message", cancel)).Words.Status);
        Assert.DoesNotContain(there.StandIn.Requests, request => request.Path == "/elsewhere");
        there.StandIn.Always = _ => new StandInAnswer(200, "{") { IsTorn = true };
        Assert.IsType<Delivery.TryAgain>(await there.SendAsync("llm-message", cancel));
    }

    [Fact]
    public async Task Garbage_is_told_as_what_it_is_and_the_key_is_in_nobodys_words()
    {
        await using var there = await WeaveRig.StartAsync();
        there.StandIn.Always = _ => new StandInAnswer(502, "<html>no</html>", "text/html");
        Assert.Equal("An HTML page came instead of an answer.", Words(await there.SendAsync("llm-message", cancel))!.Message);
        var basic = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes("api:" + WeaveStandIn.Key));
        there.StandIn.Always = _ => new StandInAnswer(401, $$"""{"reason":"{{WeaveStandIn.Key}} or {{basic}} is no key"}""");
        Assert.Equal("*** or *** is no key", Words(await there.SendAsync("llm-message", cancel))!.Message);
    }

    [Fact]
    public async Task An_older_server_is_asked_once_and_then_remembered()
    {
        await using var there = await WeaveRig.StartAsync();
        there.StandIn.KnowsCallsComplete = false;
        await using var platform = there.Rig.Open();
        Assert.IsType<Delivery.Accepted>(await platform.SendAsync(Anchored.Items(platform, "llm-message"), cancel));
        Assert.IsType<Delivery.Accepted>(await platform.SendAsync(Anchored.Items(platform, "error"), cancel));
        Assert.Equal(["/traces/v2/acme/support-bot/calls/complete", "/traces/call/upsert_batch", "/traces/call/upsert_batch"], there.StandIn.Requests.Select(request => request.Path));
    }

    [Fact]
    public async Task A_project_that_turns_to_the_newer_way_gets_the_same_calls_there()
    {
        await using var there = await WeaveRig.StartAsync();
        there.StandIn.KnowsCallsComplete = false;
        await using var platform = there.Rig.Open();
        await platform.SendAsync(Anchored.Items(platform, "llm-message"), cancel);
        there.StandIn.KnowsCallsComplete = true;
        there.StandIn.Pinned.Add(WeaveRig.Project);
        Assert.IsType<Delivery.Accepted>(await platform.SendAsync(Anchored.Items(platform, "error"), cancel));
        Assert.Equal("/traces/v2/acme/support-bot/calls/complete", there.StandIn.Requests[^1].Path);
        Assert.Equal(3, there.StandIn.Calls.Count);
    }

    [Fact]
    public async Task A_server_that_knows_neither_way_is_a_wrong_address()
    {
        await using var there = await WeaveRig.StartAsync();
        there.StandIn.Always = _ => new StandInAnswer(404, """{"detail":"Not Found"}""");
        Assert.Equal(404, Assert.IsType<Delivery.Blocked>(await there.SendAsync("llm-message", cancel)).Words.Status);
    }

    [Fact]
    public async Task A_project_that_the_first_call_does_not_make_is_made_in_the_account()
    {
        await using var there = await WeaveRig.StartAsync();
        there.StandIn.MakesProjects = false;
        await there.DeliverAsync("llm-message");
        Assert.Equal([WeaveRig.Project], there.StandIn.Projects);
        Assert.Equal(2, there.StandIn.Calls.Count);
    }

    [Fact]
    public async Task A_project_that_cannot_be_made_waits_for_a_person()
    {
        await using var there = await WeaveRig.StartAsync();
        there.StandIn.Always = request => request.Path == "/graphql" ? new StandInAnswer(200, """{"data":null,"errors":[{"message":"permission denied"}]}""") : new StandInAnswer(404, """{"reason":"Project not found"}""");
        Assert.Equal("Project not found", Assert.IsType<Delivery.Blocked>(await there.SendAsync("llm-message", cancel)).Words.Message);
    }

    [Fact]
    public async Task Without_an_entity_the_account_is_asked_once()
    {
        await using var there = await WeaveRig.StartAsync(new JsonObject { ["project"] = "support-bot" });
        await there.DeliverAsync("llm-message", "error");
        Assert.Single(there.StandIn.Requests, request => request.Path == "/graphql");
        Assert.Equal([WeaveRig.Project], there.StandIn.Projects);
        there.StandIn.DefaultEntity = null;
        Assert.IsType<Delivery.Accepted>(await there.SendAsync("error", cancel));
    }

    [Fact]
    public async Task An_account_in_trouble_is_tried_again_and_one_that_knows_no_key_waits_for_a_person()
    {
        await using var there = await WeaveRig.StartAsync(new JsonObject { ["project"] = "support-bot" });
        there.StandIn.Fail(new StandInAnswer(503));
        Assert.IsType<Delivery.TryAgain>(await there.SendAsync("error", cancel));
        there.StandIn.Fail(new StandInAnswer(200, """{"data":{"viewer":null}}"""));
        Assert.Contains("does not know this key", Assert.IsType<Delivery.Blocked>(await there.SendAsync("error", cancel)).Words.Message, StringComparison.Ordinal);
        there.StandIn.Fail(new StandInAnswer(200, "no JSON"));
        Assert.IsType<Delivery.Blocked>(await there.SendAsync("error", cancel));
    }

    [Fact]
    public async Task After_a_crash_the_same_calls_come_with_the_same_ids()
    {
        await using var there = await WeaveRig.StartAsync();
        await there.DeliverAsync("workflow", "feedback");
        var before = there.StandIn.Calls.ToDictionary(call => call.Key, call => call.Value.ToJsonString());
        there.Rig.CrashBack();
        await there.Rig.DeliverAsync();
        Assert.Equal(before, there.StandIn.Calls.ToDictionary(call => call.Key, call => call.Value.ToJsonString()));
        Assert.Single(there.StandIn.Feedback);
    }

    [Fact]
    public async Task One_refused_call_is_a_dead_letter_and_the_others_arrive()
    {
        await using var there = await WeaveRig.StartAsync();
        there.StandIn.Always = request => System.Text.Encoding.UTF8.GetString(request.Sent).Contains("\"Send mail\"", StringComparison.Ordinal) ? new StandInAnswer(400, """{"reason":"this one"}""") : null;
        await there.DeliverAsync("workflow", "llm-message");
        Assert.Equal((400, "this one"), (Assert.Single(there.Rig.DeadLetters).Status, there.Rig.DeadLetters[0].Message));
        Assert.Equal(11, there.StandIn.Calls.Count);
    }

    [Fact]
    public async Task A_call_that_is_too_large_is_cut_and_says_so()
    {
        await using var there = await WeaveRig.StartAsync();
        there.StandIn.Always = request => request.Sent.Length > 500_000 ? new StandInAnswer(413, """{"reason":"Request too large"}""") : null;
        var large = A.Span("read-book").Id(1).With(("gen_ai.operation.name", "invoke_workflow"), ("input.value", new string('x', 900_000)), ("metadata.plan", "pro"));
        await there.Rig.AddAsync(new Scenario("large", [A.Traces(large, A.Span("tool").Id(2, under: 1))]));
        await there.Rig.DeliverAsync();
        var call = there.StandIn.Named("read-book");
        Assert.True((bool?)call["attributes"]!["truncated"]);
        Assert.Equal("pro", (string?)call["attributes"]!["plan"]);
        Assert.EndsWith("…", (string)call["inputs"]!["input"]!, StringComparison.Ordinal);
        Assert.Equal(2, there.StandIn.Calls.Count);
    }

    [Fact]
    public async Task A_server_without_feedback_keeps_no_call_waiting()
    {
        await using var there = await WeaveRig.StartAsync();
        there.StandIn.KnowsFeedback = false;
        await there.DeliverAsync("feedback", "error");
        Assert.Equal(404, Assert.Single(there.Rig.DeadLetters).Status);
        Assert.Equal(3, there.StandIn.Calls.Count);
    }

    [Fact]
    public async Task A_link_leads_to_the_call()
    {
        await using var there = await WeaveRig.StartAsync();
        await there.DeliverAsync("llm-message");
        var trace = Scenarios.Get("llm-message").Revisions()[0].Revision.TraceId;
        Assert.Equal($"{there.StandIn.Host}/{WeaveRig.Project}/r/call/{there.StandIn.Named("answer-question")["id"]}", await there.Rig.LinkToAsync(trace));
    }

    [Fact]
    public async Task A_root_that_comes_last_is_the_parent_its_calls_have_named()
    {
        await using var there = await WeaveRig.StartAsync();
        await there.DeliverAsync("root-last");
        Assert.Equal(["write-story (success)", "  chat gpt-4o-mini (success)"], there.StandIn.Outline());
        var root = there.StandIn.Named("write-story");
        Assert.Equal((string)root["id"]!, (string?)root["turn_id"]);
    }

    private static PlatformWords? Words(Delivery delivery) => delivery switch
    {
        Delivery.Blocked blocked => blocked.Words,
        Delivery.Refused refused => refused.Words,
        Delivery.TooLarge tooLarge => tooLarge.Words,
        Delivery.TryAgain again => again.Words,
        _ => null,
    };
}
