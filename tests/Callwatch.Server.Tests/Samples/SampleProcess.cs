using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Callwatch.Testing;

namespace Callwatch.Server.Tests.Samples;

/// <summary>One of the samples as a process of its own, as its README starts it.</summary>
internal sealed partial class SampleProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task reading;
    private Uri? url;

    private SampleProcess(Process process)
    {
        this.process = process;
        reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
    }

    public string Output
    {
        get
        {
            lock (output) return output.ToString();
        }
    }

    /// <summary>Where it listens.</summary>
    public Uri Url => url ?? throw new InvalidOperationException("It listens nowhere.");

    public static string Executable(string sample) => Path.GetFullPath(Path.Combine(
        Fixtures.Root, "..", "..", "samples", sample, "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0", "Samples." + sample));

    /// <summary>Back when it says that it has started.</summary>
    public static async Task<SampleProcess> StartAsync(string sample, string folder, params (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo(Executable(sample)) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        foreach (var name in start.Environment.Keys.Where(IsOurs).ToList()) start.Environment.Remove(name);
        start.Environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        start.Environment["DOTNET_ENVIRONMENT"] = "Production";
        foreach (var (name, value) in settings) start.Environment[name] = value;
        var run = new SampleProcess(Process.Start(start) ?? throw new InvalidOperationException(sample + " did not start"));
        var ended = run.process.WaitForExitAsync();
        if (await Task.WhenAny(run.started.Task, ended).WithPatience(sample + " has started") == ended)
        {
            await run.reading;
            throw new InvalidOperationException($"{sample} ended with {run.process.ExitCode}: {run.Output}");
        }

        return run;
    }

    /// <summary>SIGTERM; its exit code.</summary>
    public async Task<int> StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        await process.WaitForExitAsync().WithPatience("it ends when it is told to");
        await reading;
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill();
        await process.WaitForExitAsync();
        await reading;
        process.Dispose();
    }

    private static bool IsOurs(string name) =>
        name.StartsWith("CALLWATCH", StringComparison.OrdinalIgnoreCase) || name.StartsWith("OTEL_", StringComparison.Ordinal) || name.StartsWith("OTLP_", StringComparison.Ordinal)
        || name.StartsWith("SENTRY_", StringComparison.Ordinal) || name.StartsWith("ENABLE_OTEL", StringComparison.Ordinal);

    private async Task ReadAsync(StreamReader stream)
    {
        while (await stream.ReadLineAsync() is { } line)
        {
            lock (output) output.AppendLine(line);
            if (Listening().Match(line) is { Success: true } match) url = new Uri(match.Groups[1].Value);
            if (line.Contains("Application started.", StringComparison.Ordinal)) started.TrySetResult();
        }
    }

    [GeneratedRegex(@"Now listening on: (http://\S+)", RegexOptions.NonBacktracking)]
    private static partial Regex Listening();
}
