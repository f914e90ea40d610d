using System.Diagnostics;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Durability.PowerLoss;

/// <summary>The library of <c>tests/power-loss</c>, made with the system's C compiler when it is missing or older than its sources. Needs Linux.</summary>
internal static class PowerLossLibrary
{
    private static readonly SemaphoreSlim Gate = new(1, 1);

    private static string Root => Path.GetFullPath(Path.Combine(Fixtures.Root, "..", ".."));

    /// <summary>Its path; where it cannot be made the test is skipped and says why, which counts as a failure where CI=true.</summary>
    public static async Task<string> PathAsync(CancellationToken cancel)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux can load a library before the C library");
        var library = Path.Combine(Root, "artifacts", "power-loss", "powerloss.so");
        var sources = Directory.EnumerateFiles(Path.Combine(Root, "tests", "power-loss")).ToList();
        await Gate.WaitAsync(cancel);
        try
        {
            if (!File.Exists(library) || sources.Any(source => File.GetLastWriteTimeUtc(source) > File.GetLastWriteTimeUtc(library))) await CompileAsync(sources, library, cancel);
        }
        finally
        {
            Gate.Release();
        }

        return library;
    }

    private static async Task CompileAsync(List<string> sources, string library, CancellationToken cancel)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(library)!);
        string[] arguments = ["-std=c17", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-pthread", "-o", library, .. sources.Where(source => source.EndsWith(".c", StringComparison.Ordinal)), "-ldl"];
        Process process;
        try
        {
            process = Process.Start(new ProcessStartInfo("gcc", arguments) { UseShellExecute = false, RedirectStandardError = true })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("there is no gcc to make the library that loses power (apt-get install gcc libc6-dev)");
            return;
        }

        using (process)
        {
            var said = await process.StandardError.ReadToEndAsync(cancel);
            await process.WaitForExitAsync(cancel);
            Assert.SkipWhen(said.Contains("No such file or directory", StringComparison.Ordinal), "gcc has no C library to build with (apt-get install libc6-dev)");
            Assert.True(process.ExitCode == 0, said);
        }
    }
}
