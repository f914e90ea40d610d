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

public sealed class SealedRetentionTests : IDisposable
{
    private readonly TempFolder temp = new();
    private readonly ManualTime time = new();
    private readonly Counters counters = new();
    private readonly FakeDiskSpace space = new();
    private readonly JournalOptions options = SealedJournal.Options(8 * 1024, 40 * 1024);
    private readonly Dictionary<(int Tenant, int App), int> days = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task Each_app_is_kept_for_its_own_time()
    {
        days[(1, 1)] = 2;
        days[(1, 2)] = 10;
        days[(2, 1)] = 4;
        await using var journal = Open();
        await FillAsync(journal, 60);
        journal.Seal(options);
        Assert.Equal(1, journal.CompleteFrom);

        await SweptAsync(journal, 3, (1, 2), (2, 1), (2, 2));
        Assert.True(journal.CompleteFrom > journal.FirstNumber);
        await SweptAsync(journal, 2, (1, 2), (2, 2));
        await SweptAsync(journal, 6, (2, 2));
        var size = journal.Status().SizeBytes;
        await SweptAsync(journal, 90, []);
        Assert.True(journal.Status().SizeBytes < size);
        Assert.Empty(Directory.EnumerateFiles(temp.At("journal"), "*.sealed*"));

        async Task SweptAsync(SegmentJournal journal, int later, params (int, int)[] left)
        {
            time.Advance(TimeSpan.FromDays(later));
            Sweep(journal).Run();
            await LeftAsync(journal, left);
            Assert.Equal(0, journal.Status().DamagedRecords);
        }
    }

    [Fact]
    public async Task What_was_taken_of_an_app_stays_gone_after_a_start_and_the_rest_is_there()
    {
        days[(1, 1)] = 2;
        await using (var journal = Open())
        {
            await FillAsync(journal, 60);
            journal.Seal(options);
            time.Advance(TimeSpan.FromDays(3));
            Sweep(journal).Run();
        }

        await using (var journal = Open())
        {
            await LeftAsync(journal, (1, 2), (2, 1), (2, 2));
            Assert.True(journal.CompleteFrom > 1);
        }
    }

    [Fact]
    public async Task An_unsealed_segment_stays_until_it_is_past_the_age_of_all_its_apps()
    {
        days[(1, 1)] = 2;
        days[(1, 2)] = 3;
        days[(2, 1)] = 3;
        days[(2, 2)] = 6;
        await using var journal = Open();
        // Each segment has records of all four.
        await FillAsync(journal, 200, bytesEach: 200);
        var before = journal.Status().Segments;
        time.Advance(TimeSpan.FromDays(5));
        Sweep(journal).Run();
        Assert.True(journal.Status().Segments >= before);
        time.Advance(TimeSpan.FromDays(2));
        Sweep(journal).Run();
        Assert.True(journal.Status().Segments < before / 2);
    }

    [Fact]
    public async Task When_room_runs_out_what_is_past_its_age_goes_first_and_then_the_oldest_though_a_reader_needs_it()
    {
        days[(1, 1)] = 2;
        await using var journal = Open();
        await FillAsync(journal, 200);
        journal.Seal(options);
        var windows = journal.Segments.All.OfType<SealedWindow>().ToList();
        Assert.True(windows.Count > 3);
        time.Advance(TimeSpan.FromDays(3));
        var slow = new PlacedReader(new Position(journal.Epoch, windows[1].LastNumber));

        // Room comes back with the second window that goes.
        options.MaxBytes = windows.Skip(2).Sum(window => window.SizeBytes) + journal.Segments.All.Where(part => part is not SealedWindow).Sum(part => part.SizeBytes);
        Sweep(journal, slow).Run();
        Assert.DoesNotContain(await journal.RecordsAsync(), record => (record.TenantId, record.AppId) == (1, 1) && record.Number <= windows[^1].LastNumber);
        // Taking the one app's made room enough for one of the two.
        Assert.True(journal.FirstNumber > windows[0].LastNumber || journal.Segments.All.Contains(windows[0]));
        var byAge = counters.Total(Reason.ExpiredByAge);
        Assert.True(byAge > 0);

        options.MaxBytes = windows[^1].SizeBytes;
        Sweep(journal, slow).Run();
        Assert.True(journal.FirstNumber > windows[2].LastNumber);
        var loss = Assert.Single(journal.Status().Losses);
        Assert.Equal(("slow", byAge, counters.Total(Reason.ExpiredByDisk)), (loss.Reader, loss.ByAge, loss.ByDisk));
        Assert.True(loss.ByDisk > 0);
    }

    [Fact]
    public async Task While_a_backup_copies_age_waits()
    {
        days[(1, 1)] = 2;
        await using var journal = Open();
        await FillAsync(journal, 60);
        journal.Seal(options);
        time.Advance(TimeSpan.FromDays(100));
        var before = journal.Status().Segments;
        using var hold = new DataHold();
        using (hold.Take()) Sweep(journal, hold).Run();

        // The writer may have made its next one meanwhile.
        Assert.True(journal.Status().Segments >= before);
        Sweep(journal, hold).Run();
        Assert.True(journal.Status().Segments < before);
    }

    private SegmentJournal Open() => TestJournal.Open(temp.At("journal"), options, time, counters, DiskFiles.Instance, space);

    private RetentionSweep Sweep(SegmentJournal journal, params IJournalReader[] readers) => Sweep(journal, null, readers);

    private RetentionSweep Sweep(SegmentJournal journal, DataHold? hold, params IJournalReader[] readers)
    {
        var rules = new KeepRules((tenant, app) => TimeSpan.FromDays(days.GetValueOrDefault((tenant, app), 50)), () => TimeSpan.FromDays(days.Values.Append(50).Min()));
        return new RetentionSweep(
            journal, options, new FileCursors(temp.At("none"), DiskFiles.Instance, counters, NullLogger.Instance), readers, DiskFiles.Instance, time, counters, NullLogger.Instance, hold, rules);
    }

    /// <summary>Records of two apps of two tenants in turn.</summary>
    private async Task FillAsync(SegmentJournal journal, int count, int bytesEach = 2000)
    {
        var random = new Random(4);
        for (var i = 0; i < count; i++)
        {
            var entry = TestJournal.Entry(SealedJournal.Request(random, 3, Signal.Traces, bytesEach)) with { TenantId = (i % 2) + 1, AppId = (i / 2 % 2) + 1, ReceivedAt = Timestamp.From(time.GetUtcNow()) };
            Assert.IsType<AppendResult.Stored>(await journal.AppendAsync([entry], Cancel));
        }
    }

    private static async Task LeftAsync(SegmentJournal journal, params (int, int)[] left)
    {
        var last = journal.Segments.All.OfType<SealedWindow>().LastOrDefault()?.LastNumber ?? 0;
        Assert.Equal(left, (await journal.RecordsAsync()).Where(record => record.Number <= last).Select(record => (record.TenantId, record.AppId)).Distinct().Order());
    }

    private sealed record PlacedReader(Position? Place) : IJournalReader
    {
        public string Name => "slow";
    }
}
