using Callwatch.Journal;
using Callwatch.Store;
using Callwatch.Store.Reindexing;
using Callwatch.Store.Sqlite;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using static Callwatch.Tests.Store.Reindexing.Rebuilding;

namespace Callwatch.Tests.Store.Reindexing;

public sealed class ReindexTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, false)]
    public async Task Days_rebuilt_from_shuffled_repeated_and_late_input_are_the_same_in_every_row_and_figure(int seed, bool oneDay)
    {
        using var temp = new TempFolder();
        var journal = new InMemoryJournal();
        await using var store = await FilledAsync(temp.Path, journal, seed, new StoreOptions { BatchDelay = TimeSpan.FromMilliseconds(1), MostRows = 1_000, BatchSpans = 100 });
        var before = store.Contents();
        before.AssertFiguresFollowFromRows();
        var files = store.Folder.Partitions.Select(partition => partition.File).ToList();

        var job = await RunAsync(store, oneDay ? OneDay : AllDays);
        Assert.Equal((ReindexState.Done, null), (job.State, job.Reason));
        Assert.All(job.Days, day => Assert.Equal((DayState.Replaced, null, 0L, 0L), (day.State, day.Reason, day.OnlyBefore, day.OnlyAfter)));
        Assert.All(job.Days, day => Assert.Equal(day.Before, day.After));
        Assert.Equal(oneDay ? 1 : files.Select(file => file[..10]).Distinct().Count(), job.Days.Count);
        var after = store.Contents();
        after.AssertFiguresFollowFromRows();
        after.AssertSameAs(before);
        Assert.Equal(oneDay ? files.Count(file => !file.StartsWith("2026-09-17", StringComparison.Ordinal)) : 0, store.Folder.Partitions.Count(partition => files.Contains(partition.File)));
        Assert.False(Directory.Exists(store.Tools.Folder));
    }

    [Fact]
    public async Task Without_apply_the_difference_is_shown_and_nothing_is_changed()
    {
        using var temp = new TempFolder();
        var journal = new InMemoryJournal();
        await using var store = await FilledAsync(temp.Path, journal, 5);
        // A day whose figures somebody has damaged.
        var partition = store.Folder.Partitions.First(partition => partition.Day == OtlpTraffic.Day);
        await store.Thread.RunAsync(() => store.Writer.Release(partition.File));
        using (var file = StoreDatabase.OpenForWriting(Path.Combine(store.Folder.Folder, partition.File), "partition", 1_024))
            StoreDatabase.Execute(file, "UPDATE calls SET total_tokens = total_tokens + 1000, cost = cost + 7000000 WHERE id IN (SELECT id FROM calls WHERE cost IS NOT NULL LIMIT 3)");
        var before = store.Contents();

        var job = await RunAsync(store, OneDay with { Apply = false });
        var day = Assert.Single(job.Days);
        Assert.Equal((ReindexState.Done, DayState.Differs), (job.State, day.State));
        Assert.Equal((3_000L, 0.000021m), (day.Before!.TotalTokens - day.After!.TotalTokens, day.Before.CostUsd - day.After.CostUsd));
        Assert.Equal((0L, 0L), (day.OnlyBefore, day.OnlyAfter));
        store.Contents().AssertSameAs(before);
        Assert.Contains(partition, store.Folder.Partitions);
    }

    [Fact]
    public async Task What_comes_while_days_are_rebuilt_is_stored_once_and_is_in_them()
    {
        using var temp = new TempFolder();
        var journal = new InMemoryJournal();
        var entries = new OtlpTraffic(6).Make(300);
        await using var undisturbed = await FilledAsync(temp.At("undisturbed"), new InMemoryJournal(), entries);
        await using var store = await FilledAsync(temp.At("store"), journal, entries.Take(150).ToList());
        var rest = new Queue<JournalEntry>(entries.Skip(150));
        store.Tools.BeforeStep = _ =>
        {
            // At each commit of the rebuilding and each step of the swap more of the same days arrives.
            for (var count = 0; count < 8 && rest.TryDequeue(out var entry); count++) Assert.True(journal.AppendAsync([entry], default).AsTask().IsCompletedSuccessfully);
        };
        var job = await RunAsync(store, AllDays);
        Assert.Equal(ReindexState.Done, job.State);
        store.Tools.BeforeStep = null;
        Assert.InRange(rest.Count, 1, entries.Count - 200);
        foreach (var entry in rest) await journal.AppendAsync([entry], Cancel);
        await store.WhenStoredAsync(Cancel);
        store.Contents().AssertFiguresFollowFromRows();
        store.Contents().AssertSameAs(undisturbed.Contents());
        job = await RunAsync(store, AllDays);
        Assert.Equal(ReindexState.Done, job.State);
        store.Contents().AssertSameAs(undisturbed.Contents());
    }

    [Theory]
    [InlineData(7)]
    [InlineData(8)]
    public async Task Days_whose_journal_is_not_whole_are_left_untouched_and_named(int seed)
    {
        using var temp = new TempFolder();
        var journal = new ShortJournal();
        await using var store = await FilledAsync(temp.Path, journal, seed);
        // Retention has taken the first half; then some records are damaged.
        journal.FirstKept = journal.Head.Number / 2;
        var before = store.Contents();
        var job = await RunAsync(store, AllDays);
        // On the last day there are but a few late log records.
        Assert.All(job.Days.Take(3), day => Assert.Equal(DayState.Untouched, day.State));
        Assert.All(job.Days.Take(3), day => Assert.Contains("no longer whole", day.Reason, StringComparison.Ordinal));
        store.Contents().AssertSameAs(before);

        journal.FirstKept = 1;
        journal.Damaged.UnionWith(Enumerable.Range(40, 12).Select(number => (long)number));
        job = await RunAsync(store, AllDays);
        Assert.Contains(job.Days, day => day.State == DayState.Untouched && day.Reason!.Contains("not in the journal", StringComparison.Ordinal));
        store.Contents().AssertSameAs(before);
    }

    [Fact]
    public async Task A_day_with_a_damaged_file_is_rebuilt_from_a_journal_that_reaches_back_far_enough()
    {
        using var temp = new TempFolder();
        var journal = new ShortJournal();
        var store = await FilledAsync(temp.Path, journal, 9);
        var before = store.Contents();
        var file = store.Folder.Partitions.First(partition => partition.Day == OtlpTraffic.Day).File;
        await store.DisposeAsync();
        File.Move(temp.At(file), temp.At(file + ".damaged"));
        await using var again = new RunningStore(temp.Path, journal);
        await StartAsync(again);
        Assert.Equal([OtlpTraffic.Day], again.Reindexer.Status().Damaged);
        Assert.NotEqual(before.Spans, again.Contents().Spans);

        var job = await RunAsync(again, OneDay);
        Assert.Equal(DayState.Replaced, Assert.Single(job.Days).State);
        Assert.Empty(again.Reindexer.Status().Damaged);
        again.Contents().AssertSameAs(before);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_day_whose_file_vanished_is_offered_and_rebuilt(bool whileRunning)
    {
        using var temp = new TempFolder();
        var journal = new ShortJournal();
        var store = await FilledAsync(temp.Path, journal, 14);
        var before = store.Contents();
        var file = store.Folder.Partitions.First(partition => partition.Day == OtlpTraffic.Day).File;
        if (whileRunning) await store.RestAsync();
        else await store.DisposeAsync();
        File.Delete(temp.At(file));
        await using var again = whileRunning ? store : new RunningStore(temp.Path, journal);
        if (!whileRunning) await StartAsync(again);
        Assert.Equal([OtlpTraffic.Day], again.Reindexer.Status().Damaged);
        var job = await RunAsync(again, OneDay);
        Assert.Equal(DayState.Replaced, Assert.Single(job.Days).State);
        Assert.Empty(again.Reindexer.Status().Damaged);
        Assert.Empty(again.Progress.Status().Damaged);
        again.Contents().AssertSameAs(before);
    }

    [Fact]
    public async Task Files_whose_place_was_taken_stay_while_a_backup_copies()
    {
        using var temp = new TempFolder();
        var journal = new InMemoryJournal();
        await using var store = await FilledAsync(temp.Path, journal, 15);
        var files = store.Folder.Partitions.Select(partition => temp.At(partition.File)).ToList();
        using (store.Tools.Hold.Take())
        {
            Assert.NotNull(store.Reindexer.Start(AllDays).Job);
            await Eventually.HoldsAsync(() => store.Reindexer.Status().Job!.Phase == "swapping", "the swap waits for the backup");
            Assert.Equal(files, store.Folder.Partitions.Select(partition => temp.At(partition.File)));
        }

        await store.Reindexer.WhenDoneAsync();
        Assert.DoesNotContain(store.Folder.Partitions, partition => files.Contains(temp.At(partition.File)));
        var time = new ManualTime();
        using var later = new Reindexer(store.Tools with { Time = time }, store.Progress, store.Work, NullLogger<Reindexer>.Instance);
        await later.LookAfterAsync();
        time.Advance(TimeSpan.FromMinutes(3));
        using (store.Tools.Hold.Take()) await later.LookAfterAsync();
        Assert.All(files, file => Assert.True(File.Exists(file)));
        await later.LookAfterAsync();
        Assert.All(files, file => Assert.False(File.Exists(file)));
    }

    [Fact]
    public async Task Days_of_older_rules_are_named_until_they_are_rebuilt()
    {
        using var temp = new TempFolder();
        var journal = new InMemoryJournal();
        var store = await FilledAsync(temp.Path, journal, 13);
        Assert.Empty(store.Reindexer.Status().Outdated);
        var file = store.Folder.Partitions.First(partition => partition.Day == OtlpTraffic.Day).File;
        await store.DisposeAsync();
        using (var connection = StoreDatabase.OpenForWriting(temp.At(file), "partition", 1_024)) StoreDatabase.Execute(connection, "UPDATE meta SET value = 0 WHERE key = 'rules'");
        await using var again = new RunningStore(temp.Path, journal);
        await StartAsync(again);
        Assert.Equal([OtlpTraffic.Day], again.Reindexer.Status().Outdated);
        await RunAsync(again, OneDay);
        Assert.Empty(again.Reindexer.Status().Outdated);
    }
}
