using Callwatch.Testing;
using Callwatch.Testing.StandIns;
using Xunit;
using static Callwatch.Testing.StandIns.PlatformReply;

namespace Callwatch.Tests.Forward.Lanes;

/// <summary>A process that is killed between sending and the step of its cursor.</summary>
public sealed class LaneKillTests
{
    [Fact]
    public async Task Killed_between_the_answer_and_its_cursor_it_sends_everything_and_what_it_sends_twice_has_the_same_ids()
    {
        const int traces = 600;
        using var folder = new TempFolder();
        await using var platform = new ScriptedPlatform();
        await LaneCrashHost.FillAsync(folder.Path, traces);
        for (var kill = 1; kill <= 5; kill++)
        {
            // The answer to the last request is never read, though all that was in it has been taken.
            var (before, after) = (platform.Requests.Count, 4 * kill);
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            platform.Script = request =>
            {
                if (request.Number - before >= after) reached.TrySetResult();
                return request.Number - before >= after ? new Hangs(Keeps: true) : Ok;
            };
            using var process = LaneCrashHost.Start(folder.Path, platform.Address);
            await reached.Task.WithPatience("the request that hangs has come");
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        platform.Script = _ => Ok;
        using var last = LaneCrashHost.Start(folder.Path, platform.Address);
        try
        {
            await Eventually.HoldsAsync(() => platform.Taken.Distinct().Count() == 2 * traces, "everything has arrived");
        }
        finally
        {
            last.Kill();
            await last.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        // Each span under one line only: the anchor of its trace was the same whenever it was sent.
        Assert.Equal(2 * traces, platform.Taken.Distinct().Count());
        Assert.InRange(platform.Taken.Count - (2 * traces), 1, 5 * 2 * traces);
    }
}
