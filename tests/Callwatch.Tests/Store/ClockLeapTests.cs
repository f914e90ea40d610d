using Callwatch.Control;
using Callwatch.Journal;
using Callwatch.Journal.Retention;
using Callwatch.Journal.Writing;
using Callwatch.Query;
using Callwatch.Spans;
using Callwatch.Store.Derived;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Callwatch.Tests.Journal;
using Callwatch.Tests.Query;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Callwatch.Tests.Store;

/// <summary>The machine's clock leaps, back and ahead, while everything runs and between runs: nothing is lost, doubled, or taken before its time.</summary>
public sealed class ClockLeapTests : IDisposable
{
    private static readonly TimeSpan HourBack = TimeSpan.FromHours(-1), ThreeDays = TimeSpan.FromDays(3), ThreeYears = TimeSpan.FromDays(1_100);

    private readonly TempFolder temp = new();
    private readonly ManualTime time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task The_journal_loses_no_record_to_a_clock_that_was_wrong_for_hours_and_takes_the_old_ones_when_it_was_right()
    {
        var options = SealedJournal.Options(4 * 1024, 8 * 1024);
        options.MaxAge = TimeSpan.FromDays(4);
        var numbers = new List<long>();
        foreach (var leap in (TimeSpan[])[TimeSpan.Zero, HourBack, ThreeDays, ThreeYears])
        {
            // Opened anew each time: the leap comes while it runs, and again before the next start.
            await using var journal = TestJournal.Open(temp.At("journal"), options, time);
            var clock = Clock(journal);
            var sweep = Sweep(journal, options, clock);
            sweep.Run();
            numbers.AddRange(await AppendAsync(journal));
            Assert.Equal(numbers, (await journal.RecordsAsync()).Select(record => record.Number));
            time.Leap(leap);
            numbers.AddRange(await AppendAsync(journal));
            for (var hour = 0; hour < 20; hour++)
            {
                sweep.Run();
                clock.Save();
                _ = journal.Seal(options, time: time);
                time.Advance(TimeSpan.FromMinutes(55));
            }

            time.Leap(-leap);
            sweep.Run();
            clock.Save();
            Assert.Equal(numbers, (await journal.RecordsAsync()).Select(record => record.Number));
            time.Leap(leap * 2);
            sweep.Run();
            Assert.Equal(numbers, (await journal.RecordsAsync()).Select(record => record.Number));
            time.Leap(leap * -2);
        }

        await using var later = TestJournal.Open(temp.At("journal"), options, time);
        var (right, last) = (Clock(later), numbers[^1]);
        time.Advance(ThreeYears + ThreeYears);
        Assert.IsType<AppendResult.Stored>(await later.AppendAsync([TestJournal.Entry(new byte[6_000])], Cancel));
        Sweep(later, options, right).Run();
        Assert.True(later.FirstNumber > last - 6, $"{later.FirstNumber} of {last}");
    }

    [Fact]
    public async Task The_store_drops_no_partition_and_answers_the_same_through_any_leap()
    {
        using var world = new QueryWorld(seed: 21, chunks: 3);
        var clock = new RetentionClock(world.Time, world.At("clock"), () => null, NullLogger.Instance);
        using var kept = new KeptStore(world.Store, world.At("retention.db"), world.Time, clock);
        kept.Rules.Put([(0, 0, new RetentionWish(null, 60, 60, null))]);
        var rounds = new DerivationRounds(world.Store.Folder, world.Time);
        foreach (var leap in (TimeSpan[])[HourBack, ThreeDays, ThreeYears, -ThreeDays])
        {
            var before = world.Store.Folder.Partitions.Length;
            world.Time.Leap(leap);
            await UpkeepAsync(world, kept, rounds);
            Assert.Equal(before, world.Store.Folder.Partitions.Length);
            await CompareAsync(world, "after " + leap);

            // What comes now has the wrong time; what it says of itself is right.
            world.AddChunk(20);
            await UpkeepAsync(world, kept, rounds);
            await CompareAsync(world, "more after " + leap);
            before = world.Store.Folder.Partitions.Length;
            world.Close();
            kept.Restart();
            world.Open();
            rounds = new DerivationRounds(world.Store.Folder, world.Time);
            world.Time.Leap(-leap);
            await UpkeepAsync(world, kept, rounds);
            Assert.Equal(before, world.Store.Folder.Partitions.Length);
            world.AddChunk(20);
            await UpkeepAsync(world, kept, rounds);
            await CompareAsync(world, "back from " + leap);
            Assert.Equal(0, kept.Counters.Total(Reason.RowsExpiredByDisk));
        }
    }

    private RetentionClock Clock(SegmentJournal journal) =>
        new(time, temp.At("clock"), () => journal.Find(journal.Head.Number)?.ReceivedAt.ToDateTimeOffset(), NullLogger.Instance);

    private RetentionSweep Sweep(SegmentJournal journal, JournalOptions options, RetentionClock clock) =>
        new(journal, options, new FileCursors(temp.At("cursors"), DiskFiles.Instance, new Counters(), NullLogger.Instance), [], DiskFiles.Instance, clock, new Counters(), NullLogger.Instance);

    private async Task<IReadOnlyList<long>> AppendAsync(SegmentJournal journal)
    {
        var numbers = new List<long>();
        for (var i = 0; i < 6; i++)
        {
            var entry = TestJournal.Entry(SealedJournal.Request(new Random(i), 2, Signal.Traces, 1_000)) with { ReceivedAt = Timestamp.From(time.GetUtcNow()) };
            numbers.Add(Assert.IsType<AppendResult.Stored>(await journal.AppendAsync([entry], Cancel)).First.Number);
        }

        return numbers;
    }

    // An hour and a half, as the server does it.
    private static async Task UpkeepAsync(QueryWorld world, KeptStore kept, DerivationRounds rounds)
    {
        kept.CloseAll(Cancel);
        for (var round = 0; round < 30; round++)
        {
            rounds.Round(Cancel);
            await kept.Retention.RoundAsync(Cancel);
            world.Time.Advance(TimeSpan.FromMinutes(3));
        }
    }

    private static async Task CompareAsync(QueryWorld world, string when)
    {
        var all = world.AllCalls();
        foreach (var by in (string[][])[[], ["app"], ["model", "outcome"]])
        {
            foreach (var step in (Step[])[Step.Hour, Step.Day])
            {
                var question = new StatsQuestion { Selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To }, By = by, Step = step, MaxGroups = 10_000 };
                LevelsTests.Compare(world, all, question, FigureCheck.Found(await world.Stats.FiguresAsync(question, Cancel)), when);
            }
        }
    }
}
