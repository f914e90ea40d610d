using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Callwatch.Testing;

namespace Callwatch.Client.Tests.Telemetry;

/// <summary>The worker of <c>Callwatch.Client.TestApp</c> as a process of its own.</summary>
internal sealed class AppProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly ConcurrentQueue<string> lines = new();
    private readonly Task reading;

    private AppProcess(Process process)
    {
        this.process = process;
        reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
    }

    /// <summary>Where a build leaves it, in the configuration that the tests themselves were built in.</summary>
    public static string Folder { get; } = Path.GetFullPath(Path.Combine(
        Fixtures.Root, "..", "Callwatch.Client.TestApp", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0"));

    public IReadOnlyList<string> Lines => [.. lines];

    /// <summary>Until it was ready: how much time this machine needs for such things.</summary>
    public TimeSpan StartTook { get; private set; }

    /// <summary>Back when the application has started.</summary>
    public static async Task<AppProcess> StartAsync(string arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(Path.Combine(Folder, OperatingSystem.IsWindows() ? "Callwatch.Client.TestApp.exe" : "Callwatch.Client.TestApp"))
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Folder,
        };
        foreach (var argument in arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)) start.ArgumentList.Add(argument);
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("OTEL", StringComparison.OrdinalIgnoreCase) || name.StartsWith("CALLWATCH", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var began = Stopwatch.GetTimestamp();
        var app = new AppProcess(Process.Start(start)!);
        await Eventually.HoldsAsync(() => app.lines.Contains("ready") || app.process.HasExited, "the application has started");
        app.StartTook = Stopwatch.GetElapsedTime(began);
        return app.process.HasExited ? throw new InvalidOperationException("It ended: " + string.Join('\n', app.lines)) : app;
    }

    /// <summary>Sends SIGTERM: the exit code, and how long it took.</summary>
    public async Task<(int Code, TimeSpan Took)> TerminateAsync()
    {
        var began = Stopwatch.GetTimestamp();
        using (var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync();
        await process.WaitForExitAsync().WithPatience("the application ends when it is told to");
        return (process.ExitCode, Stopwatch.GetElapsedTime(began));
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill();
        await reading;
        process.Dispose();
    }

    private async Task ReadAsync(StreamReader from)
    {
        while (await from.ReadLineAsync() is { } line) lines.Enqueue(line);
    }
}
