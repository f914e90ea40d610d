using System.Diagnostics;
using System.Globalization;

namespace Callwatch.Benchmarks;

/// <summary>
/// The whole way of a request to its acknowledgement, store running: 64 senders over HTTP, first each as fast as it is answered, then together at a given
/// rate, where the time counts from the moment a request was due. Reach: 60,000 spans/s protobuf, 15,000 JSON; p99 below 50 ms.
/// </summary>
internal static class IntakeBenchmark
{
    private const int Senders = 64, SpansPerRequest = 512;

    public static async Task<int> RunAsync(Switches switches)
    {
        var json = switches.Has("json");
        var rate = switches.Number("rate", json ? 15_000 : 60_000);
        var bodies = Bodies.Plain(SpansPerRequest, json);
        var data = switches.DataFolder();
        await using var server = await ServerProcess.StartAsync(data);
        var prepared = Prepare(bodies, switches.Number("bodies", 1500));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{(json ? "OTLP/JSON" : "protobuf")}, {SpansPerRequest} spans and {bodies.RawBytes / SpansPerRequest} B/span, {bodies.RawBytes / 1024} KB a request, {prepared.Average(body => body.Length) / 1024:0} KB gzip; {Senders} senders"));
        using var connections = new Connections(server.Url, bodies.Headers);

        await FloodAsync(connections, prepared, TimeSpan.FromSeconds(2));
        var (flood, floodTimes) = await FloodAsync(connections, prepared, switches.Duration(8));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"as fast as answered: {flood,9:N0} spans/s, {floodTimes}"));
        var (paced, pacedTimes) = await PaceAsync(connections, prepared, rate, switches.Duration(8));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"at {rate:N0} spans/s: {paced,9:N0} spans/s, {pacedTimes}; server {server.PeakMegabytes:N0} MB at most"));
        return paced >= rate * 0.98 && pacedTimes.Milliseconds(0.99) < 50 ? 0 : 1;
    }

    private static List<byte[]> Prepare(Bodies bodies, int count)
    {
        var now = TimeProvider.System.GetUtcNow();
        return [.. Enumerable.Range(0, count).AsParallel().Select(i => bodies.Next(new Random(i), now))];
    }

    private static async Task<(double SpansPerSecond, Latencies Times)> FloodAsync(Connections connections, List<byte[]> bodies, TimeSpan duration)
    {
        var times = new Latencies();
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(connections.All.Select(sender => Task.Run(async () =>
        {
            while (clock.Elapsed < duration)
            {
                var start = Stopwatch.GetTimestamp();
                await SendAsync(sender, connections.Next(bodies));
                times.Add(start);
            }
        })));
        return (times.Count * SpansPerRequest / clock.Elapsed.TotalSeconds, times);
    }

    private static async Task<(double SpansPerSecond, Latencies Times)> PaceAsync(Connections connections, List<byte[]> bodies, int spansPerSecond, TimeSpan duration)
    {
        var times = new Latencies();
        var each = Stopwatch.Frequency * SpansPerRequest * Senders / (double)spansPerSecond;
        var begin = Stopwatch.GetTimestamp();
        await Task.WhenAll(connections.All.Select((sender, number) => Task.Run(async () =>
        {
            // Each sender has its own turn, so that together they send evenly; one that is late sends at once.
            for (var turn = 0; ; turn++)
            {
                var due = begin + (long)(each * (turn + ((double)number / Senders)));
                if (Stopwatch.GetElapsedTime(begin, due) > duration) return;
                var start = due;
                if (Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due) is { Ticks: > 0 } early)
                {
                    await Task.Delay(early);
                    // The timer's own lateness is not the server's; that of an answer that kept this sender from its turn is.
                    start = Stopwatch.GetTimestamp();
                }

                await SendAsync(sender, connections.Next(bodies));
                times.Add(start);
            }
        })));
        return (times.Count * SpansPerRequest / Stopwatch.GetElapsedTime(begin).TotalSeconds, times);
    }

    private static async Task SendAsync(HttpSender sender, byte[] body)
    {
        if (await sender.PostAsync(body) is var status and not 200) throw new InvalidOperationException("answered " + status.ToString(CultureInfo.InvariantCulture));
    }

    private sealed class Connections(Uri server, string headers) : IDisposable
    {
        private int next;

        public List<HttpSender> All { get; } = [.. Enumerable.Range(0, Senders).Select(_ => new HttpSender(server, "/v1/traces", headers))];

        public byte[] Next(List<byte[]> bodies) => bodies[(Interlocked.Increment(ref next) & int.MaxValue) % bodies.Count];

        public void Dispose() => All.ForEach(sender => sender.Dispose());
    }
}
