using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Callwatch.Client.Sentry;
using Callwatch.Client.Sentry.Traces;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Client.Tests.Sentry;

[Collection("activities of the process")]
public sealed class TraceTests
{
    private static readonly ActivitySource Source = new("Shop.Traces");

    [Theory]
    [InlineData(0.05)]
    [InlineData(0.3)]
    [InlineData(0.9)]
    public async Task The_share_of_traces_is_kept(double rate)
    {
        var kept = 0;
        await using var world = await World.StartAsync(options =>
        {
            options.TracesSampleRate = rate;
            options.IgnoreTransaction = root =>
            {
                if (root.Source == Source) kept++;
                return true;
            };
        });
        for (var i = 0; i < 10_000; i++)
        {
            Activity.Current = null;
            using var root = Source.StartActivity("root");
        }

        Assert.InRange(kept / 10_000.0, rate - 0.03, rate + 0.03);
    }

    [Fact]
    public void All_services_that_know_the_same_rate_decide_alike()
    {
        var traces = Enumerable.Range(0, 2_000).Select(_ => ActivityTraceId.CreateRandom()).ToList();
        Assert.All(traces, trace => Assert.Equal(TraceWatch.Draw(trace), TraceWatch.Draw(ActivityTraceId.CreateFromString(trace.ToHexString()))));
        Assert.All(traces, trace => Assert.InRange(TraceWatch.Draw(trace), 0, 0.9999999999));
    }

    [Fact]
    public async Task A_rate_of_zero_or_none_makes_no_activities()
    {
        await using var world = await World.StartAsync(options => options.TracesSampleRate = 0);
        using var root = Source.StartActivity("root");
        Assert.Null(root);
    }

    [Fact]
    public async Task What_only_we_want_is_not_marked_as_recorded()
    {
        await using var world = await World.StartAsync(OnlyOwn);
        using var root = Source.StartActivity("root");
        Assert.Equal((true, false), (root!.IsAllDataRequested, root.Recorded));
    }

    [Fact]
    public async Task A_job_becomes_a_transaction_with_what_ended_beneath_it()
    {
        await using var world = await World.StartAsync(OnlyOwn);
        Activity root, child;
        using (root = Source.StartActivity("import", ActivityKind.Consumer)!)
        {
            world.Hub.SetTag("tenant", "acme");
            using (child = Source.StartActivity("parse")!)
            {
                using var inner = Source.StartActivity("fail")!.SetTag("rows", 12L).SetTag("ratio", 0.5).SetTag("whole", true).SetTag("names", new[] { "a", "b" }).SetTag("api_key", "geheim").SetTag("gen_ai.input.messages", "geheim").SetTag("service.user.id", "geheim");
                inner.SetStatus(ActivityStatusCode.Error);
            }

            world.Hub.Capture(new InvalidOperationException("of the job"));
        }

        await world.Hub.FlushAsync(TestContext.Current.CancellationToken);
        var told = Assert.Single(world.Sentry.Transactions);
        Assert.Equal(("import", "task", "queue.process", "ok", "acme"), ((string?)told["transaction"], (string?)told["transaction_info"]!["source"], (string?)told["contexts"]!["trace"]!["op"], (string?)told["contexts"]!["trace"]!["status"], (string?)told["tags"]!["tenant"]));
        var spans = told["spans"]!.AsArray().ToDictionary(span => (string)span!["description"]!, span => span!);
        Assert.Equal((root.SpanId.ToHexString(), child.SpanId.ToHexString(), "internal_error"), ((string?)spans["parse"]["parent_span_id"], (string?)spans["fail"]["parent_span_id"], (string?)spans["fail"]["status"]));
        Assert.Equal("""{"rows":12,"ratio":0.5,"whole":true,"names":"a, b"}""", spans["fail"]["data"]!.ToJsonString());
        Assert.Equal(root.TraceId.ToHexString(), (string?)Assert.Single(world.Sentry.Events)["contexts"]!["trace"]!["trace_id"]);
    }

