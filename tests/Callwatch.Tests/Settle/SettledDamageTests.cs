using Callwatch.Settle;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Xunit;
using static Callwatch.Testing.OtlpBytes;

namespace Callwatch.Tests.Settle;

/// <summary>Files of the settled sequence harmed, taken away or kept by a backup: every span is carried, no number is given twice.</summary>
public sealed class SettledDamageTests
{
    private const int InFile = 4, Traces = 14;

    private readonly ManualTime time = new();
    private readonly InMemoryJournal journal = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_damaged_file_is_set_aside_at_the_start_and_what_it_held_settles_once_more_under_new_numbers(int which)
    {
        using var folder = new TempFolder();
        await FillAsync(folder);
        var files = Files(folder);
        var lost = SpansIn(files[which]);
        await HarmAsync(files[which]);

        await using var running = await RunningSettler.StartAsync(folder, journal, time, InFile, null, new Lanes(Traces));
        await running.AdvanceUntilAsync(time, () => CarriedBy(running.Log).Distinct().Count() == Traces);
        Assert.True(File.Exists(files[which] + ".damaged"));
        Assert.Equal(1, running.Counters.Total(Reason.DamagedSettledFile));
        Assert.Equal(Traces, CarriedBy(running.Log).Count);

        // What lanes have seen already keeps its number; what settles anew has a higher one than any that was given.
        var again = Enumerable.Range(1, Traces).SelectMany(trace => running.Log.Of(1, RunningSettler.TraceOf(trace))).Where(revision => revision.Seq > Traces).ToList();
        Assert.Equal(lost, again.Count);
        Assert.Equal(again.Count, again.Select(revision => revision.Seq).Distinct().Count());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task A_reader_that_meets_a_damaged_file_waits_while_it_is_set_aside_and_misses_nothing(int which)
    {
        using var folder = new TempFolder();
        await FillAsync(folder);
        var files = Files(folder);
        await using var running = await RunningSettler.StartAsync(folder, journal, time, InFile);
        await HarmAsync(files[which]);
        var seen = new HashSet<TraceId>();
        var reading = Task.Run(
            async () =>
            {
                await foreach (var page in running.Log.PagesAsync(1, 0, Cancel))
                {
                    foreach (var revision in page.Revisions) seen.Add(revision.TraceId);
                    if (seen.Count == Traces) return;
                }
            },
            Cancel);
        await running.AdvanceUntilAsync(time, () => reading.IsCompleted);
        await reading;
        Assert.True(File.Exists(files[which] + ".damaged"));
        Assert.Equal(SettleState.Running, running.Settler.Status.State);
    }

    [Fact]
    public async Task Without_any_of_its_files_it_settles_all_again_above_what_lanes_know()
    {
        using var folder = new TempFolder();
        await FillAsync(folder);
        Directory.Delete(Path.GetDirectoryName(Files(folder)[0])!, recursive: true);
        await using var running = await RunningSettler.StartAsync(folder, journal, time, InFile, null, new Lanes(1_000));
        Assert.Equal(1_000, running.Log.Head);
        await running.AdvanceUntilAsync(time, () => running.Log.Head == 1_000 + Traces);
        Assert.Equal(Traces, CarriedBy(running.Log).Count);
    }

    [Fact]
    public async Task A_disk_that_refuses_at_the_start_is_waited_for()
    {
        using var folder = new TempFolder();
        await journal.AppendSpansAsync(time, Span(1));
        var inTheWay = folder.At("settled", "00000000000000000001.db");
        Directory.CreateDirectory(inTheWay);
        await using var running = await RunningSettler.StartAsync(folder, journal, time);
        Assert.Equal(SettleState.Failing, running.Settler.Status.State);
        Assert.NotNull(running.Settler.Status.Why);
        Directory.Delete(inTheWay);
        await running.AdvanceUntilAsync(time, () => running.Log.Head == 1);
        Assert.Equal((SettleState.Running, null), (running.Settler.Status.State, running.Settler.Status.Why));
    }

    [Fact]
    public async Task A_stop_while_it_reads_again_what_a_damaged_file_held_neither_loses_nor_repeats_more()
    {
        using var folder = new TempFolder();
        await FillAsync(folder);
        await HarmAsync(Files(folder)[1]);
        await using (await RunningSettler.StartAsync(folder, journal, time, InFile))
        {
            // Stopped before its clock has come to settle anything.
        }

        await using var running = await RunningSettler.StartAsync(folder, journal, time, InFile);
        await running.AdvanceUntilAsync(time, () => CarriedBy(running.Log).Distinct().Count() == Traces);
        Assert.Equal(Traces, CarriedBy(running.Log).Count);
    }

    [Fact]
    public async Task While_a_backup_copies_no_file_is_taken_away_and_afterwards_lanes_are_told_what_they_lose()
    {
        using var folder = new TempFolder();
        await FillAsync(folder);
        using var hold = new DataHold();
        var lanes = new Lanes(0);
        await using var running = await RunningSettler.StartAsync(folder, journal, time, InFile, hold, lanes);
        await running.StopAsync();
        using (var log = new SettledLog(folder.At("settled"), InFile, hold))
        {
            log.Load(0);
            using (hold.Take()) log.Forget(Traces + 1, [lanes]);
            Assert.Equal(4, Files(folder).Count);
            log.Forget(6, [lanes]);
            Assert.Equal(3, Files(folder).Count);
            Assert.Equal([(4L, 4L)], lanes.Told);
            Assert.Equal(5, log.First);
            Assert.Equal(3, log.CountWaiting(1, 4, 1, 7));
        }
    }

    private async Task FillAsync(TempFolder folder)
    {
        await using var running = await RunningSettler.StartAsync(folder, journal, time, InFile);
        for (var trace = 1; trace <= Traces; trace++)
        {
            await journal.AppendSpansAsync(time, Span(trace));
            await running.AdvanceUntilAsync(time, () => running.Log.Head == trace);
        }
    }

    private static async Task HarmAsync(string file)
    {
        // The first page stays, so that only who looks for rows finds out.
        var bytes = await File.ReadAllBytesAsync(file, Cancel);
        bytes.AsSpan(4096).Fill(0x5A);
        await using (var stream = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.Position = 4096;
            await stream.WriteAsync(bytes.AsMemory(4096), Cancel);
        }

        foreach (var part in (string[])["-wal", "-shm"])
            if (File.Exists(file + part)) File.Delete(file + part);
    }

    private static int SpansIn(string file)
    {
        using var connection = Callwatch.Store.Sqlite.StoreDatabase.OpenForReading(file);
        return (int)Callwatch.Store.Sqlite.StoreDatabase.Number(connection, "SELECT count(*) FROM settled")!.Value;
    }

    private static List<string> Files(TempFolder folder) => [.. Directory.EnumerateFiles(folder.At("settled"), "*.db").Order(StringComparer.Ordinal)];

    private static List<SettledPlace> CarriedBy(SettledLog log)
    {
        try
        {
            return [.. Enumerable.Range(1, Traces).SelectMany(trace => log.Of(1, RunningSettler.TraceOf(trace))).SelectMany(revision => revision.Spans)];
        }
        catch (IOException)
        {
            // It is being set aside at this moment.
            return [];
        }
    }

    private sealed class Lanes(long highest) : ISettledReaders
    {
        public List<(long Through, long Waiting)> Told { get; } = [];

        public long HighestSeq => highest;

        public void Forgets(long through, Func<int, long, long> waiting) => Told.Add((through, waiting(1, 0)));
    }
}
