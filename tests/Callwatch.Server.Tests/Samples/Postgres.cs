using System.Diagnostics;
using Callwatch.Testing;

namespace Callwatch.Server.Tests.Samples;

/// <summary>A PostgreSQL server of the test's own: a fresh cluster in a temporary folder, on a free port. It refuses to run as root, and gets a user of its own there.</summary>
internal sealed class Postgres : IAsyncDisposable
{
    private readonly TempFolder folder;
    private readonly Process server;

    private Postgres(TempFolder folder, Process server, int port) => (this.folder, this.server, ConnectionString) = (folder, server, $"Host=127.0.0.1;Port={port};Username=postgres;Database=postgres");

    public string ConnectionString { get; }

    /// <summary>Null where none is installed.</summary>
    public static string? Programs { get; } =
        Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin")).FirstOrDefault(bin => File.Exists(Path.Combine(bin, "initdb"))) : null;

    private static bool IsRoot => Environment.UserName == "root";

    public static async Task<Postgres> StartAsync()
    {
        var folder = new TempFolder();
        var data = folder.At("data");
        if (IsRoot) await RunAsync("chown", "postgres", folder.Path);
        await RunAsync(AsUser("initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "--locale=C", "--encoding=UTF8"));
        var port = Ports.Free();
        var start = Start(AsUser("postgres", "-D", data, "-p", $"{port}", "-k", folder.Path, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"));
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        start.ErrorDataReceived += (_, line) =>
        {
            if (line.Data?.Contains("ready to accept connections", StringComparison.Ordinal) == true) ready.TrySetResult();
        };
        start.BeginErrorReadLine();
        await ready.Task.WithPatience("PostgreSQL takes connections");
        return new Postgres(folder, start, port);
    }

    public async ValueTask DisposeAsync()
    {
        server.Kill();
        await server.WaitForExitAsync();
        server.Dispose();
        folder.Dispose();
    }

    // setpriv becomes what it starts, so that a signal to it reaches the server.
    private static string[] AsUser(string program, params string[] arguments)
    {
        var path = Path.Combine(Programs!, program);
        return IsRoot ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", path, .. arguments] : [path, .. arguments];
    }

    private static Process Start(string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = Path.GetTempPath() };
        start.Environment["LC_ALL"] = "C";
        return Process.Start(start)!;
    }

    private static async Task RunAsync(params string[] command)
    {
        using var run = Start(command);
        var (output, error) = (run.StandardOutput.ReadToEndAsync(), run.StandardError.ReadToEndAsync());
        await run.WaitForExitAsync();
        if (run.ExitCode != 0) throw new InvalidOperationException($"{command[0]} ended with {run.ExitCode}: {await error} {await output}");
    }
}