    [Fact]
    public async Task Two_hosts_in_one_process_each_make_a_whole_transaction_of_a_job()
    {
        await using var one = await World.StartAsync(OnlyOwn);
        await using var other = await World.StartAsync(OnlyOwn);
        using (Source.StartActivity("import"))
        using (Source.StartActivity("parse"))
        {
        }

        foreach (var world in (World[])[one, other])
        {
            await world.Hub.FlushAsync(TestContext.Current.CancellationToken);
            Assert.Equal("parse", (string?)Assert.Single(Assert.Single(world.Sentry.Transactions)["spans"]!.AsArray())!["description"]);
        }
    }

    [Fact]
    public async Task Of_very_many_spans_a_thousand_are_sent_and_the_rest_counted()
    {
        await using var world = await World.StartAsync(OnlyOwn);
        using (Source.StartActivity("root"))
            for (var i = 0; i < 1_500; i++)
                using (Source.StartActivity("step")!.SetTag("text", new string('x', 2_000)))
                {
                }

        await world.Hub.FlushAsync(TestContext.Current.CancellationToken);
        var told = Assert.Single(world.Sentry.Transactions);
        Assert.Equal((1_000, 500), (told["spans"]!.AsArray().Count, (int)told["extra"]!["callwatch.dropped_spans"]!));
    }

    [Fact]
    public async Task A_dropped_transaction_counts_with_its_spans()
    {
        await using var world = await World.StartAsync(OnlyOwn);
        world.Sentry.Fail(new Testing.StandIns.StandInAnswer(500, "{}"));
        using (Source.StartActivity("root"))
        using (Source.StartActivity("step"))
        {
        }

        await world.Hub.FlushAsync(TestContext.Current.CancellationToken);
        world.Hub.Capture("brings the report along");
        await world.Hub.FlushAsync(TestContext.Current.CancellationToken);
        Assert.Equal(
            """[{"reason":"send_error","category":"transaction","quantity":1},{"reason":"send_error","category":"span","quantity":2}]""",
            Assert.Single(world.Sentry.Reports)["discarded_events"]!.ToJsonString());
    }

    [Fact]
    public async Task Outgoing_requests_leave_breadcrumbs_without_their_query()
    {
        await using var other = await Provider.StartAsync("application/json", "{}");
        await using var world = await World.StartAsync();
        using var job = new Activity("job").SetIdFormat(ActivityIdFormat.W3C).Start();
        using var http = new HttpClient();
        await http.GetAsync(new Uri(other.Url, "/stock?token=geheim"), TestContext.Current.CancellationToken);
        world.Hub.Capture(new InvalidOperationException("x"));
        var crumb = Assert.Single((await world.OneAsync())["breadcrumbs"]!["values"]!.AsArray())!;
        Assert.Equal(("http", "http", $"GET {other.Url.ToString().TrimEnd('/')}/stock 200"), ((string?)crumb["type"], (string?)crumb["category"], (string?)crumb["message"]));
    }

    [Fact]
    public async Task A_profile_shows_where_the_processor_was_busy()
    {
        await using var world = await World.StartAsync(options =>
        {
            OnlyOwn(options);
            options.ProfilesSampleRate = 1;
        });
        // A starved machine may hardly let the runtime sample while the work lasts: then it is done once more, and longer.
        for (var turn = 1; ; turn++)
        {
            var (trace, took) = await WorkAsync(TimeSpan.FromSeconds(1.5 * turn));
            await world.Hub.FlushAsync(TestContext.Current.CancellationToken);
            Assert.Equal(turn, world.Sentry.Transactions.Count);
            if (world.Sentry.Profiles.SingleOrDefault(one => (string?)one["transaction"]!["trace_id"] == trace) is not { } profile || (BusySamples(profile) < 20 && turn < 8))
            {
                Assert.InRange(turn, 1, 7);
                continue;
            }

            Assert.Equal("busy", (string?)profile["transaction"]!["name"]);
            Assert.InRange(BusySamples(profile), 20, 270 * took.TotalSeconds);
            return;
        }
    }

