using System.Diagnostics;
using System.Globalization;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Journal;

/// <summary>On a real disk of three megabytes: a memory disk mounted in a namespace of the process's own, so that nothing of it stays. Needs Linux, and root or the right to such a namespace.</summary>
public sealed class FullDiskTests
{
    // $0 is the folder to mount over, the rest the program.
    private const string OnASmallDisk = """mount -t tmpfs -o size=3m tmpfs "$0" && head -c 1000000 /dev/zero > "$0/filler" && exec "$@" """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_full_disk_is_refused_with_its_reason_loses_nothing_and_is_got_over()
    {
        var unshare = await CanMountAsync("-m") ? "-m" : "-rm";
        Assert.SkipUnless(unshare == "-m" || await CanMountAsync(unshare), "this user cannot mount a disk");
        using var temp = new TempFolder();
        using var process = CrashHost.Start(temp.At("journal"), senders: 4, temp.At("filler"), "unshare", unshare, "sh", "-c", OnASmallDisk, temp.Path);
        var lines = new List<string[]>();
        while (await process.StandardOutput.ReadLineAsync(Cancel) is { } line) lines.Add(line.Split(' ', 2));
        await process.WaitForExitAsync(Cancel);
        Assert.Equal("", await process.StandardError.ReadToEndAsync(Cancel));
        Assert.Equal(0, process.ExitCode);

        var stored = 2 * lines.Count(line => line[0] == "stored");
        Assert.True(stored > 100);
        Assert.Equal(4, lines.Count(line => line is ["refused", "The disk has no room left."]));
        Assert.Equal([stored, stored + 1], lines.Where(line => line[0] == "kept").Select(line => int.Parse(line[1], CultureInfo.InvariantCulture)));
    }

    private static async Task<bool> CanMountAsync(string unshare)
    {
        if (!OperatingSystem.IsLinux()) return false;
        try
        {
            using var process = Process.Start(new ProcessStartInfo("unshare", [unshare, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]) { UseShellExecute = false, RedirectStandardError = true })!;
            await process.WaitForExitAsync(Cancel);
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
