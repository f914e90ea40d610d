using System.Diagnostics;
using System.Globalization;
using Callwatch.Client.Api;

namespace Callwatch.Benchmarks;

/// <summary>
/// From sending to stored and queryable, at a given rate: whether the store keeps up, and what it could do. Reach: 25,000 small spans/s, or 3,000 calls/s
/// of 10 KB in 1,000 interleaved sessions, at a lag below 5 s; the last part at 0.9 of the first or better. <c>--minutes 30</c> for the long run,
/// <c>--into DIR</c> to go on in a folder that holds much already (made by <c>fill</c>).
/// </summary>
internal static class StoredBenchmark
{
    public static async Task<int> RunAsync(Switches switches)
    {
        var calls = switches.Has("calls");
        var (each, rate) = (calls ? 32 : 512, switches.Number("rate", calls ? 3_000 : 25_000));
        var bodies = calls ? Bodies.Calls(each) : Bodies.Plain(each, json: false);
        var duration = switches.Number("minutes", 0) is > 0 and var minutes ? TimeSpan.FromMinutes(minutes) : switches.Duration(15);
        var folder = switches.Text("into") ?? switches.DataFolder();
        var sizes = Sizes(folder);
        await using var server = await ServerProcess.StartAsync(folder);
        using var load = new Load(server.Url, bodies, senders: 16, prepared: (int)(duration.TotalSeconds * rate / each * 1.1));
        using var http = new HttpClient();
        http.BaseAddress = server.Url;
        var watch = new Watch(new CallwatchApi(http));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(calls ? "calls" : "spans")} of {bodies.RawBytes / each} B, {each} a request, at {rate:N0}/s for {duration.TotalSeconds:0} s"));

        var before = server.CpuTime;
        using var stop = new CancellationTokenSource();
        var watching = watch.RunAsync(stop.Token);
        var (sent, times) = await load.PaceAsync((double)rate / each, duration);
        var drained = await watch.DrainedAsync();
        var cpu = (server.CpuTime - before) / (times.Count * each);
        await stop.CancelAsync();
        await watching;
        // The first and the last five minutes of a long run, of a short one a third each.
        var part = Math.Min(1 / 3.0, TimeSpan.FromMinutes(5) / duration);
        var (first, last) = (watch.Rate(0, part) * each, watch.Rate(1 - part, 1) * each);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"acknowledged {sent * each:N0}/s, {times}; stored {watch.Rate(0, 1) * each:N0}/s (first part {first:N0}, last {last:N0}, ratio {last / first:0.00}); lag at most {watch.MostLag * each / rate:0.0} s, {drained.TotalSeconds:0.0} s after the last; {cpu.TotalMicroseconds:0.0} µs of the server's processor each; server {server.PeakMegabytes:N0} MB at most"));
        var grown = Sizes(server.Data).Select(size => (size.Key, Bytes: (size.Value - sizes.GetValueOrDefault(size.Key)) / (double)(times.Count * each))).ToList();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"disk: {grown.Sum(size => size.Bytes):N0} B each: {string.Join(", ", grown.Select(size => string.Create(CultureInfo.InvariantCulture, $"{size.Key} {size.Bytes:N0}")))}"));
        return sent * each >= rate * 0.98 && watch.MostLag * each / rate < 5 && last >= 0.9 * first ? 0 : 1;
    }

    /// <summary>Bytes on disk, by folder; those of the journal apart as they came and sealed.</summary>
    private static SortedDictionary<string, long> Sizes(string folder)
    {
        var sizes = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var root = new DirectoryInfo(folder);
        if (!root.Exists) return sizes;
        foreach (var file in root.EnumerateFiles("*", SearchOption.AllDirectories).Where(file => file.Name is not ("ballast" or "next.tmp")))
        {
            var place = Path.GetRelativePath(folder, file.FullName).Split(Path.DirectorySeparatorChar);
            var name = place.Length == 1 ? "control" : file.Extension == ".seg" ? "journal as it came" : file.Extension == ".sealed" ? "journal sealed" : place[0];
            sizes[name] = sizes.GetValueOrDefault(name) + file.Length;
        }

        return sizes;
    }

    /// <summary>How far the store is, ten times a second.</summary>
    private sealed class Watch(CallwatchApi api)
    {
        private readonly List<(double Seconds, long Stored)> seen = [];
        private readonly Stopwatch clock = Stopwatch.StartNew();

        public double MostLag { get; private set; }

        public long Head { get; private set; }

        public async Task RunAsync(CancellationToken stop)
        {
            while (!stop.IsCancellationRequested)
            {
                await LookAsync();
                await Task.Delay(TimeSpan.FromMilliseconds(100), CancellationToken.None);
            }
        }

        public async Task<TimeSpan> DrainedAsync()
        {
            var started = clock.Elapsed;
            while (await LookAsync() > 0) await Task.Delay(TimeSpan.FromMilliseconds(50));
            return clock.Elapsed - started;
        }

        /// <summary>Records stored a second, between two shares of the time until all were stored.</summary>
        public double Rate(double from, double to)
        {
            lock (seen)
            {
                var end = seen.First(point => point.Stored == seen[^1].Stored).Seconds;
                var (a, b) = (At(from * end), At(to * end));
                return (b.Stored - a.Stored) / (b.Seconds - a.Seconds);
            }
        }

        private (double Seconds, long Stored) At(double seconds) => seen.MinBy(point => Math.Abs(point.Seconds - seconds));

        private async Task<long> LookAsync()
        {
            if (await api.SystemAsync() is not ApiAnswer<ApiSystem>.Found { Value: var system }) throw new InvalidOperationException("System does not answer");
            var reader = system.Readers.Single(reader => reader.Name == "store");
            lock (seen)
            {
                seen.Add((clock.Elapsed.TotalSeconds, reader.Position));
                (Head, MostLag) = (system.Head, Math.Max(MostLag, reader.Lag));
            }

            return reader.Lag;
        }
    }
}
