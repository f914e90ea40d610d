using System.Diagnostics;
using Callwatch.Cli.Serving;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Callwatch.Server.Tests.Cli;

/// <summary>What keeps a start from going well, and whether the next one may: a service manager tries again after exit code 1 and not after 2.</summary>
public sealed class StartTroubleTests
{
    private const string Data = "/srv/callwatch";

    [Theory]
    [InlineData(SQLitePCL.raw.SQLITE_CANTOPEN, typeof(StartRefusal.DataUnusable))]
    [InlineData(SQLitePCL.raw.SQLITE_READONLY, typeof(StartRefusal.DataUnusable))]
    [InlineData(SQLitePCL.raw.SQLITE_PERM, typeof(StartRefusal.DataUnusable))]
    [InlineData(SQLitePCL.raw.SQLITE_NOTADB, typeof(StartRefusal.DataUnusable))]
    [InlineData(SQLitePCL.raw.SQLITE_CORRUPT, typeof(StartRefusal.DataUnusable))]
    [InlineData(SQLitePCL.raw.SQLITE_BUSY, typeof(StartRefusal.DataNotNow))]
    [InlineData(SQLitePCL.raw.SQLITE_IOERR, typeof(StartRefusal.DataNotNow))]
    [InlineData(SQLitePCL.raw.SQLITE_FULL, typeof(StartRefusal.DataNotNow))]
    [InlineData(SQLitePCL.raw.SQLITE_ERROR, null)]
    [InlineData(SQLitePCL.raw.SQLITE_MISUSE, null)]
    public void What_a_database_says_is_a_fault_of_the_folder_or_passes_or_is_a_bug(int code, Type? expected)
    {
        var refusal = StartTrouble.Of(new SqliteException("no\nmore.", code), null, Data, () => false);
        Assert.Equal(expected, refusal?.GetType());
        Assert.Equal(expected == typeof(StartRefusal.DataNotNow), refusal?.MayPass == true);
        if (refusal is null) return;
        Assert.Contains($"{Data} cannot be used", refusal.Line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Line);
    }

    [Fact]
    public void A_database_that_no_handle_was_left_for_is_no_fault_of_the_folder() =>
        Assert.IsType<StartRefusal.TooFewFiles>(StartTrouble.Of(new SqliteException("unable to open", SQLitePCL.raw.SQLITE_CANTOPEN), null, Data, () => true));

    [Fact]
    public void Whether_handles_are_left_is_tried() =>
        Assert.IsType<StartRefusal.DataUnusable>(StartTrouble.Of(new SqliteException("unable to open", SQLitePCL.raw.SQLITE_CANTOPEN), null, Data));

    [Fact]
    public void A_full_disk_may_have_room_at_the_next_start()
    {
        var full = Assert.IsType<StartRefusal.DataNotNow>(StartTrouble.Of(new IOException($"No space left on device : '{Data}/format.tmp'", 28), null, Data));
        Assert.True(full.MayPass);
        Assert.IsType<StartRefusal.DataUnusable>(StartTrouble.Of(new IOException($"Is a directory : '{Data}/format'", 21), null, Data));
        Assert.Null(StartTrouble.Of(new IOException("of something else", 21), null, Data));
    }

    [Theory]
    [InlineData(64)]
    [InlineData(200)]
    [InlineData(399)]
    public async Task With_too_few_files_a_start_is_refused_in_one_line(int files)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "has no such limit");
        var start = new ProcessStartInfo("/bin/sh", ["-c", $"ulimit -n {files} && exec \"$0\" serve --data /nowhere/at/all --urls http://127.0.0.1:0", CallwatchProcess.Executable])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((2, "", "callwatch: This process may not have enough files open. Give it 1,024 or more (ulimit -n; LimitNOFILE of a systemd unit)."), (process.ExitCode, said[0], said[1].Trim()));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    public async Task No_name_of_a_folder_is_refused_in_one_line(string data)
    {
        var (code, output, error) = await CallwatchProcess.RunAsync(["serve", "--data", data, "--urls", "http://127.0.0.1:0", "--grpc-port", "off"]);
        Assert.Equal((2, "", "callwatch: Callwatch:Data names no folder. Give one with --data DIR."), (code, output, error.Trim()));
    }
}
