using System.Diagnostics;
using System.Globalization;
using Callwatch.Testing;

namespace Callwatch.Benchmarks;

/// <summary><c>callwatch serve</c> as a process of its own, in the configuration of this program, with what the system says of it.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process process;

    private ServerProcess(Process process, Uri url, string data) => (this.process, Url, Data) = (process, url, data);

    public Uri Url { get; }

    public string Data { get; }

    /// <summary>Memory in use, in MB.</summary>
    public double ResidentMegabytes => Status("VmRSS:") / 1024.0;

    /// <summary>The most it has ever used, in MB.</summary>
    public double PeakMegabytes => Status("VmHWM:") / 1024.0;

    /// <summary>Memory of its own, in MB: without the files that it has mapped, which the system takes back when it needs room.</summary>
    public double PrivateMegabytes => Status("RssAnon:") / 1024.0;

    public TimeSpan CpuTime
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    private static string Executable { get; } = Path.GetFullPath(Path.Combine(
        Fixtures.Root, "..", "..", "src", "Callwatch.Cli", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0", "callwatch"));

    /// <summary>Back when it has printed that it is ready.</summary>
    public static async Task<ServerProcess> StartAsync(string data, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(Executable, ["serve", "--data", data, "--urls", "http://127.0.0.1:0", "--grpc-port", "off"]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var process = Process.Start(start) ?? throw new InvalidOperationException("callwatch did not start");
        // Read, so that it never has to wait for us; kept only to be shown when the start fails.
        var errors = new System.Text.StringBuilder();
        process.ErrorDataReceived += (_, line) => errors.AppendLine(errors.Length < 10_000 ? line.Data : "");
        process.BeginErrorReadLine();
        Uri? url = null;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("OTLP/HTTP", StringComparison.Ordinal)) url = new Uri(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
            if (line.StartsWith("Ready.", StringComparison.Ordinal))
            {
                _ = process.StandardOutput.ReadToEndAsync();
                return new ServerProcess(process, url!, data);
            }
        }

        throw new InvalidOperationException("callwatch ended before it was ready: " + errors);
    }

    public async ValueTask DisposeAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private long Status(string field) =>
        long.Parse(File.ReadLines($"/proc/{process.Id}/status").First(line => line.StartsWith(field, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
