using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;
using Callwatch.Client.Sentry;
using Callwatch.Client.Tests.Telemetry;
using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Callwatch.Client.Tests.Sentry;

/// <summary>A process of its own that dies of an exception: the test program itself, started once more.</summary>
public sealed class CrashTests
{
    [Theory]
    [InlineData("thread")]
    [InlineData("main")]
    public Task What_ends_the_process_is_sent_before_it_ends(string where) => Watched.GivenTimeAsync(async () =>
    {
        await using var sentry = await SentryStandIn.StartedAsync();
        sentry.FromLibrary = true;
        Assert.NotEqual(0, await CrashedAsync(where, sentry.Dsn, ""));
        var told = Assert.Single(sentry.Events);
        Assert.Equal(("fatal", "AppDomain.UnhandledException", false, "the end"), (
            (string?)told["level"], (string?)told["exception"]!["values"]![0]!["mechanism"]!["type"], (bool)told["exception"]!["values"]![0]!["mechanism"]!["handled"]!, (string?)told["exception"]!["values"]![0]!["value"]));
        Assert.Contains(told["exception"]!["values"]![0]!["stacktrace"]!["frames"]!.AsArray(), frame => (string?)frame!["function"] == "Fail");
    });

    [Fact]
    public Task Where_sentry_is_away_it_is_sent_by_the_next_start() => Watched.GivenTimeAsync(async () =>
    {
        using var folder = new TempFolder();
        Assert.NotEqual(0, await CrashedAsync("thread", $"http://{SentryStandIn.Key}@127.0.0.1:1/42", folder.Path));
        Assert.Single(Directory.GetFiles(folder.Path));
        await using var sentry = await SentryStandIn.StartedAsync();
        sentry.FromLibrary = true;
        Assert.Equal(0, await CrashedAsync("not at all", sentry.Dsn, folder.Path));
        Assert.Equal("the end", (string?)Assert.Single(sentry.Events)["exception"]!["values"]![0]!["value"]);
        Assert.Empty(Directory.GetFiles(folder.Path));
    });

    [Fact]
    public Task A_program_that_ends_without_stopping_its_host_still_sends_what_waits() => Watched.GivenTimeAsync(async () =>
    {
        await using var sentry = await SentryStandIn.StartedAsync();
        sentry.FromLibrary = true;
        Assert.Equal(0, await CrashedAsync("quietly", sentry.Dsn, ""));
        Assert.Equal("reported at the end", (string?)Assert.Single(sentry.Events)["exception"]!["values"]![0]!["value"]);
    });

    private static async Task<int> CrashedAsync(string where, string dsn, string folder)
    {
        var program = Environment.ProcessPath!;
        string[] own = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [program, Assembly.GetEntryAssembly()!.Location] : [program];
        var start = new ProcessStartInfo(own[0], own[1..]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[CrashEntry.Where] = where;
        start.Environment["SENTRY_DSN"] = dsn;
        start.Environment["Callwatch__Sentry__SpoolFolder"] = folder;
        // As long as may be: a machine with much to do needs it.
        start.Environment["Callwatch__Sentry__ShutdownTimeout"] = "00:00:10";
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        using var process = Process.Start(start)!;
        var read = Task.WhenAll(process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WithPatience("the process ends");
        await read;
        return process.ExitCode;
    }
}

internal static class CrashEntry
{
    public const string Where = "CALLWATCH_SENTRY_CRASH";

    // Before the test runner's own start: in a process that is to die no test must run.
    [ModuleInitializer]
    internal static void Enter()
    {
        if (Environment.GetEnvironmentVariable(Where) is not { } where)
        {
            // Of the tests beside it, whenever the collector comes by.
            SentryHub.HearsUnobserved = false;
            return;
        }

        Environment.SetEnvironmentVariable(Where, null);
        Run(where);
        Environment.Exit(0);
    }

    private static void Run(string where)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddEnvironmentVariables();
        builder.AddCallwatchSentry();
        var host = builder.Build();
        host.StartAsync().GetAwaiter().GetResult();
        switch (where)
        {
            case "main":
                Fail();
                break;
            case "thread":
                var thread = new Thread(Fail);
                thread.Start();
                thread.Join();
                break;
            case "quietly":
                ((ICallwatchSentry)host.Services.GetService(typeof(ICallwatchSentry))!).Capture(new InvalidOperationException("reported at the end"));
                break;
            default:
                host.StopAsync().GetAwaiter().GetResult();
                break;
        }
    }

    private static void Fail() => throw new InvalidOperationException("the end");
}
