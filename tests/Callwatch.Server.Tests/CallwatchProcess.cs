using System.Diagnostics;
using System.Globalization;
using System.Text;
using Callwatch.Testing;

namespace Callwatch.Server.Tests;

/// <summary>The built executable as a process of its own, the way a user runs it.</summary>
public sealed class CallwatchProcess : IAsyncDisposable
{
    private readonly Process process;
    private bool disposed;
    private readonly StringBuilder output = new();
    private readonly StringBuilder error = new();
    private readonly Task reading;
    private readonly TaskCompletionSource greeted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private CallwatchProcess(Process process)
    {
        this.process = process;
        reading = Task.WhenAll(ReadAsync(process.StandardOutput, output), ReadAsync(process.StandardError, error));
    }

    /// <summary>Where a build leaves it, in the configuration that the tests themselves were built in.</summary>
    public static string Executable { get; } = Path.GetFullPath(Path.Combine(
        Fixtures.Root, "..", "..", "src", "Callwatch.Cli", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0",
        OperatingSystem.IsWindows() ? "callwatch.exe" : "callwatch"));

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    public string Output => Text(output);

    public string Error => Text(error);

    /// <summary>The HTTP address it printed.</summary>
    public Uri Url => new(Printed("OTLP/HTTP"));

    public Uri GrpcUrl => new(Printed("OTLP/gRPC"));

    /// <summary>Runs to the end.</summary>
    public static async Task<(int Code, string Output, string Error)> RunAsync(IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        await using var run = Start(arguments, environment);
        var code = await run.ExitAsync();
        return (code, run.Output, run.Error);
    }

    /// <summary><c>callwatch serve</c> on free loopback ports; back when it has printed where it listens.</summary>
    public static async Task<CallwatchProcess> ServeAsync(string dataFolder, IEnumerable<string>? arguments = null, params (string Name, string Value)[] environment)
    {
        // In front of the given ones, which then go before these.
        (string, string)[] usual =
        [
            ("Callwatch__Http__Urls", "http://127.0.0.1:0"), ("Callwatch__Http__GrpcPort", "0"),
            // A page that says how far it has looked is one that a busy machine gives often.
            ("Callwatch__Query__PageTime", "00:00:02"),
        ];
        var run = Start(["serve", "--data", dataFolder, .. arguments ?? []], [.. usual, .. environment]);
        if (await run.IsReadyAsync()) return run;
        throw new InvalidOperationException($"callwatch serve ended with {run.process.ExitCode}: {run.Error}");
    }

    /// <summary>True once it has printed where it listens, false when it has ended before that.</summary>
    public async Task<bool> IsReadyAsync()
    {
        var ended = process.WaitForExitAsync();
        if (await Task.WhenAny(greeted.Task, ended).WithPatience("it says where it listens") == greeted.Task) return true;
        await reading;
        return greeted.Task.IsCompleted;
    }

    public static CallwatchProcess Start(IEnumerable<string> arguments, params (string Name, string Value)[] environment) => Start([], arguments, environment);

    /// <param name="before">A command that is to start it, with its arguments.</param>
    public static CallwatchProcess Start(IReadOnlyList<string> before, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(before.Count > 0 ? before[0] : Executable)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var argument in before.Count > 0 ? [.. before.Skip(1), Executable] : before) start.ArgumentList.Add(argument);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("CALLWATCH", StringComparison.OrdinalIgnoreCase)).ToList()) start.Environment.Remove(name);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var process = Process.Start(start) ?? throw new InvalidOperationException("callwatch did not start");
        process.StandardInput.Close();
        return new CallwatchProcess(process);
    }

    /// <summary>Asks it, and again what it had no time for.</summary>
    public HttpClient NewHttp(string? key = null)
    {
        var http = new HttpClient(new AskingAgain()) { BaseAddress = Url, Timeout = Patience.Long };
        if (key is not null) http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        return http;
    }

    /// <summary>SIGTERM, as a service manager stops it.</summary>
    public Task TerminateAsync() => SignalAsync("TERM");

    public async Task SignalAsync(string name)
    {
        using var kill = Process.Start("kill", ["-" + name, Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>SIGKILL: no handler runs.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    public async Task<int> ExitAsync(TimeSpan? within = null)
    {
        using var limit = new CancellationTokenSource(within ?? Patience.Long);
        await process.WaitForExitAsync(limit.Token);
        await reading;
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, true)) return;
        if (!process.HasExited) await KillAsync();
        await reading;
        process.Dispose();
    }

    private string Printed(string label) =>
        Output.Split('\n').First(line => line.StartsWith(label, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];

    private async Task ReadAsync(StreamReader stream, StringBuilder into)
    {
        while (await stream.ReadLineAsync() is { } line)
        {
            lock (into) into.AppendLine(line);

            // The last line of the greeting.
            if (line.StartsWith("Ready.", StringComparison.Ordinal)) greeted.TrySetResult();
        }
    }

    private static string Text(StringBuilder from)
    {
        lock (from) return from.ToString();
    }
}
