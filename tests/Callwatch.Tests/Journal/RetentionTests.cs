using Callwatch.Journal;
using Callwatch.Journal.Retention;
using Callwatch.Journal.Writing;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Callwatch.Tests.Journal;

public sealed class RetentionTests : IDisposable
{
    private static readonly string Body = new('x', 3500);

    private readonly TempFolder temp = new();
    private readonly ManualTime time = new();
    private readonly Counters counters = new();
    private readonly TroubledFiles files = new();
    private readonly DiskOfFiles space;
    private readonly JournalOptions options = TestJournal.Options(4096);

    public RetentionTests() => space = new DiskOfFiles(temp.At("journal"));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task Whole_segments_past_their_age_go_oldest_first()
    {
        await using var journal = Open();
        for (var day = 1; day <= 20; day++)
        {
            await journal.AppendAsync($"{day}{Body}");
            time.Advance(TimeSpan.FromDays(1));
        }

        Sweep(journal).Run();
        Assert.Equal((6, 20), (journal.FirstNumber, journal.Head.Number));
        Assert.Equal([.. Enumerable.Range(6, 15).Select(day => $"{day}")], (await journal.RecordsAsync()).Select(record => record.Text().TrimEnd('x')));
        Assert.Null(journal.Find(5));
        Assert.NotNull(journal.Find(6));
        Assert.Equal(journal.Status().Segments, Directory.EnumerateFiles(temp.At("journal"), "*.seg").Count());
    }

    [Fact]
    public async Task The_segment_being_written_stays_whatever_its_age()
    {
        await using var journal = Open();
        await journal.AppendAsync("old");
        time.Advance(TimeSpan.FromDays(400));
        Assert.Equal("old", journal.Find(1)!.Text());
        journal.Disk.LookAgain();
        Sweep(journal).Run();
        Assert.Equal("old", journal.Find(1)!.Text());
    }

    [Fact]
    public async Task A_quiet_segment_is_ended_by_age_so_that_retention_can_take_it()
    {
        await using var journal = Open();
        await journal.AppendAsync("old");
        time.Advance(TimeSpan.FromDays(2));
        var sweep = Sweep(journal);
        sweep.Run();
        await Eventually.HoldsAsync(() => journal.Status().Segments == 2, "the old segment is ended");
        time.Advance(TimeSpan.FromDays(15));
        sweep.Run();
        Assert.Equal((1, 2, 1), (journal.Status().Segments, journal.FirstNumber, journal.Head.Number));
        Assert.Equal(2, await journal.AppendAsync("new"));
    }

    [Fact]
    public async Task An_emptied_journal_goes_on_counting_after_a_restart()
    {
        await using (var journal = Open())
        {
            await journal.AppendAsync("old");
            time.Advance(TimeSpan.FromDays(2));
            Sweep(journal).Run();
            await Eventually.HoldsAsync(() => journal.Status().Segments == 2, "the old segment is ended");
            time.Advance(TimeSpan.FromDays(15));
            Sweep(journal).Run();
        }

        await using (var journal = Open())
        {
            Assert.Equal((2, 1), (journal.FirstNumber, journal.Head.Number));
            Assert.Equal(2, await journal.AppendAsync("new"));
        }
    }

    [Fact]
    public async Task A_journal_that_is_too_large_loses_its_oldest()
    {
        options.MaxBytes = 5 * 4096;
        await using var journal = Open();
        for (var i = 1; i <= 12; i++) await journal.AppendAsync($"{i}{Body}");
        Sweep(journal).Run();
        Assert.True(journal.Status().SizeBytes <= options.MaxBytes);
        Assert.Equal(12, (await journal.RecordsAsync())[^1].Number);
        Assert.True(journal.FirstNumber is > 6 and < 10);
    }

    [Fact]
    public async Task Half_the_disk_is_the_limit_by_default()
    {
        space.TotalBytes = 16 * 4096;
        (options.MinFreeBytes, options.MinFreePercent) = (0, 0);
        await using var journal = Open();
        for (var i = 1; i <= 12; i++) await journal.AppendAsync($"{i}{Body}");
        Sweep(journal).Run();
        Assert.True(journal.Status().SizeBytes <= space.TotalBytes / 2);
        Assert.True(journal.Status().SizeBytes > space.TotalBytes / 4);
    }

