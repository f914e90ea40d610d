using System.Diagnostics;
using Callwatch.Client.Sentry;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Callwatch.Client.Tests.Sentry;

public sealed class EventTests
{
    [Fact]
    public async Task An_exception_is_sent_with_its_causes_innermost_first()
    {
        await using var world = await World.StartAsync();
        var cause = World.Thrown(new TimeoutException("SMTP 550"));
        var id = world.Hub.Capture(World.Thrown(new InvalidOperationException("The mail could not be sent", cause)));
        var told = await world.OneAsync();
        var values = told["exception"]!["values"]!.AsArray();
        Assert.Equal(id, (string?)told["event_id"]);
        Assert.Equal([("System.TimeoutException", "SMTP 550"), ("System.InvalidOperationException", "The mail could not be sent")], values.Select(one => ((string)one!["type"]!, (string)one["value"]!)));
        Assert.Equal(("chained", 1, 0, "InnerException"), ((string?)values[0]!["mechanism"]!["type"], (int)values[0]!["mechanism"]!["exception_id"]!, (int)values[0]!["mechanism"]!["parent_id"]!, (string?)values[0]!["mechanism"]!["source"]));
        Assert.Equal(("generic", 0, true), ((string?)values[1]!["mechanism"]!["type"], (int)values[1]!["mechanism"]!["exception_id"]!, (bool)values[1]!["mechanism"]!["handled"]!));
        Assert.Equal(("error", "testing", "shop@1.4.2", "csharp", "System.Private.CoreLib"), ((string?)told["level"], (string?)told["environment"], (string?)told["release"], (string?)told["platform"], (string?)values[0]!["module"]));
        Assert.Equal(".NET", (string?)told["contexts"]!["runtime"]!["name"]);
    }

    [Fact]
    public async Task Several_exceptions_together_are_a_group_and_its_message_repeats_none()
    {
        await using var world = await World.StartAsync();
        var inner = new AggregateException("of the second", new FormatException("c"));
        world.Hub.Capture(World.Thrown(new AggregateException("three things", new FormatException("a"), inner, new ArithmeticException("b"))));
        var values = (await world.OneAsync())["exception"]!["values"]!.AsArray().Reverse().ToList();
        Assert.Equal(["three things", "a", "of the second", "c", "b"], values.Select(one => (string?)one!["value"]));
        Assert.Equal([null, 0, 0, 2, 0], values.Select(one => (int?)one!["mechanism"]!["parent_id"]));
        Assert.Equal(["InnerExceptions[0]", "InnerExceptions[1]", "InnerExceptions[0]", "InnerExceptions[2]"], values.Skip(1).Select(one => (string?)one!["mechanism"]!["source"]));
        Assert.Equal([true, null, true, null, null], values.Select(one => (bool?)one!["mechanism"]!["is_exception_group"]));
    }

