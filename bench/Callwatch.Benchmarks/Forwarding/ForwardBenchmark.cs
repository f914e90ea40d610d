using System.Diagnostics;
using System.Globalization;

namespace Callwatch.Benchmarks.Forwarding;

/// <summary>
/// Traces carried on to a receiver that answers at once, or after <c>--delay</c> milliseconds: all of them wait while the destination is paused, then it is
/// resumed; measured from there to the last arrival. One server, a destination of each of <c>--kinds</c> in turn, <c>--traces</c> each. The ratio is to the same bytes
/// posted by four loops around a client. <c>--backlog N --kind KIND</c>: so many small traces, and what memory their draining takes;
/// "Before" is twice measured: of a server just started, and of one that has carried a few thousand traces by another destination and is idle again.
/// <c>--sealed</c>: the journal of what waits is sealed before it is carried on; then no fewer than 20,000 traces.
/// <c>--sdk langfuse,langsmith,opik,weave,phoenix,sentry</c>: the same runs by the platforms' own clients. Reach: within 50 MB of before.
/// </summary>
internal static class ForwardBenchmark
{
    private const int AtOnce = 4;
    private const int ReachMegabytes = 50;
    private const int WarmTraces = 5_000;

    private const long WindowBytes = 128L << 20;

    private static readonly (string, string)[] Environment = [("Callwatch__Forward__AllowPrivateAddresses", "127.0.0.1")];

    // Windows of the usual making, in small segments so that little is left beside them.
    private static readonly (string, string)[] Sealing =
    [
        ("Callwatch__Journal__SegmentBytes", (4L << 20).ToString(CultureInfo.InvariantCulture)),
        ("Callwatch__Journal__SealWindowBytes", WindowBytes.ToString(CultureInfo.InvariantCulture)),
        ("Callwatch__Journal__SealShare", "1"),
    ];

    public static async Task<int> RunAsync(Switches switches)
    {
        if (switches.Text("sdk") is { } sdks) return await SdkBenchmark.RunAsync(sdks.Split(','), switches.Number("traces", 20_000), switches.Number("delay", 0));
        var backlog = switches.Number("backlog", 0);
        await using var receiver = await Receiver.StartAsync(TimeSpan.FromMilliseconds(switches.Number("delay", 0)), keeps: backlog == 0);
        if (backlog > 0) return await BacklogAsync(switches.Text("kind") ?? "otlp", backlog, switches.DataFolder(), receiver);
        return await KindsAsync((switches.Text("kinds") ?? string.Join(',', Platforms.All)).Split(','), switches.Number("traces", 20_000), switches.Number("delay", 0), switches.DataFolder(), receiver, switches.Has("sealed"));
    }

    private static async Task<int> KindsAsync(string[] kinds, int traces, int delay, string folder, Receiver receiver, bool isSealed)
    {
        await using var server = await ServerProcess.StartAsync(folder, isSealed ? [.. Environment, .. Sealing] : Environment);
        using var http = await Desk.ClientAsync(server);
        var desk = new Desk(http);
        var ids = new List<int>();
        foreach (var kind in kinds) ids.Add(await desk.AddAsync(kind, Platforms.Config(kind, receiver.Address)));

        // Each lane's code is compiled before anything is measured.
        await FillAsync(server, Math.Min(1_000, traces), 10, (seed, now) => Workflows.Request(10, seed, now));
        await Task.Delay(TimeSpan.FromSeconds(3));
        foreach (var id in ids)
        {
            await desk.DrainedAsync(id);
            await desk.PauseAsync(id);
        }

        await FillAsync(server, traces, 10, (seed, now) => Workflows.Request(10, seed + 1_000_000, now));
        foreach (var id in ids) await desk.WaitingAsync(id, traces, server);
        if (isSealed) await desk.SealedAsync(WindowBytes, server);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{traces:N0} traces of 5 spans, {Workflows.Request(10, 1, DateTimeOffset.UnixEpoch).Length / 10:N0} B each; answers after {delay} ms"));
        foreach (var (kind, id) in kinds.Zip(ids))
        {
            receiver.Reset();
            var run = await DrainAsync(id, desk, server, receiver);
            await desk.PauseAsync(id);
            var (requests, bytes) = (receiver.Requests, receiver.Bytes);
            var plain = await receiver.RepeatAsync(AtOnce);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{kind,-10} {traces / run.Time.TotalSeconds,7:N0} traces/s, {run.Cpu.TotalMicroseconds / traces,6:N0} µs of the server's processor each; {requests:N0} requests, {bytes / traces:N0} B a trace; memory of its own {run.Before:N0} MB, at most {run.Most:N0} (resident {run.ResidentBefore:N0}, {run.ResidentMost:N0}); the same posted in a loop {traces / plain.TotalSeconds:N0} traces/s, ratio {plain / run.Time:0.00}; retried {run.Retried}"));
        }

        return 0;
    }

