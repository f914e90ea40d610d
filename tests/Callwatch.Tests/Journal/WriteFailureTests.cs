using Callwatch.Journal;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Journal;

public sealed class WriteFailureTests : IDisposable
{
    private readonly TempFolder temp = new();
    private readonly TroubledFiles files = new();
    private readonly FakeDiskSpace space = new();
    private readonly ManualTime time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => temp.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(70)]
    public async Task A_half_done_write_is_refused_and_leaves_no_trace(int written)
    {
        await using (var journal = Open())
        {
            await journal.AppendAsync("before");
            files.CutWrite = _ => written;
            Assert.Equal("The disk has no room left.", await RefusalAsync(journal));
            files.CutWrite = null;
            await AfterwardsAsync(journal);
        }

        await AfterRestartAsync();
    }

    [Fact]
    public async Task After_a_failed_sync_the_file_is_left_and_a_new_one_begun()
    {
        await using (var journal = Open())
        {
            await journal.AppendAsync("before");
            FailSyncs();
            Assert.Equal("The disk refuses to write.", await RefusalAsync(journal));
            files.OnSync = null;
            await AfterwardsAsync(journal);
            Assert.Equal(2, journal.Status().Segments);
        }

        await AfterRestartAsync();
    }

    [Fact]
    public async Task What_a_failed_sync_left_in_the_file_stays_unseen_even_when_it_cannot_be_cut_off()
    {
        await using (var journal = Open())
        {
            await journal.AppendAsync("before");
            FailSyncs();
            files.TruncateFails = true;
            await RefusalAsync(journal);
            (files.OnSync, files.TruncateFails) = (null, false);
            await AfterwardsAsync(journal);
        }

        await AfterRestartAsync();
    }

    [Fact]
    public async Task A_first_segment_that_could_not_be_written_does_not_stay_behind()
    {
        await using (var journal = Open())
        {
            FailSyncs();
            await RefusalAsync(journal);
            LetRetry();
            await RefusalAsync(journal);
            files.OnSync = null;
            LetRetry();
            await journal.AppendAsync("stored");
            Assert.Equal(["stored"], await TextsAsync(journal));
        }

        await using (var journal = Open()) Assert.Equal(["stored"], await TextsAsync(journal));
    }

    [Fact]
    public async Task Without_room_for_a_file_reading_goes_on_and_writing_recovers_by_itself()
    {
        await using var journal = Open();
        await journal.AppendAsync("before");
        files.CreateFails = true;
        var large = new string('x', 100_000);
        Assert.IsType<AppendResult.Unavailable>(await journal.AppendAsync([TestJournal.Entry(large)], Cancel));
        Assert.False(journal.Status().AcceptsWrites);
        Assert.Equal(["before"], await TextsAsync(journal));
        files.CreateFails = false;

        // No sender asks: the writer finds out by itself.
        LetRetry();
        await Eventually.HoldsAsync(() => journal.Status().AcceptsWrites, "the journal accepts again");
        Assert.Equal(2, await journal.AppendAsync(large));
    }

    [Fact]
    public async Task Below_the_limit_of_free_room_nothing_is_accepted_until_there_is_room_again()
    {
        await using var journal = Open();
        await journal.AppendAsync("before");
        space.FreeBytes = (1L << 30) - 1;
        time.Advance(TimeSpan.FromSeconds(2));
        var refused = Assert.IsType<AppendResult.Unavailable>(await journal.AppendAsync([TestJournal.Entry("no")], Cancel));
        Assert.Contains("full", refused.Reason, StringComparison.Ordinal);
        Assert.Equal((false, refused.Reason), (journal.Status().AcceptsWrites, journal.Status().RefusalReason));
        Assert.Equal(["before"], await TextsAsync(journal));

        space.FreeBytes = 1L << 40;
        LetRetry();
        await Eventually.HoldsAsync(() => journal.Status().AcceptsWrites, "the journal accepts again");
        await journal.AppendAsync("after");
    }

    [Theory]
    [InlineData(200, 5, false)]
    [InlineData(200, 7, true)]
    [InlineData(10_000, 9, false)]
    [InlineData(10_000, 11, true)]
    public async Task Three_percent_of_a_disk_are_kept_free_too_but_never_more_than_ten_gibibytes(long totalGibibytes, long freeGibibytes, bool accepts)
    {
        (space.TotalBytes, space.FreeBytes) = (totalGibibytes << 30, freeGibibytes << 30);
        await using var journal = Open();
        Assert.Equal(accepts, await journal.AppendAsync([TestJournal.Entry("body")], Cancel) is AppendResult.Stored);
    }

    [Fact]
    public async Task A_disk_that_is_full_at_the_start_stops_no_start()
    {
        await using (var journal = Open()) await journal.AppendAsync("before");
        files.CreateFails = true;
        space.FreeBytes = 0;
        await using (var journal = Open())
        {
            Assert.Equal(["before"], await TextsAsync(journal));
            Assert.IsType<AppendResult.Unavailable>(await journal.AppendAsync([TestJournal.Entry("no")], Cancel));
        }
    }

    private SegmentJournal Open() => TestJournal.Open(temp.At("journal"), null, time, null, files, space);

    private void FailSyncs() => files.OnSync = () => throw new IOException("Input/output error", 5);

    private static async Task<string> RefusalAsync(SegmentJournal journal) =>
        Assert.IsType<AppendResult.Unavailable>(await journal.AppendAsync([TestJournal.Entry("refused"), TestJournal.Entry("too")], Cancel)).Reason;

    private void LetRetry() => time.Advance(TimeSpan.FromSeconds(2));

    private async Task AfterwardsAsync(SegmentJournal journal)
    {
        Assert.Equal(["before"], await TextsAsync(journal));
        LetRetry();
        Assert.True(await journal.AppendAsync("after") > 1);
        Assert.Equal(["before", "after"], await TextsAsync(journal));
    }

    private async Task AfterRestartAsync()
    {
        await using var journal = Open();
        Assert.Equal(["before", "after"], await TextsAsync(journal));
        await journal.AppendAsync("more");
        Assert.Equal(["before", "after", "more"], await TextsAsync(journal));
        var numbers = (await journal.RecordsAsync()).Select(record => record.Number).ToList();
        Assert.Equal(numbers.Distinct().Order(), numbers);
    }

    private static async Task<IEnumerable<string>> TextsAsync(SegmentJournal journal) => (await journal.RecordsAsync()).Select(record => record.Text());
}