    [Fact]
    public async Task Frames_have_the_names_of_the_source_the_throwing_one_last()
    {
        await using var world = await World.StartAsync();
        try
        {
            await FailAsync();
        }
        catch (InvalidOperationException e)
        {
            world.Hub.Capture(e);
        }

        var frames = (await world.OneAsync())["exception"]!["values"]![0]!["stacktrace"]!["frames"]!.AsArray();
        Assert.Equal(["Frames_have_the_names_of_the_source_the_throwing_one_last", "FailAsync", "FailAsync { Inner }", "FailAsync { <lambda> }"], frames.Where(frame => (bool)frame!["in_app"]!).Select(frame => (string?)frame!["function"]));
        Assert.All(frames, frame => Assert.DoesNotContain("TaskAwaiter", (string?)frame!["module"]));
        var last = frames[^1]!;
        Assert.Equal(("Callwatch.Client.Tests.Sentry.EventTests", "Sentry/EventTests.cs", true), ((string?)last["module"], (string?)last["filename"], (int?)last["lineno"] > 0));
        Assert.StartsWith("Callwatch.Client.Tests, Version=", (string?)last["package"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_frameworks_own_frames_are_not_in_app()
    {
        await using var world = await World.StartAsync();
        world.Hub.Capture(Assert.Throws<FormatException>(() => int.Parse("x")));
        var frames = (await world.OneAsync())["exception"]!["values"]![0]!["stacktrace"]!["frames"]!.AsArray();
        Assert.Contains(frames, frame => (string?)frame!["module"] == "System.Number" && !(bool)frame["in_app"]!);
    }

    [Fact]
    public async Task A_single_exception_has_no_ids_and_one_that_was_never_thrown_no_stack()
    {
        await using var world = await World.StartAsync();
        world.Hub.Capture(new InvalidOperationException("never thrown"));
        var one = Assert.Single((await world.OneAsync())["exception"]!["values"]!.AsArray())!;
        Assert.Null(one["stacktrace"]);
        Assert.False(one["mechanism"]!.AsObject().ContainsKey("exception_id"));
    }

    [Fact]
    public async Task An_endless_recursion_is_cut_in_its_middle()
    {
        await using var world = await World.StartAsync();
        world.Hub.Capture(Assert.Throws<InvalidOperationException>(() => Deeper(2_000)));
        var frames = (await world.OneAsync())["exception"]!["values"]![0]!["stacktrace"]!["frames"]!.AsArray();
        Assert.InRange(frames.Count, 50, 100);
        Assert.Equal("Deeper", (string?)frames[^1]!["function"]);
    }

    [Fact]
    public async Task An_error_is_linked_to_the_trace_it_happened_in()
    {
        await using var world = await World.StartAsync();
        using var root = new Activity("job").SetIdFormat(ActivityIdFormat.W3C).Start();
        using var step = new Activity("step").Start();
        world.Hub.Capture(new InvalidOperationException("x"));
        var trace = (await world.OneAsync())["contexts"]!["trace"]!;
        Assert.Equal((step.TraceId.ToHexString(), step.SpanId.ToHexString(), root.SpanId.ToHexString()), ((string?)trace["trace_id"], (string?)trace["span_id"], (string?)trace["parent_span_id"]));
        Assert.Equal("job", (string?)Assert.Single(world.Sentry.Events)["transaction"]);
    }

    [Fact]
    public async Task What_was_left_in_a_request_goes_with_its_errors_and_no_others()
    {
        await using var world = await World.StartAsync();
        using (var one = new Activity("one").SetIdFormat(ActivityIdFormat.W3C).Start())
        {
            world.Hub.Breadcrumb("looked up", "db");
            world.Hub.SetUser("user-7", "Anna");
            world.Hub.SetTag("tenant", "acme");
        }

        using (var two = new Activity("two").SetIdFormat(ActivityIdFormat.W3C).Start())
        {
            world.Hub.Breadcrumb("of the second");
            world.Hub.SetTag("plan", "pro");
            world.Hub.Capture(new InvalidOperationException("x"), LogLevel.Warning, [KeyValuePair.Create("a b", "c\nd")]);
        }

        var told = await world.OneAsync();
        Assert.Equal("of the second", (string?)Assert.Single(told["breadcrumbs"]!["values"]!.AsArray())!["message"]);
        Assert.Null(told["user"]);
        Assert.Equal("""{"plan":"pro","a_b":"c d"}""", told["tags"]!.ToJsonString());
        Assert.Equal("warning", (string?)told["level"]);
    }

    [Fact]
    public async Task Two_hosts_in_one_process_keep_apart_what_they_know_of_the_same_job()
    {
        await using var one = await World.StartAsync();
        await using var other = await World.StartAsync();
        using (var job = new Activity("job").SetIdFormat(ActivityIdFormat.W3C).Start())
        {
            one.Hub.Breadcrumb("of the one");
            one.Hub.SetTag("host", "one");
            other.Hub.Breadcrumb("of the other");
            other.Hub.SetUser("user-7");
            one.Hub.Capture(new InvalidOperationException("x"));
            other.Hub.Capture(new InvalidOperationException("y"));
        }

        var (first, second) = (await one.OneAsync(), await other.OneAsync());
        Assert.Equal("of the one", (string?)Assert.Single(first["breadcrumbs"]!["values"]!.AsArray())!["message"]);
        Assert.Equal("of the other", (string?)Assert.Single(second["breadcrumbs"]!["values"]!.AsArray())!["message"]);
        Assert.Equal(("one", null), ((string?)first["tags"]!["host"], first["user"]));
        Assert.Equal((null, "user-7"), ((string?)second["tags"]?["host"], (string?)second["user"]!["id"]));
    }

    [Fact]
    public async Task Breadcrumbs_are_bounded_the_latest_stay()
    {
        await using var world = await World.StartAsync(options => options.MaxBreadcrumbs = 3);
        for (var i = 0; i < 10; i++) world.Hub.Breadcrumb("step " + i);
        world.Hub.SetUser("user-7", "Anna");
        world.Hub.Capture("It went wrong", LogLevel.Error);
        var told = await world.OneAsync();
        Assert.Equal(["step 7", "step 8", "step 9"], told["breadcrumbs"]!["values"]!.AsArray().Select(one => (string?)one!["message"]));
        Assert.Equal(("It went wrong", "user-7", "Anna"), ((string?)told["logentry"]!["message"], (string?)told["user"]!["id"], (string?)told["user"]!["username"]));
    }

    [Fact]
    public async Task The_same_exception_is_one_event()
    {
        await using var world = await World.StartAsync();
        var exception = World.Thrown(new InvalidOperationException("x"));
        Assert.NotNull(world.Hub.Capture(exception));
        Assert.Null(world.Hub.Capture(exception));
        await world.OneAsync();
    }

    [Fact]
    public async Task A_huge_event_is_sent_small_rather_than_refused()
    {
        await using var world = await World.StartAsync(options => options.BeforeSend = told =>
        {
            for (var i = 0; i < 200; i++) told.Extra["part" + i] = new string('e', 50_000);
            for (var i = 0; i < 5_000; i++) told.Breadcrumbs.Add(new SentryBreadcrumb(DateTimeOffset.UnixEpoch, "x", new string('b', 5_000), LogLevel.Information));
            return told;
        });
        world.Hub.Capture(World.Thrown(new InvalidOperationException(new string('字', 500_000))));
        var told = await world.OneAsync();
        Assert.InRange(((string?)told["exception"]!["values"]![0]!["value"])!.Length, 8_000, 8_192);
    }

    private static async Task FailAsync()
    {
        await Task.Yield();
        await Inner();

        async Task Inner()
        {
            await Task.Yield();
            ((Action)(() => throw new InvalidOperationException("deep")))();
        }
    }

    private static int Deeper(int left) => left == 0 ? throw new InvalidOperationException("deep") : Deeper(left - 1) + 1;
}
