using Callwatch.Store;
using Callwatch.Store.Writing;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Store;

/// <summary>Each span is stored exactly once, wherever storing stops.</summary>
public sealed class StoreCrashTests
{
    private sealed class Stop : Exception;

    [Theory]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(34)]
    public void A_stop_before_any_commit_neither_loses_nor_doubles_anything(int seed)
    {
        using var temp = new TempFolder();
        var (spans, logs) = new RandomTraffic(seed).Make(traces: 25);
        var records = Records(spans, logs);
        using var undisturbed = new TestStore(temp.At("undisturbed"), new StoreOptions { MostRows = 40, CacheKib = 1_024 });
        foreach (var (_, recordSpans, recordLogs) in records) undisturbed.Store(recordSpans, recordLogs);
        var expected = undisturbed.Contents();
        expected.AssertFiguresFollowFromRows();

        var random = new Random(seed);
        using var stopped = new TestStore(temp.At("stopped"), new StoreOptions { MostRows = 40, HotSpans = 30, CacheKib = 1_024 });
        var (stops, at) = (0, 0);
        while (at < records.Count)
        {
            var size = random.Next(1, 6);
            var batch = records.Skip(at).Take(size).ToList();
            // The first, the second, ... commit of the batch does not happen; the last one missed is the catalog's own.
            var left = random.Next(0, 10);
            stopped.Writer.BeforeCommit = _ =>
            {
                if (left-- == 0) throw new Stop();
            };
            try
            {
                stopped.Store(batch.SelectMany(record => record.Spans), batch.SelectMany(record => record.Logs));
                at += size;
            }
            catch (Stop)
            {
                stops++;
                // A process killed, or a disk that was full for a moment: with and without a new start.
                if (random.Next(2) == 0) stopped.Restart();
                else stopped.Writer.BeforeCommit = null;
            }
        }

        Assert.InRange(stops, 5, 10_000);
        stopped.Contents().AssertFiguresFollowFromRows();
        stopped.Contents().AssertSameAs(expected);
        stopped.Restart();
        stopped.Contents().AssertSameAs(expected);
    }

    [Theory]
    [InlineData(41)]
    [InlineData(42)]
    [InlineData(43)]
    public void Files_set_back_by_a_power_cut_are_read_up_again(int seed)
    {
        using var temp = new TempFolder();
        var (spans, logs) = new RandomTraffic(seed).Make(traces: 25);
        var records = Records(spans, logs);
        using var undisturbed = new TestStore(temp.At("undisturbed"));
        foreach (var (_, recordSpans, recordLogs) in records) undisturbed.Store(recordSpans, recordLogs);

        // The state that was on disk for good, then more commits, of which some files lose theirs and others keep them.
        var random = new Random(seed);
        var store = new TestStore(temp.At("store"));
        foreach (var (_, recordSpans, recordLogs) in records.Take(20)) store.Store(recordSpans, recordLogs);
        store.Folder.Catalog.CommitSynced(store.Folder.Catalog.Position!.Value.Number);
        store.Dispose();
        Copy(temp.At("store"), temp.At("synced"));
        store.Restart();
        foreach (var (_, recordSpans, recordLogs) in records.Skip(20)) store.Store(recordSpans, recordLogs);
        store.Dispose();
        foreach (var file in Directory.EnumerateFiles(temp.At("synced")).Select(Path.GetFileName).OfType<string>())
            if (file != "catalog.db" && random.Next(2) == 0) File.Copy(temp.At("synced", file), temp.At("store", file), overwrite: true);

        store.Restart();
        using var again = store;
        var resume = again.Folder.Catalog.Position!.Value.Number;
        foreach (var (_, recordSpans, recordLogs) in records.Where(record => record.Number > resume)) again.Store(recordSpans, recordLogs);
        again.Contents().AssertFiguresFollowFromRows();
        again.Contents().AssertSameAs(undisturbed.Contents());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_file_of_which_a_power_cut_left_nothing_is_read_up_again_even_when_the_next_start_is_cut_short(bool nameIsLeft)
    {
        using var temp = new TempFolder();
        var (spans, logs) = new RandomTraffic(53).Make(traces: 20);
        using var store = new TestStore(temp.At("store"));
        store.Store(spans, logs);
        var before = store.Contents();
        var file = store.Folder.Partitions[0].File;
        store.Dispose();
        foreach (var part in Directory.EnumerateFiles(temp.At("store"), file + "*")) File.Delete(part);
        if (nameIsLeft) File.WriteAllBytes(temp.At("store", file), []);
        store.Restart();
        store.Restart();
        Assert.Equal(0, store.Folder.Catalog.Position!.Value.Number);
        store.Store(spans, logs);
        store.Contents().AssertSameAs(before);
    }

    [Fact]
    public void A_lost_catalog_is_found_again_in_the_files()
    {
        using var temp = new TempFolder();
        var (spans, logs) = new RandomTraffic(51).Make(traces: 20);
        using var store = new TestStore(temp.At("store"));
        store.Store(spans, logs);
        var before = store.Contents();
        store.Dispose();
        foreach (var file in Directory.EnumerateFiles(temp.At("store"), "catalog.db*")) File.Delete(file);
        store.Restart();
        Assert.Null(store.Folder.Catalog.Position);
        store.Contents().AssertSameAs(before);
        store.Store(spans, logs);
        store.Contents().AssertSameAs(before);
    }

    [Fact]
    public void A_file_whose_making_was_not_finished_is_made_again()
    {
        using var temp = new TempFolder();
        Directory.CreateDirectory(temp.At("store"));
        File.WriteAllBytes(temp.At("store", "2026-09-17.0001.db"), []);
        var (spans, logs) = new RandomTraffic(52).Make(traces: 10);
        using var store = new TestStore(temp.At("store"));
        Assert.Empty(store.Folder.Partitions);
        store.Store(spans, logs);
        store.Contents().AssertFiguresFollowFromRows();
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }

    private static List<(long Number, List<ArrivedSpan> Spans, List<ArrivedLog> Logs)> Records(IReadOnlyList<ArrivedSpan> spans, IReadOnlyList<ArrivedLog> logs) =>
    [
        .. spans.Select(span => span.Version.Number).Concat(logs.Select(log => log.Place.Version.Number)).Distinct().Order().Select(number => (
            number, spans.Where(span => span.Version.Number == number).ToList(), logs.Where(log => log.Place.Version.Number == number).ToList())),
    ];
}
