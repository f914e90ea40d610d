using Callwatch.Journal;
using Callwatch.Journal.Retention;
using Callwatch.Journal.Writing;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Callwatch.Tests.Journal;

/// <summary>Machines that start without a clock of their own, in 1970, or years ahead, and are put right later.</summary>
public sealed class WrongClockTests : IDisposable
{
    private readonly TempFolder temp = new();
    private readonly ManualTime time = new();
    private readonly JournalOptions options = TestJournal.Options();

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task A_machine_that_began_in_1970_takes_no_segment_before_its_age_when_the_clock_is_right_again()
    {
        await using var journal = Open();
        var right = time.GetUtcNow();
        await AppendAsync(journal);
        time.Leap(DateTimeOffset.UnixEpoch.AddDays(1) - right);
        await AppendAsync(journal);
        Assert.Equal(2, journal.Status().Segments);
        time.Leap(right - time.GetUtcNow());
        await AppendAsync(journal);
        Assert.Equal(3, journal.Status().Segments);

        time.Advance(options.MaxAge - TimeSpan.FromMinutes(1));
        Sweep(journal);
        Assert.Equal(1, journal.FirstNumber);
        time.Advance(TimeSpan.FromMinutes(2));
        Sweep(journal);
        Assert.Equal(3, journal.FirstNumber);
    }

    [Fact]
    public async Task What_came_in_1970_is_the_oldest_there_is_so_that_media_of_that_day_stay_with_it()
    {
        await using var journal = Open();
        await AppendAsync(journal);
        time.Leap(DateTimeOffset.UnixEpoch.AddDays(1) - time.GetUtcNow());
        await AppendAsync(journal);
        for (var again = 0; again < 2; again++) Assert.Equal(time.GetUtcNow(), journal.Status().OldestReceivedAt!.Value.ToDateTimeOffset());
    }

    [Fact]
    public async Task A_segment_that_was_begun_years_ahead_is_ended_when_the_clock_is_put_right_and_ages_from_then_on()
    {
        time.Leap(TimeSpan.FromDays(1_500));
        await using var journal = Open();
        await AppendAsync(journal);
        time.Leap(TimeSpan.FromDays(-1_500));
        await AppendAsync(journal);
        Assert.Equal(2, journal.Status().Segments);
        time.Advance(options.MaxAge + TimeSpan.FromDays(1));
        Sweep(journal);
        Assert.Equal(2, journal.FirstNumber);
    }

    [Fact]
    public async Task Full_segments_of_a_clock_years_ahead_are_sealed_as_soon_as_others()
    {
        var sealing = SealedJournal.Options(4 * 1024, 1 << 20);
        sealing.SealAge = TimeSpan.FromMinutes(15);
        time.Leap(TimeSpan.FromDays(1_500));
        await using var journal = TestJournal.Open(temp.At("journal"), sealing, time);
        for (var i = 0; i < 4; i++) await AppendAsync(journal, 3_000);
        time.Leap(TimeSpan.FromDays(-1_500));
        Assert.Equal(1, journal.Seal(sealing, time: time));
    }

    private SegmentJournal Open() => TestJournal.Open(temp.At("journal"), options, time);

    private async Task AppendAsync(SegmentJournal journal, int bytes = 10)
    {
        var entry = TestJournal.Entry(new byte[bytes]) with { ReceivedAt = Timestamp.From(time.GetUtcNow()) };
        Assert.IsType<AppendResult.Stored>(await journal.AppendAsync([entry], TestContext.Current.CancellationToken));
    }

    private void Sweep(SegmentJournal journal) => new RetentionSweep(
        journal, options, new FileCursors(temp.At("cursors"), DiskFiles.Instance, new Counters(), NullLogger.Instance), [], DiskFiles.Instance, time, new Counters(), NullLogger.Instance).Run();
}
