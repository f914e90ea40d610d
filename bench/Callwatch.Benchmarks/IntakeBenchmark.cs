using System.Globalization;

namespace Callwatch.Benchmarks;

/// <summary>
/// The whole way of a request to its acknowledgement, store running: 64 senders over HTTP, first together at a given rate, where the time counts
/// from the moment a request was due, then each as fast as it is answered. Reach: 60,000 spans/s protobuf, 15,000 JSON; p99 below 50 ms.
/// </summary>
internal static class IntakeBenchmark
{
    private const int Senders = 64, SpansPerRequest = 512;

    public static async Task<int> RunAsync(Switches switches)
    {
        var json = switches.Has("json");
        var rate = switches.Number("rate", json ? 15_000 : 60_000);
        var bodies = Bodies.Plain(SpansPerRequest, json);
        await using var server = await ServerProcess.StartAsync(switches.DataFolder());
        using var load = new Load(server.Url, bodies, Senders, switches.Number("bodies", 1500));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{(json ? "OTLP/JSON" : "protobuf")}, {SpansPerRequest} spans and {bodies.RawBytes / SpansPerRequest} B/span, {bodies.RawBytes / 1024} KB a request, {load.AverageKilobytes:0} KB gzip; {Senders} senders"));

        var perSecond = (double)rate / SpansPerRequest;
        await load.PaceAsync(perSecond, TimeSpan.FromSeconds(3));
        var (paced, pacedTimes) = await load.PaceAsync(perSecond, switches.Duration(8));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"at {rate:N0} spans/s: {paced * SpansPerRequest,9:N0} spans/s, {pacedTimes}"));
        var before = server.CpuTime;
        var (flood, floodTimes) = await load.FloodAsync(switches.Duration(8));
        var cpu = (server.CpuTime - before) / (floodTimes.Count * SpansPerRequest);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"as fast as answered: {flood * SpansPerRequest,9:N0} spans/s, {floodTimes}; {cpu.TotalMicroseconds:0.0} µs of the server's processor a span, storing included as far as it came; server {server.PeakMegabytes:N0} MB at most"));
        using var http = new HttpClient();
        http.BaseAddress = server.Url;
        if (await new Callwatch.Client.Api.CallwatchApi(http).SystemAsync() is not Callwatch.Client.Api.ApiAnswer<Callwatch.Client.Api.ApiSystem>.Found { Value: var system }) throw new InvalidOperationException("System does not answer");
        Console.WriteLine($"records in the journal: {system.Head}; the store has read {system.Readers.Single(reader => reader.Name == "store").Position}; refused or mended: {string.Join(", ", system.Counters.Select(counter => $"{counter.Key} {counter.Value}"))}");
        return paced * SpansPerRequest >= rate * 0.98 && pacedTimes.Milliseconds(0.99) < 50 ? 0 : 1;
    }
}
