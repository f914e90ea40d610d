using Callwatch.Server.Hosting;

namespace Callwatch.Cli.Serving;

/// <summary>What a start says on standard output: where to look, where to send, where the data is.</summary>
internal static class Greeting
{
    public static async Task WriteAsync(TextWriter output, IServiceProvider services)
    {
        var listeners = services.GetRequiredService<Listeners>();
        var lines = new List<string>
        {
            $"Dashboard   {listeners.HttpUrls[0]}/",
            $"OTLP/HTTP   {string.Join("  ", listeners.HttpUrls)}",
            $"OTLP/gRPC   {(listeners.GrpcUrls.Count == 0 ? "off" : string.Join("  ", listeners.GrpcUrls))}",
            $"Data        {services.GetRequiredService<DataFolder>().Path}",
        };
        if (!listeners.AllLoopback) lines.Add("Reachable from other machines: keys are now required there.");
        lines.Add("Ready. Stop with Ctrl+C.");
        foreach (var line in lines) await output.WriteLineAsync(line);
        await output.FlushAsync();
    }
}