    private static async Task<(string Trace, TimeSpan Took)> WorkAsync(TimeSpan length)
    {
        var began = Stopwatch.GetTimestamp();
        using var root = Source.StartActivity("busy");
        await Eventually.HoldsAsync(
            () =>
            {
                Busy(TimeSpan.FromMilliseconds(200));
                return Stopwatch.GetElapsedTime(began) > length;
            },
            "some work");
        // The machine may have let it stand for a while: samples are taken of that too.
        return (root!.TraceId.ToHexString(), Stopwatch.GetElapsedTime(began));
    }

    private static int BusySamples(JsonObject profile)
    {
        var frames = profile["profile"]!["frames"]!.AsArray();
        var own = Enumerable.Range(0, frames.Count).Where(i => (string?)frames[i]!["function"] == "Busy" && (string?)frames[i]!["module"] == typeof(TraceTests).FullName && (bool)frames[i]!["in_app"]!).ToHashSet();
        var stacks = profile["profile"]!["stacks"]!.AsArray();

        // Lines are those of the source, as far as the runtime knows which code is whose.
        var (firstLine, lastLine) = LinesOf("private static double Busy(");
        var lines = own.Select(i => frames[i]!).Where(frame => frame["lineno"] is not null).ToList();
        Assert.All(lines, frame => Assert.Equal(("Sentry/TraceTests.cs", true), ((string?)frame["filename"], (int)frame["lineno"]! >= firstLine && (int)frame["lineno"]! <= lastLine)));

        // Leaf first: what calls it stands behind it.
        if (stacks.FirstOrDefault(one => one!.AsArray().Any(frame => own.Contains((int)frame!))) is JsonArray first)
        {
            var stack = first.Select(frame => (string)frames[(int)frame!]!["function"]!).ToList();
            Assert.True(stack.IndexOf("Busy") < stack.FindIndex(name => name.Contains("WorkAsync", StringComparison.Ordinal)), string.Join(" < ", stack));
        }

        return lines.Count == 0 ? 0 : profile["profile"]!["samples"]!.AsArray().Count(sample => stacks[(int)sample!["stack_id"]!]!.AsArray().Any(frame => own.Contains((int)frame!)));
    }

    [Fact]
    public async Task Broken_streams_of_events_end_the_reading_and_nothing_else()
    {
        byte[] start = [.. "Nettrace"u8, 20, 0, 0, 0, .. "!FastSerialization.1"u8, 5, 5, 1, 4, 0, 0, 0, 4, 0, 0, 0, 10, 0, 0, 0, .. "StackBlock"u8, 6, 24, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 6, 1];
        await Fuzz.ReadAsync(14, 10_000, [start], (bytes, _) => new Callwatch.Client.Sentry.Profiles.Nettrace(new MemoryStream(bytes), new Callwatch.Client.Sentry.Profiles.SampleSink()).Read(), 80L << 20);
    }

    // Of a member of this file, from its name to its closing brace.
    private static (int First, int Last) LinesOf(string declaration, [CallerFilePath] string file = "")
    {
        var lines = File.ReadAllLines(file);
        var first = Array.FindIndex(lines, line => line.Contains("    " + declaration, StringComparison.Ordinal));
        return (first + 1, Array.IndexOf(lines, "    }", first) + 1);
    }

    private static void OnlyOwn(SentryOptions options)
    {
        options.TracesSampleRate = 1;
        options.MaxBreadcrumbs = 100;
        options.IgnoreTransaction = root => root.Source != Source;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static double Busy(TimeSpan length)
    {
        var began = Stopwatch.GetTimestamp();
        var sum = 0.0;
        while (Stopwatch.GetElapsedTime(began) < length)
            for (var i = 0; i < 1_000; i++) sum += Math.Sqrt(i);
        return sum;
    }
}
