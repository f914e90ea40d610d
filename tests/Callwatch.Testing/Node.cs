using System.Diagnostics;

namespace Callwatch.Testing;

/// <summary>Scripts under <c>tests/npm</c>, run with Node.js; their packages are restored by the lock file when they are not there.</summary>
public static class Node
{
    /// <summary>Null when the script can run, else what is missing.</summary>
    public static async Task<string?> PrepareAsync(string folder, CancellationToken cancel)
    {
        try
        {
            await RunAsync("node", ["--version"], folder, "", cancel);
            if (!Directory.Exists(Path.Combine(PathOf(folder), "node_modules"))) await RunAsync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], folder, "", cancel);
            return null;
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            return e.Message;
        }
    }

    /// <summary>What the script writes to standard output.</summary>
    public static Task<string> ScriptAsync(string folder, string script, string input, CancellationToken cancel) => RunAsync("node", [script], folder, input, cancel);

    private static string PathOf(string folder) => Path.GetFullPath(Path.Combine(Fixtures.Root, "..", "npm", folder));

    private static async Task<string> RunAsync(string program, string[] arguments, string folder, string input, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            WorkingDirectory = PathOf(folder),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Clients that give up on a machine with much to do tell nothing about a stand-in.
        foreach (var (name, value) in (IEnumerable<(string, string)>)[("OTEL_EXPORTER_OTLP_TIMEOUT", "300000"), ("OTEL_BSP_EXPORT_TIMEOUT", "300000"), ("LANGFUSE_TIMEOUT", "300")]) start.Environment[name] = value;
        using var process = Process.Start(start) ?? throw new InvalidOperationException(program + " did not start");
        var output = process.StandardOutput.ReadToEndAsync(cancel);
        var error = process.StandardError.ReadToEndAsync(cancel);
        await process.StandardInput.WriteAsync(input.AsMemory(), cancel);
        process.StandardInput.Close();
        await process.WaitForExitAsync(cancel);
        return process.ExitCode == 0 ? await output : throw new InvalidOperationException($"{program} {arguments[0]} ended with {process.ExitCode}: {await error}");
    }
}
