using Callwatch.Journal;
using Callwatch.Journal.Retention;
using Callwatch.Journal.Sealing;
using Callwatch.Journal.Writing;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Callwatch.Tests.Journal;

/// <summary>Files of the journal that somebody deletes, or a file system loses, from between others.</summary>
public sealed class GapTests : IDisposable
{
    private static readonly string Body = new('x', 3500);

    private readonly TempFolder temp = new();
    private readonly ManualTime time = new();
    private readonly Counters counters = new();
    private readonly JournalOptions options = SealedJournal.Options(4096, 12 * 1024);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Folder => temp.At("journal");

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task A_segment_that_is_gone_from_the_middle_is_told_apart_from_retention_and_reading_goes_on_behind_it()
    {
        await FillAsync(10);
        File.Delete(Segments()[3]);
        File.Delete(Segments()[3]);
        for (var start = 1; start <= 2; start++)
        {
            // As often as it starts, also once what is around it has been sealed.
            await using var journal = Open();
            journal.Gaps.Look();
            journal.Gaps.Look();
            Assert.Equal([new JournalGap(4, 5, 0)], journal.Status().Gaps);
            Assert.Equal(2 * start, counters.Total(Reason.MissingRecord));
            Assert.Equal((0, 0), (journal.Status().DamagedRecords, journal.Status().DamagedSegments));
            Assert.Equal([1, 2, 3, 6, 7, 8, 9, 10], (await journal.RecordsAsync()).Select(record => record.Number));
            Assert.Equal((1, 6), (journal.FirstNumber, journal.CompleteFrom));
            Assert.True(journal.IsWhole(1, 3) && journal.IsWhole(6, 10));
            Assert.False(journal.IsWhole(3, 6) || journal.IsWhole(4, 4) || journal.IsWhole(1, 10));
            Assert.Null(journal.Find(4));
            Assert.NotNull(journal.Find(6));
            if (start == 1) Assert.True(journal.Seal(options) > 0);
        }
    }

    [Fact]
    public async Task What_retention_takes_from_the_middle_or_the_beginning_is_no_gap()
    {
        var rules = new KeepRules((_, app) => TimeSpan.FromDays(app == 1 ? 2 : 50), () => TimeSpan.FromDays(2));
        await using (var journal = Open())
        {
            for (var i = 1; i <= 12; i++) await AppendAsync(journal, i, app: i % 3 == 0 ? 1 : 2);
            time.Advance(TimeSpan.FromDays(3));
            Sweep(journal, rules).Run();
            Assert.Equal([1, 2, 4, 5, 7, 8, 10, 11, 12], (await journal.RecordsAsync()).Select(record => record.Number));
            Assert.False(journal.IsWhole(1, 12));
        }

        await using (var journal = Open())
        {
            journal.Gaps.Look();
            Assert.Empty(journal.Gaps.All);
            // Nor is it there: a day that needs one of them is not to be made again from less.
            Assert.False(journal.IsWhole(1, 12) || journal.IsWhole(9, 9));
            Assert.True(journal.IsWhole(7, 8) && journal.IsWhole(10, 12));
            Assert.Equal(10, journal.CompleteFrom);
            options.MaxBytes = journal.Segments.All.Skip(3).Sum(part => part.SizeBytes);
            Sweep(journal, rules).Run();
            Assert.True(journal.FirstNumber > 4);
        }

        options.MaxBytes = null;
        File.Delete(Segments().Single(path => path.EndsWith("10.seg", StringComparison.Ordinal)));
        await using (var journal = Open())
        {
            journal.Gaps.Look();
            Assert.Equal([new JournalGap(10, 10, 0)], journal.Gaps.All);
        }

        Assert.Equal(1, counters.Total(Reason.MissingRecord));
    }

    [Fact]
    public async Task Of_a_sealed_window_the_file_of_one_tenant_that_is_gone_is_missed_and_one_that_retention_took_is_not()
    {
        var rules = new KeepRules((tenant, _) => TimeSpan.FromDays(tenant == 1 ? 2 : 50), () => TimeSpan.FromDays(2));
        await using (var journal = Open())
        {
            for (var i = 1; i <= 20; i++) await AppendAsync(journal, i, tenant: (i % 3) + 1);
            Assert.True(journal.Seal(options) > 1);
            time.Advance(TimeSpan.FromDays(3));
            Sweep(journal, rules).Run();
        }

        await using (var journal = Open())
        {
            journal.Gaps.Look();
            Assert.Empty(journal.Gaps.All);
        }

        var file = Directory.EnumerateFiles(Folder, "*.t2.*.sealed").Order(StringComparer.Ordinal).First();
        File.Delete(file);
        await using (var journal = Open())
        {
            journal.Gaps.Look();
            var gap = Assert.Single(journal.Gaps.All);
            Assert.Equal((SealedFile.NameParts(file)!.Value.First, 1), (gap.First, gap.Tenants));
            Assert.Contains(await journal.RecordsAsync(), record => record.TenantId == 3 && record.Number >= gap.First && record.Number <= gap.Last);
        }
    }

