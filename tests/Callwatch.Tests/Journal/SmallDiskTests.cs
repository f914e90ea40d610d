using Callwatch.Journal;
using Callwatch.Journal.Retention;
using Callwatch.Journal.Writing;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Callwatch.Tests.Journal;

public sealed class SmallDiskTests : IDisposable
{
    private const int Days = 100, StepsADay = 4;

    private const long Disk = 256 * 1024, KeptFree = 24 * 1024;

    private readonly TempFolder temp = new();
    private readonly ManualTime time = new();
    private readonly Counters counters = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task In_months_on_a_small_disk_it_is_full_at_no_time_and_what_went_unread_is_counted()
    {
        var (random, space, options) = (new Random(1), new DiskOfFiles(temp.At("journal")) { TotalBytes = Disk }, SealedJournal.Options(4096, 16 * 1024));
        (options.MinFreeBytes, options.MinFreePercent) = (KeptFree, 0);
        await using var journal = TestJournal.Open(temp.At("journal"), options, time, counters, DiskFiles.Instance, space);
        var reader = new Reader();
        var sweep = new RetentionSweep(
            journal, options, new FileCursors(temp.At("none"), DiskFiles.Instance, counters, NullLogger.Instance), [reader], DiskFiles.Instance, time, counters, NullLogger.Instance);
        var (accepted, refused, readThrough, lost) = (0L, 0, 0L, 0L);
        for (var step = 0; step < Days * StepsADay; step++)
        {
            var day = step / StepsADay;
            // Now and then somebody else takes nearly all there is.
            space.OthersBytes = day % 20 >= 17 ? Math.Max(0, space.Of("").FreeBytes + space.OthersBytes - (48 * 1024)) : 0;
            for (var i = random.Next(7); i > 0; i--)
            {
                var entry = TestJournal.Entry(new string('x', random.Next(500, 3000))) with { ReceivedAt = Timestamp.From(time.GetUtcNow()) };
                if (await journal.AppendAsync([entry], TestContext.Current.CancellationToken) is AppendResult.Stored) accepted++;
                else refused++;
                Assert.True(space.Of("").FreeBytes > 0);
            }

            // It stands still for two weeks.
            if (day is < 40 or > 54)
            {
                lost += Math.Max(0, journal.FirstNumber - 1 - readThrough);
                readThrough = journal.Head.Number;
                reader.Place = journal.Head;
            }

            time.Advance(TimeSpan.FromDays(1.0 / StepsADay));
            journal.Seal(options, time: time, readers: reader);
            sweep.Run();
            Assert.True(journal.Status().SizeBytes <= (Disk / 2) + 8192);
            Assert.True(space.Of("").FreeBytes > 0);
        }

        Assert.Equal(accepted, journal.Head.Number);
        Assert.True(accepted > refused);
        Assert.Equal(journal.Head.Number - journal.FirstNumber + 1, (await journal.RecordsAsync()).Count);
        var counted = counters.Total(Reason.ExpiredByAge) + counters.Total(Reason.ExpiredByDisk);
        Assert.True(lost > 0);
        Assert.Equal(lost, counted);
        Assert.Equal(counted, journal.Status().Losses.Sum(loss => loss.ByAge + loss.ByDisk));
        Assert.Equal(0, counters.Total(Reason.MissingRecord));
    }

    private sealed class Reader : IJournalReader
    {
        public string Name => "slow";

        public Position? Place { get; set; }
    }
}
