using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Callwatch.Testing;

namespace Callwatch.Benchmarks.Forwarding;

/// <summary>The same runs sent to the same receiver by the platforms' own clients, in a Node.js process of their own; their packages are those of <c>tests/npm</c>, installed by <c>npm ci</c>.</summary>
internal static class SdkBenchmark
{
    public static async Task<int> RunAsync(IEnumerable<string> kinds, int traces, int delay)
    {
        await using var receiver = await Receiver.StartAsync(TimeSpan.FromMilliseconds(delay), keeps: false);
        foreach (var kind in kinds)
        {
            receiver.Reset();
            var result = await FloodAsync(kind, receiver.Address, traces);
            var (seconds, cpu) = ((double)result["seconds"]!, (double)result["cpuMicroseconds"]!);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{kind,-10} its own client: {traces / seconds,7:N0} traces/s, {cpu / traces,6:N0} µs of its processor each; {receiver.Requests:N0} requests, {receiver.Bytes / (traces + 500):N0} B a trace; answers after {delay} ms"));
        }

        return 0;
    }

    private static async Task<JsonNode> FloodAsync(string kind, string address, int traces)
    {
        var folder = Path.GetFullPath(Path.Combine(Fixtures.Root, "..", "npm", kind == "phoenix" ? "otlp" : kind));
        var start = new ProcessStartInfo("node", ["flood.mjs"]) { WorkingDirectory = folder, UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true };
        using var node = Process.Start(start) ?? throw new InvalidOperationException("node did not start");
        await node.StandardInput.WriteAsync(new JsonObject { ["address"] = address, ["traces"] = traces }.ToJsonString());
        node.StandardInput.Close();
        var output = await node.StandardOutput.ReadToEndAsync();
        await node.WaitForExitAsync();
        var result = output.Split('\n').FirstOrDefault(line => line.StartsWith("RESULT ", StringComparison.Ordinal)) ?? throw new InvalidOperationException(output);
        return JsonNode.Parse(result["RESULT ".Length..])!;
    }
}