    [Fact]
    public async Task Short_of_room_the_oldest_go_even_if_a_reader_needs_them_and_that_is_counted()
    {
        using var cursors = new FileCursors(temp.At("cursors"), DiskFiles.Instance, counters, NullLogger.Instance);
        await using var journal = Open();
        cursors.TryAdvance("slow", null, new Position(journal.Epoch, 2));
        cursors.TryAdvance("quick", null, new Position(journal.Epoch, 12));
        cursors.TryAdvance("foreign", null, new Position(Guid.NewGuid(), 1));
        for (var i = 1; i <= 12; i++) await journal.AppendAsync($"{i}{Body}");
        (options.MinFreeBytes, options.MinFreePercent) = (40 * 4096, 0);
        space.TotalBytes = 1000 * 4096;
        space.OthersBytes = space.TotalBytes - (52 * 4096);
        Sweep(journal, cursors, new FixedReader("store", new Position(journal.Epoch, 3)), new FixedReader("not yet", null)).Run();
        Assert.True(journal.FirstNumber > 4);
        var gone = journal.FirstNumber - 1;
        Assert.Equal((gone - 2) + (gone - 3), counters.Total(Reason.ExpiredByDisk));
        Assert.Equal(0, counters.Total(Reason.ExpiredByAge));
        Assert.True(journal.Status().AcceptsWrites);
    }

    [Fact]
    public async Task A_reader_behind_the_first_record_goes_on_with_it()
    {
        await using var journal = Open();
        for (var i = 1; i <= 3; i++) await journal.AppendAsync($"{i}{Body}");
        await using var reader = journal.ReadAsync(0, Cancel).GetAsyncEnumerator(Cancel);
        Assert.True(await reader.MoveNextAsync());
        time.Advance(TimeSpan.FromDays(15));
        for (var i = 4; i <= 6; i++) await journal.AppendAsync($"{i}{Body}");
        Sweep(journal).Run();
        Assert.Equal(3, journal.FirstNumber);
        Assert.Equal(PlaceStanding.Expired, journal.StandingOf(new Position(journal.Epoch, 1)));
        Assert.Equal(PlaceStanding.Fits, journal.StandingOf(new Position(journal.Epoch, 2)));
        Assert.Equal(PlaceStanding.BeyondHead, journal.StandingOf(new Position(journal.Epoch, 7)));

        // The segment it stands in was opened before: what is in it may still come.
        var rest = new List<long>();
        while (rest.Count == 0 || rest[^1] < 6)
        {
            Assert.True(await reader.MoveNextAsync());
            rest.Add(reader.Current.Number);
        }

        Assert.Equal([3, 4, 5, 6], rest.Where(number => number > 2));
        Assert.Equal([3, 4, 5, 6], (await journal.RecordsAsync()).Select(record => record.Number));
    }

    [Fact]
    public async Task Ballast_is_given_up_when_the_disk_is_full_and_taken_back_when_there_is_room()
    {
        options.BallastBytes = 1 << 20;
        (options.MinFreeBytes, options.MinFreePercent) = (1 << 20, 0);
        await using var journal = Open();
        var ballast = temp.At("journal", "ballast");
        Sweep(journal).Run();
        Assert.Equal(1 << 20, new FileInfo(ballast).Length);

        space.OthersBytes = space.TotalBytes - (3 << 19);
        Sweep(journal).Run();
        Assert.False(File.Exists(ballast));

        // The room it left is for cleaning, not for more records.
        Assert.False(journal.Status().AcceptsWrites);

        space.OthersBytes = 0;
        Sweep(journal).Run();
        Assert.True(File.Exists(ballast));
        time.Advance(TimeSpan.FromSeconds(2));
        await Eventually.HoldsAsync(() => journal.Status().AcceptsWrites, "the journal accepts again");
    }

    [Fact]
    public async Task What_lanes_had_still_to_deliver_is_counted_for_them_when_the_disk_takes_it()
    {
        await using var journal = Open();
        for (var i = 1; i <= 6; i++) await journal.AppendAsync($"{i}{Body}");
        options.MaxBytes = 1;
        var lanes = new FixedLanes();
        new RetentionSweep(
            journal, options, new FileCursors(temp.At("none"), DiskFiles.Instance, counters, NullLogger.Instance), [], files, time, counters, NullLogger.Instance, users: [lanes]).Run();
        Assert.True(journal.FirstNumber > 1);
        var loss = Assert.Single(journal.Status().Losses);
        Assert.Equal(("lane issues", 0, lanes.Asked.Count * 3), (loss.Reader, loss.ByAge, loss.ByDisk));
        Assert.Equal(1, lanes.Asked[0].First);
        Assert.Equal(journal.FirstNumber - 1, lanes.Asked[^1].Last);
    }

    private SegmentJournal Open() => TestJournal.Open(temp.At("journal"), options, time, counters, files, space);

    private RetentionSweep Sweep(SegmentJournal journal, ICursors? cursors = null, params IJournalReader[] readers) => new(
        journal, options, cursors ?? new FileCursors(temp.At("none"), DiskFiles.Instance, counters, NullLogger.Instance), readers, files, time, counters, NullLogger.Instance);

    private sealed class FixedLanes : IJournalUsers
    {
        public List<(long First, long Last)> Asked { get; } = [];

        public IReadOnlyList<(string Name, long Count)> LossesOf(long first, long last)
        {
            Asked.Add((first, last));
            return [("lane issues", 3)];
        }
    }

    private sealed record FixedReader(string Name, Position? Place) : IJournalReader;
}
