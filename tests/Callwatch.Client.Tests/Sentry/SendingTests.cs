using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Callwatch.Client.Sentry;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Xunit;

namespace Callwatch.Client.Tests.Sentry;

public sealed class SendingTests
{
    private static InvalidOperationException Error(string message = "x") => new InvalidOperationException(message);

    [Fact]
    public async Task Only_the_limited_category_is_dropped_and_sentry_is_told_of_it()
    {
        var time = new ManualTime();
        await using var world = await World.StartAsync(time: time);
        world.Sentry.Fail(new StandInAnswer(200, "{}").With("X-Sentry-Rate-Limits", "60:error:organization"));
        world.Hub.Capture(Error("taken with the limit"));
        await world.Hub.FlushAsync(TestContext.Current.CancellationToken);
        Assert.Null(world.Hub.Capture(Error("limited")));
        Assert.NotNull(world.Hub.Capture("a message is of another category"));
        await world.Hub.FlushAsync(TestContext.Current.CancellationToken);
        Assert.Single(world.Sentry.Events);
        var told = Assert.Single(world.Sentry.Reports)["discarded_events"]!.AsArray();
        Assert.Equal("""[{"reason":"ratelimit_backoff","category":"error","quantity":1}]""", told.ToJsonString());
        time.Advance(TimeSpan.FromSeconds(61));
        Assert.NotNull(world.Hub.Capture(Error("after the limit")));
        await world.Hub.FlushAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, world.Sentry.Events.Count);
    }

    [Fact]
    public async Task What_429_refuses_is_dropped_and_not_reported_for_sentry_counts_it_itself()
    {
        var time = new ManualTime();
        await using var world = await World.StartAsync(time: time);
        world.Sentry.Fail(new StandInAnswer(429, "{}").With("Retry-After", "7"));
        world.Hub.Capture(Error());
        await world.Hub.FlushAsync(TestContext.Current.CancellationToken);
        Assert.Null(world.Hub.Capture("everything is limited"));
        time.Advance(TimeSpan.FromSeconds(8));
        world.Hub.Capture(Error("again"));
        await world.OneAsync();
        Assert.Equal("""[{"reason":"ratelimit_backoff","category":"default","quantity":1}]""", Assert.Single(world.Sentry.Reports)["discarded_events"]!.ToJsonString());
        Assert.Equal(2, world.Hub.Counts.Dropped["ratelimit_backoff"]);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(403)]
    [InlineData(413)]
    [InlineData(500)]
    public async Task What_is_refused_is_not_sent_again_and_the_next_report_says_so(int status)
    {
        await using var world = await World.StartAsync();
        world.Sentry.Fail(new StandInAnswer(status, "{}"));
        world.Hub.Capture(Error("refused"));
        world.Hub.Capture(Error("taken"));
        var told = await world.OneAsync();
        Assert.Equal("taken", (string?)told["exception"]!["values"]![0]!["value"]);
        Assert.Equal("""[{"reason":"send_error","category":"error","quantity":1}]""", Assert.Single(world.Sentry.Reports)["discarded_events"]!.ToJsonString());
        Assert.Equal(2, world.Sentry.Requests.Count);
    }

    [Fact]
    public async Task A_report_is_sent_by_itself_when_nothing_else_is()
    {
        var time = new ManualTime();
        await using var world = await World.StartAsync(options => options.SampleRate = 0, time);
        for (var i = 0; i < 5; i++) world.Hub.Capture(Error());
        await time.PassWaitsUntilAsync(() => world.Sentry.Reports.Count == 1, "a report of its own");
        Assert.Equal("""[{"reason":"sample_rate","category":"error","quantity":5}]""", world.Sentry.Reports[0]["discarded_events"]!.ToJsonString());
    }

    [Fact]
    public async Task Sentry_is_told_nothing_where_reports_are_switched_off()
    {
        await using var world = await World.StartAsync(options => (options.SendClientReports, options.BeforeSend) = (false, told => told.Original is FormatException ? null : told));
        world.Hub.Capture(new FormatException());
        world.Hub.Capture(Error());
        await world.OneAsync();
        Assert.Empty(world.Sentry.Reports);
    }

    [Fact]
    public async Task A_full_queue_drops_and_counts_and_never_waits()
    {
        await using var world = await World.StartAsync(options => options.QueueItems = 2);
        using var gate = new ManualResetEventSlim();
        world.Sentry.Fail(_ =>
        {
            gate.Wait(Patience.Long);
            return null;
        });
        // Nothing is taken from the queue meanwhile: who waited for room would wait until the gate gives up.
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < 50; i++) world.Hub.Capture(Error("number " + i));
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, Patience.Long / 2);
        gate.Set();
        await world.Hub.FlushAsync(TestContext.Current.CancellationToken);
        var counts = world.Hub.Counts;
        Assert.Equal(50, counts.Sent + counts.Dropped["queue_overflow"]);
        Assert.InRange(counts.Sent, 2, 4);
    }

    [Fact]
    public async Task Without_a_spool_folder_a_few_attempts_are_made()
    {
        var time = new ManualTime();
        await using var world = await World.StartAsync(time: time);
        world.Begin($"http://{SentryStandIn.Key}@127.0.0.1:1/42", time: time);
        world.Hub.Capture(Error());
        await time.PassWaitsUntilAsync(() => world.Hub.Counts.Dropped.ContainsKey("network_error"), "given up");
        Assert.Empty(world.Sentry.Events);
    }

    [Fact]
    public async Task What_could_not_be_sent_is_sent_after_a_restart_with_the_time_of_sending()
    {
        using var folder = new TempFolder();
        var time = new ManualTime();
        await using var world = await World.StartAsync();
        await using (var dead = new Dead(folder.Path, time))
        {
            dead.Hub.Capture(Error("kept"));
            await dead.Hub.FlushAsync(TestContext.Current.CancellationToken);
            Assert.Equal(1, dead.Hub.Counts.Spooled);
        }

        var file = Assert.Single(Directory.GetFiles(folder.Path));
        Assert.EndsWith(".error.envelope", file, StringComparison.Ordinal);
        Assert.DoesNotContain("sent_at", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        world.Begin(world.Sentry.Dsn, options => options.SpoolFolder = folder.Path);
        await Eventually.HoldsAsync(() => Directory.GetFiles(folder.Path).Length == 0, "sent and gone");
        Assert.Equal("kept", (string?)Assert.Single(world.Sentry.Events)["exception"]!["values"]![0]!["value"]);
    }

    [Fact]
    public async Task When_sentry_is_there_again_what_waited_goes_without_a_restart()
    {
        using var folder = new TempFolder();
        var time = new ManualTime();
        await using var world = await World.StartAsync(options => options.SpoolFolder = folder.Path, time);
        world.Sentry.Fail(new StandInAnswer(200) { IsTorn = true }, times: 2);
        world.Hub.Capture(Error("first"));
        world.Hub.Capture(Error("second"));
        await world.Hub.FlushAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, world.Hub.Counts.Spooled);
        await time.PassWaitsUntilAsync(() => world.Sentry.Events.Count == 2, "both are there");
        Assert.Equal(["first", "second"], world.Sentry.Events.Select(told => (string?)told["exception"]!["values"]![0]!["value"]));
    }

    [Fact]
    public async Task A_full_spool_folder_drops_its_oldest_and_counts_them()
    {
        using var folder = new TempFolder();
        await using var dead = new Dead(folder.Path, new ManualTime(), options => options.BeforeSend = told =>
        {
            for (var i = 0; i < 70; i++) told.Extra["part" + i] = new string('e', 4_000);
            return told;
        });
        for (var i = 0; i < 10; i++) dead.Hub.Capture(Error("number " + i));
        await dead.Hub.FlushAsync(TestContext.Current.CancellationToken);
        Assert.InRange(Directory.GetFiles(folder.Path).Sum(file => new FileInfo(file).Length), 500_000, 1 << 20);
        Assert.Equal(10 - Directory.GetFiles(folder.Path).Length, dead.Hub.Counts.Dropped["cache_overflow"]);
        Assert.Contains("number 9", await File.ReadAllTextAsync(Directory.GetFiles(folder.Path).Order().Last(), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_that_are_no_envelopes_are_dropped_and_counted_the_others_are_sent()
    {
        using var folder = new TempFolder();
        await using (var dead = new Dead(folder.Path, new ManualTime()))
        {
            dead.Hub.Capture(Error("whole"));
            await dead.Hub.FlushAsync(TestContext.Current.CancellationToken);
        }

        var whole = await File.ReadAllBytesAsync(Directory.GetFiles(folder.Path).Single(), TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(folder.At("00000000000000000002.error.envelope"), whole[..^20], TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder.At("00000000000000000003.error.envelope"), "nonsense", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder.At("00000000000000000004.error.envelope"), "", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder.At("readme.txt"), "not ours", TestContext.Current.CancellationToken);
        await using var world = await World.StartAsync();
        world.Begin(world.Sentry.Dsn, options => options.SpoolFolder = folder.Path);
        await Eventually.HoldsAsync(() => Directory.GetFiles(folder.Path).Length == 1, "only what is not ours is left");
        Assert.Single(world.Sentry.Events);
        Assert.Equal(3, world.Hub.Counts.Dropped["internal_sdk_error"]);
    }

    [Fact]
    public async Task Harmed_spool_files_never_throw()
    {
        using var folder = new TempFolder();
        await using (var dead = new Dead(folder.Path, new ManualTime()))
        {
            dead.Hub.Capture(Error("whole"));
            await dead.Hub.FlushAsync(TestContext.Current.CancellationToken);
        }

        var whole = await File.ReadAllBytesAsync(Directory.GetFiles(folder.Path).Single(), TestContext.Current.CancellationToken);
        await Fuzz.ReadAsync(13, 5_000, [whole], bytes => Callwatch.Client.Sentry.Envelopes.Envelope.FromKept(bytes, "error")?.ToSend(DateTimeOffset.UnixEpoch, null));
    }

    [Fact]
    public async Task The_end_waits_no_longer_than_it_may_whatever_sentry_does()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var folder = new TempFolder();
        await using var world = await World.StartAsync();
        world.Begin($"http://{SentryStandIn.Key}@127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}/42", options => (options.ShutdownTimeout, options.Timeout, options.SpoolFolder) = (TimeSpan.FromSeconds(0.5), TimeSpan.FromMinutes(1), folder.Path));
        for (var i = 0; i < 3; i++) world.Hub.Capture(Error());
        var began = Stopwatch.GetTimestamp();
        await world.Hub.StopAsync(TestContext.Current.CancellationToken);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 50);
        Assert.Equal(3, Directory.GetFiles(folder.Path).Length);
    }

    [Fact]
    public async Task Many_threads_at_once_lose_nothing_that_is_not_counted()
    {
        await using var world = await World.StartAsync(options => options.QueueItems = 10_000);
        Parallel.For(0, 400, i => world.Hub.Capture(World.Thrown(Error("number " + i))));
        await world.Hub.FlushAsync(TestContext.Current.CancellationToken);
        Assert.Equal(400, world.Sentry.Events.Select(told => (string?)told["exception"]!["values"]![0]!["value"]).Distinct().Count());
        Assert.Equal((400, 400), (world.Hub.Counts.Taken, world.Hub.Counts.Sent));
    }

    [Fact]
    public async Task The_share_of_errors_is_kept()
    {
        await using var world = await World.StartAsync(options => (options.SampleRate, options.QueueItems) = (0.3, 10_000));
        var taken = Enumerable.Range(0, 5_000).Count(_ => world.Hub.Capture(Error()) is not null);
        Assert.InRange(taken, 1_300, 1_700);
        Assert.Equal(5_000 - taken, world.Hub.Counts.Dropped["sample_rate"]);
    }

    /// <summary>The library where nobody listens.</summary>
    private sealed class Dead : IAsyncDisposable
    {
        public Dead(string folder, TimeProvider time, Action<SentryOptions>? configure = null)
        {
            var given = new SentryOptions { Dsn = $"http://{SentryStandIn.Key}@127.0.0.1:1/42", Release = "shop@1.4.2", SpoolFolder = folder, SpoolBytes = 1 << 20 };
            configure?.Invoke(given);
            var (options, dsn) = SentrySettings.Checked(given, "Testing", [])!.Value;
            Hub = new SentryHub(options, dsn, time).Start();
        }

        public SentryHub Hub { get; }

        public ValueTask DisposeAsync() => Hub.DisposeAsync();
    }
}