    [Fact]
    public async Task A_file_that_goes_while_the_journal_is_open_is_missed_at_the_next_look_and_counted_once()
    {
        await using var journal = Open();
        for (var i = 1; i <= 8; i++) await AppendAsync(journal, i);
        Sweep(journal).Run();
        File.Delete(Segments()[2]);
        for (var look = 0; look < 3; look++) Sweep(journal).Run();
        Assert.Equal([new JournalGap(3, 3, 0)], journal.Gaps.All);
        Assert.Equal(1, counters.Total(Reason.MissingRecord));
        Assert.Equal([1, 2, 4, 5, 6, 7, 8], (await journal.RecordsAsync()).Select(record => record.Number));

        // As when retention reaches it: then there is nothing more to be missed.
        options.MaxBytes = journal.Segments.All[^1].SizeBytes + journal.Segments.All[^2].SizeBytes;
        Sweep(journal).Run();
        Assert.True(journal.FirstNumber > 3);
        Sweep(journal).Run();
        Assert.Empty(journal.Gaps.All);
    }

    [Fact]
    public async Task Into_a_segment_that_is_gone_while_it_is_written_nothing_more_is_acknowledged()
    {
        await using (var journal = Open())
        {
            await journal.AppendAsync("before");
            File.Delete(Segments()[^1]);
            Assert.Equal(2, await journal.AppendAsync("after"));
        }

        await using (var journal = Open()) Assert.Equal(["after"], (await journal.RecordsAsync()).Select(record => record.Text()));
    }

    [Fact]
    public async Task A_journal_whose_folder_is_taken_away_accepts_nothing_until_it_is_back()
    {
        // Windows keeps a folder in which files are open where it is.
        if (OperatingSystem.IsWindows()) return;
        await using (var journal = Open())
        {
            await journal.AppendAsync("before");
            Directory.Move(Folder, temp.At("away"));
            Directory.CreateDirectory(Folder);
            var refused = Assert.IsType<AppendResult.Unavailable>(await journal.AppendAsync([TestJournal.Entry("during")], Cancel));
            Assert.Contains("folder is not there", refused.Reason, StringComparison.Ordinal);
            journal.Gaps.Look();
            Assert.Empty(journal.Gaps.All);
            Assert.Empty(Directory.EnumerateFiles(Folder, "*.seg"));
            Directory.Delete(Folder, recursive: true);
            Directory.Move(temp.At("away"), Folder);
            await Eventually.HoldsAsync(
                () =>
                {
                    time.Advance(TimeSpan.FromSeconds(1));
                    return journal.Status().AcceptsWrites;
                },
                "the journal accepts again");
            await journal.AppendAsync("after");
        }

        await using (var journal = Open()) Assert.Equal(["before", "after"], (await journal.RecordsAsync()).Select(record => record.Text()));
    }

    [Fact]
    public async Task Of_a_folder_that_an_older_program_left_nobody_knows_what_it_took()
    {
        await FillAsync(6);
        File.Delete(Path.Combine(Folder, "taken"));
        File.Delete(Segments()[2]);
        for (var start = 0; start < 2; start++)
        {
            await using var journal = Open();
            journal.Gaps.Look();
            Assert.Empty(journal.Gaps.All);
        }

        File.Delete(Segments()[3]);
        await using (var journal = Open())
        {
            journal.Gaps.Look();
            Assert.Equal([new JournalGap(5, 5, 0)], journal.Gaps.All);
        }
    }

    [Fact]
    public void What_was_taken_is_one_range_where_it_belongs_together()
    {
        var taken = TakenOut.Nothing.With(5, 9).With(20, 29).With(10, 19).With(40, 49);
        Assert.Equal([(5, 29), (40, 49)], taken.Ranges.AsEnumerable());
        Assert.Equal([(1, 4), (30, 39), (50, 60)], taken.Without(1, 60));
        Assert.Empty(taken.Without(6, 29));
        Assert.Equal([(35, 38)], taken.Without(35, 38));
    }

    private async Task FillAsync(int records)
    {
        await using var journal = Open();
        for (var i = 1; i <= records; i++) await AppendAsync(journal, i);
        Sweep(journal).Run();
    }

    private async Task AppendAsync(SegmentJournal journal, int number, int tenant = 1, int app = 1) => Assert.IsType<AppendResult.Stored>(await journal.AppendAsync(
        [TestJournal.Entry($"{number}{Body}") with { TenantId = tenant, AppId = app, ReceivedAt = Timestamp.From(time.GetUtcNow()) }], Cancel));

    private List<string> Segments() => [.. Directory.EnumerateFiles(Folder, "*.seg").Order(StringComparer.Ordinal)];

    private SegmentJournal Open() => TestJournal.Open(Folder, options, time, counters, DiskFiles.Instance, new FakeDiskSpace());

    private RetentionSweep Sweep(SegmentJournal journal, KeepRules? rules = null) => new(
        journal, options, new FileCursors(temp.At("none"), DiskFiles.Instance, counters, NullLogger.Instance), [], DiskFiles.Instance, time, counters, NullLogger.Instance, rules: rules);
}