    private static async Task<int> BacklogAsync(string kind, int traces, string folder, Receiver receiver)
    {
        int id;
        await using (var server = await ServerProcess.StartAsync(folder, Environment)) id = await WaitingAsync(kind, traces, server, receiver);

        // Another process: what taking and storing a million traces has left in memory is not the lane's.
        await using var fresh = await ServerProcess.StartAsync(folder, Environment);
        using var http = await Desk.ClientAsync(fresh);
        var desk = new Desk(http);
        await desk.WaitingAsync(id, traces, fresh);
        var started = fresh.PrivateMegabytes;

        // What it takes to carry at all, compiled code above all, is no part of the backlog.
        await WarmAsync(kind, desk, fresh, receiver);
        await desk.WaitingAsync(id, traces + WarmTraces, fresh);
        receiver.Reset();
        var run = await DrainAsync(id, desk, fresh, receiver);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"drained by a server started anew in {run.Time.TotalSeconds:0} s, {traces / run.Time.TotalSeconds:N0} traces/s, {run.Cpu.TotalMicroseconds / traces:N0} µs of its processor each; memory of its own {started:N0} MB just started, {run.Before:N0} idle after {WarmTraces:N0} traces, at most {run.MostInFirstTenth:N0} in the first tenth of the time, {run.Most:N0} in all, at the end {fresh.PrivateMegabytes:N0} (resident {run.ResidentBefore:N0}, at most {run.ResidentMost:N0}); retried {run.Retried}"));
        return run.Most - run.Before <= ReachMegabytes ? 0 : 1;
    }

    private static async Task WarmAsync(string kind, Desk desk, ServerProcess server, Receiver receiver)
    {
        const int Each = 500;
        var bodies = Bodies.Plain(Each, json: false);
        var id = await desk.AddAsync(kind, Platforms.Config(kind, receiver.Address));
        await FillAsync(server, WarmTraces, Each, (seed, now) => bodies.Next(new Random(seed + 10_000_000), now, spansPerTrace: 1), bodies.Headers);
        await Task.Delay(TimeSpan.FromSeconds(3));
        await desk.DrainedAsync(id);
        await desk.PauseAsync(id);
    }

    private static async Task<int> WaitingAsync(string kind, int traces, ServerProcess server, Receiver receiver)
    {
        const int Each = 500;
        using var http = await Desk.ClientAsync(server);
        var desk = new Desk(http);
        var bodies = Bodies.Plain(Each, json: false);
        var id = await desk.AddAsync(kind, Platforms.Config(kind, receiver.Address));
        await desk.PauseAsync(id);
        var (start, clock) = (server.PrivateMegabytes, Stopwatch.StartNew());
        await FillAsync(server, traces, Each, (seed, now) => bodies.Next(new Random(seed), now, spansPerTrace: 1), bodies.Headers);
        await desk.WaitingAsync(id, traces, server);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{traces:N0} traces of one span wait for {kind} after {clock.Elapsed.TotalSeconds:0} s; memory of its own {start:N0} MB before any came, {server.PrivateMegabytes:N0} now"));
        return id;
    }

    private static async Task<Run> DrainAsync(int id, Desk desk, ServerProcess server, Receiver receiver)
    {
        var (before, residentBefore, cpu) = (server.PrivateMegabytes, server.ResidentMegabytes, server.CpuTime);
        var seen = new List<(double Own, double Resident)>();
        var start = Stopwatch.GetTimestamp();
        await desk.ResumeAsync(id);
        var status = await desk.DrainedAsync(id, () => seen.Add((server.PrivateMegabytes, server.ResidentMegabytes)));
        return new Run(receiver.LastAfter(start), server.CpuTime - cpu)
        {
            Before = before,
            Most = seen.Max(look => look.Own),
            MostInFirstTenth = seen.Take((seen.Count / 10) + 1).Max(look => look.Own),
            ResidentBefore = residentBefore,
            ResidentMost = seen.Max(look => look.Resident),
            Retried = status.Retried,
        };
    }

    private static async Task FillAsync(ServerProcess server, int traces, int each, Func<int, DateTimeOffset, byte[]> request, string headers = "Content-Type: application/x-protobuf\r\n")
    {
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => Task.Run(async () =>
        {
            using var sender = new HttpSender(server.Url, "/v1/traces", headers);
            while (Interlocked.Increment(ref next) is var number && (long)number * each <= traces)
                if (await sender.PostAsync(request(number, TimeProvider.System.GetUtcNow())) is var status and not 200) throw new InvalidOperationException("answered " + status.ToString(CultureInfo.InvariantCulture));
        })));
    }

    /// <summary>One drain; memory in MB, the server's own unless it says resident.</summary>
    private sealed record Run(TimeSpan Time, TimeSpan Cpu)
    {
        public required double Before { get; init; }

        public required double Most { get; init; }

        public required double MostInFirstTenth { get; init; }

        public required double ResidentBefore { get; init; }

        public required double ResidentMost { get; init; }

        public required long Retried { get; init; }
    }
}
