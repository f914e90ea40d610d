using System.Diagnostics;
using Callwatch.Testing;
using Npgsql;

namespace Callwatch.Client.Tests.Telemetry;

/// <summary>A PostgreSQL server of the test's own: Debian's programs, a folder, a free port, gone afterwards.</summary>
internal sealed class Postgres : IAsyncDisposable
{
    private readonly TempFolder folder;
    private readonly Process server;

    private Postgres(TempFolder folder, Process server, int port) => (this.folder, this.server, ConnectionString) = (folder, server, $"Host=127.0.0.1;Port={port};Username=test;Database=postgres;Pooling=false");

    public string ConnectionString { get; }

    /// <summary>Null where there are no such programs.</summary>
    public static async Task<Postgres?> StartAsync()
    {
        if (Programs() is not { } programs) return null;
        var folder = new TempFolder();
        // It refuses to run as root.
        string[] before = Environment.UserName == "root" ? ["runuser", "-u", "nobody", "--"] : [];
        if (before.Length > 0) await RunAsync(["chown", "nobody", folder.Path]);
        var data = folder.At("data");
        await RunAsync([.. before, Path.Combine(programs, "initdb"), "-D", data, "-U", "test", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"]);
        var port = Ports.Free();
        var server = Start([.. before, Path.Combine(programs, "postgres"), "-D", data, "-p", $"{port}", "-h", "127.0.0.1", "-k", folder.Path, "-c", "fsync=off"]);
        var postgres = new Postgres(folder, server, port);
        await postgres.AnswersAsync();
        return postgres;
    }

    public async ValueTask DisposeAsync()
    {
        // Its children end with it; SIGQUIT is its way to end at once.
        using (var kill = Process.Start("kill", ["-QUIT", $"{server.Id}"])) await kill.WaitForExitAsync();
        server.Kill(entireProcessTree: true);
        await server.WaitForExitAsync();
        server.Dispose();
        folder.Dispose();
    }

    private static string? Programs()
    {
        var debian = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Reverse().Select(version => Path.Combine(version, "bin")) : [];
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return debian.Concat(path).FirstOrDefault(bin => File.Exists(Path.Combine(bin, "initdb")) && File.Exists(Path.Combine(bin, "postgres")));
    }

    private static Process Start(string[] command) =>
        Process.Start(new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" })!;

    private static async Task RunAsync(string[] command)
    {
        using var process = Start(command);
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{command[^1]}: {await error}");
    }

    private async Task AnswersAsync()
    {
        _ = server.StandardOutput.ReadToEndAsync();
        _ = server.StandardError.ReadToEndAsync();
        await Eventually.AnswersAsync(
            async () =>
            {
                try
                {
                    await using var connection = new NpgsqlConnection(ConnectionString);
                    await connection.OpenAsync();
                    return this;
                }
                catch (NpgsqlException) when (!server.HasExited)
                {
                    return null;
                }
            },
            () => "PostgreSQL takes connections");
    }
}
