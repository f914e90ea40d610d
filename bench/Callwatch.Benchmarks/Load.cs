using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;

namespace Callwatch.Benchmarks;

/// <summary>
/// Sends requests over a number of connections: each as fast as it is answered, or all together at a given rate. They are prepared beforehand as long
/// as memory allows; in longer runs they are made meanwhile, each a new one, on the same machine.
/// </summary>
internal sealed class Load(Uri server, Bodies bodies, int senders, int prepared) : IDisposable
{
    private readonly List<HttpSender> connections = [.. Enumerable.Range(0, senders).Select(_ => new HttpSender(server, "/v1/traces", bodies.Headers))];
    private const int MostPrepared = 6_000;

    private readonly List<byte[]> requests = Prepare(bodies, Math.Min(prepared, MostPrepared));
    private readonly Channel<byte[]>? fresh = prepared > MostPrepared ? Make(bodies) : null;
    private int next;

    public double AverageKilobytes => requests.Average(request => request.Length) / 1024;

    public async Task<(double PerSecond, Latencies Times)> FloodAsync(TimeSpan duration)
    {
        var times = new Latencies();
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(connections.Select(sender => Task.Run(async () =>
        {
            while (clock.Elapsed < duration)
            {
                var start = Stopwatch.GetTimestamp();
                await SendAsync(sender);
                times.Add(start);
            }
        })));
        return (times.Count / clock.Elapsed.TotalSeconds, times);
    }

    /// <summary>A request's time counts from the moment it was due, whatever kept its sender from it.</summary>
    public async Task<(double PerSecond, Latencies Times)> PaceAsync(double perSecond, TimeSpan duration)
    {
        var times = new Latencies();
        var each = Stopwatch.Frequency * connections.Count / perSecond;
        var begin = Stopwatch.GetTimestamp();
        await Task.WhenAll(connections.Select((sender, number) => Task.Run(async () =>
        {
            // Each sender has its own turn, so that together they send evenly; one that is late sends at once.
            for (var turn = 0; ; turn++)
            {
                var due = begin + (long)(each * (turn + ((double)number / connections.Count)));
                if (Stopwatch.GetElapsedTime(begin, due) > duration) return;
                var start = due;
                if (Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due) is { Ticks: > 0 } early)
                {
                    await Task.Delay(early);
                    // The timer's own lateness is not the server's; that of an answer that kept this sender from its turn is.
                    start = Stopwatch.GetTimestamp();
                }

                await SendAsync(sender);
                times.Add(start);
            }
        })));
        return (times.Count / Stopwatch.GetElapsedTime(begin).TotalSeconds, times);
    }

    public void Dispose() => connections.ForEach(sender => sender.Dispose());

    private async Task SendAsync(HttpSender sender)
    {
        var request = fresh is not null ? await fresh.Reader.ReadAsync() : requests[(Interlocked.Increment(ref next) & int.MaxValue) % requests.Count];
        if (await sender.PostAsync(request) is var status and not 200) throw new InvalidOperationException("answered " + status.ToString(CultureInfo.InvariantCulture));
    }

    private static Channel<byte[]> Make(Bodies bodies)
    {
        var made = Channel.CreateBounded<byte[]>(64);
        _ = Task.Run(async () =>
        {
            for (var i = MostPrepared; ; i++) await made.Writer.WriteAsync(bodies.Next(new Random(i), TimeProvider.System.GetUtcNow()));
        });
        return made;
    }

    private static List<byte[]> Prepare(Bodies bodies, int count)
    {
        var now = TimeProvider.System.GetUtcNow();
        return [.. Enumerable.Range(0, count).AsParallel().Select(i => bodies.Next(new Random(i), now))];
    }
}
