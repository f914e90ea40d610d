using System.Diagnostics;
using System.Globalization;

namespace Callwatch.Benchmarks;

/// <summary>From the start of the process to its first accepted span; then memory and processor of a server nobody talks to. Reach: 1.5 s, 150 MB, 1 % of a core.</summary>
internal static class IdleBenchmark
{
    public static async Task<int> RunAsync(Switches switches)
    {
        var bodies = Bodies.Plain(1, json: false);
        var body = bodies.Next(new Random(1), TimeProvider.System.GetUtcNow());
        var data = switches.DataFolder();
        var starts = new List<double>();
        for (var i = 0; i < switches.Number("starts", 5); i++)
        {
            var clock = Stopwatch.StartNew();
            await using var started = await ServerProcess.StartAsync(data);
            using var sender = new HttpSender(started.Url, "/v1/traces", bodies.Headers);
            if (await sender.PostAsync(body) != 200) throw new InvalidOperationException("not accepted");
            starts.Add(clock.Elapsed.TotalMilliseconds);
        }

        await using var server = await ServerProcess.StartAsync(data);
        using (var sender = new HttpSender(server.Url, "/v1/traces", bodies.Headers)) await sender.PostAsync(body);
        await Task.Delay(TimeSpan.FromSeconds(switches.Number("settle", 5)));
        var (cpu, duration) = (server.CpuTime, switches.Duration(15));
        await Task.Delay(duration);
        var share = (server.CpuTime - cpu) / duration;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"start to first accepted span: first {starts[0]:0} ms, then {starts.Skip(1).Average():0} ms; idle: {server.ResidentMegabytes:0} MB, {share:0.00%} of a core"));
        return starts.Max() < 1500 && server.ResidentMegabytes < 150 && share < 0.01 ? 0 : 1;
    }
}
