using Callwatch.Journal;
using Callwatch.Journal.Retention;
using Callwatch.Journal.Writing;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Callwatch.Tests.Journal;

public sealed class RetentionTimerTests : IDisposable
{
    private static readonly string Body = new('x', 3500);

    private readonly TempFolder temp = new();
    private readonly ManualTime time = new();
    private readonly Counters counters = new();
    private readonly TroubledFiles files = new();
    private readonly DiskOfFiles space;
    private readonly JournalOptions options = TestJournal.Options(4096);

    public RetentionTimerTests() => space = new DiskOfFiles(temp.At("journal"));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task The_timer_sweeps_by_itself_and_when_the_journal_asks()
    {
        options.MaxBytes = 3 * 4096;
        options.BallastBytes = 4096;
        await using var journal = Open();
        using var timer = new RetentionTimer(journal, Sweep(journal), options, time, NullLogger.Instance);
        await StartAsync(timer);
        for (var i = 1; i <= 6; i++) await journal.AppendAsync($"{i}{Body}");
        await Eventually.HoldsAsync(() => journal.FirstNumber > 1, "full segments make it look");

        await journal.AppendAsync("last");
        time.Advance(TimeSpan.FromDays(2));
        await Eventually.HoldsAsync(() => journal.Segments.All[^1].FirstNumber == 8, "time ends the old segment");
        time.Advance(TimeSpan.FromDays(15));
        await Eventually.HoldsAsync(() => journal.FirstNumber == 8, "time takes it");
        await timer.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_disk_that_refuses_to_delete_does_not_end_retention()
    {
        options.MaxBytes = 3 * 4096;
        (options.MinFreeBytes, options.MinFreePercent, options.BallastBytes) = (1 << 20, 0, 1 << 20);
        await using var journal = Open();
        using var timer = new RetentionTimer(journal, Sweep(journal), options, time, NullLogger.Instance);
        await StartAsync(timer);
        Assert.True(File.Exists(temp.At("journal", "ballast")));
        files.DeleteFails = true;
        space.OthersBytes = space.TotalBytes - (3 << 19);
        time.Advance(TimeSpan.FromMinutes(1));
        await Eventually.HoldsAsync(() => files.FailedDeletes > 0, "ballast cannot be given up");
        space.OthersBytes = 0;
        files.DeleteFails = false;
        time.Advance(TimeSpan.FromSeconds(2));
        await Eventually.HoldsAsync(() => journal.Status().AcceptsWrites, "the journal accepts again");
        for (var i = 1; i <= 6; i++) await journal.AppendAsync($"{i}{Body}");
        await Eventually.HoldsAsync(() => journal.FirstNumber > 1, "retention goes on");
        Assert.False(timer.ExecuteTask!.IsCompleted);
        await timer.StopAsync(Cancel);
    }

    [Fact]
    public async Task Rules_that_cannot_be_read_just_now_end_neither_retention_nor_the_server()
    {
        options.BallastBytes = 4096;
        await using var journal = Open();
        var asked = 0;
        var rules = new KeepRules((_, _) => TimeSpan.FromDays(1), () =>
            Interlocked.Increment(ref asked) == 2 ? throw new Microsoft.Data.Sqlite.SqliteException("unable to open database file", 14) : TimeSpan.FromDays(1));
        var sweep = new RetentionSweep(
            journal, options, new FileCursors(temp.At("none"), DiskFiles.Instance, counters, NullLogger.Instance), [], files, time, counters, NullLogger.Instance, rules: rules);
        using var timer = new RetentionTimer(journal, sweep, options, time, NullLogger.Instance);
        await StartAsync(timer);
        await Eventually.HoldsAsync(
            () =>
            {
                time.Advance(options.SweepInterval);
                return Volatile.Read(ref asked) > 3;
            },
            "it goes on asking");
        await timer.StopAsync(Cancel);
        Assert.True(timer.ExecuteTask!.IsCompletedSuccessfully);
    }

    /// <summary>The timer starts on a thread of its own; that it has shows in its first sweep, which takes the ballast.</summary>
    private async Task StartAsync(RetentionTimer timer)
    {
        await timer.StartAsync(Cancel);
        await Eventually.HoldsAsync(
            () =>
            {
                time.Advance(TimeSpan.FromTicks(1));
                return new FileInfo(temp.At("journal", "ballast")) is { Exists: true } file && file.Length == options.BallastBytes;
            },
            "the first sweep");
    }

    private SegmentJournal Open() => TestJournal.Open(temp.At("journal"), options, time, counters, files, space);

    private RetentionSweep Sweep(SegmentJournal journal) => new(
        journal, options, new FileCursors(temp.At("none"), DiskFiles.Instance, counters, NullLogger.Instance), [], files, time, counters, NullLogger.Instance);
}
