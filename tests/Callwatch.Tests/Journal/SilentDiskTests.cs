using Callwatch.Journal;
using Callwatch.Journal.Disk;
using Callwatch.Journal.Retention;
using Callwatch.Journal.Writing;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Callwatch.Tests.Journal;

/// <summary>File systems that do not say how large they are, as some network and user-space ones: nought is no size of a disk.</summary>
public sealed class SilentDiskTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_disk_that_does_not_say_how_large_it_is_takes_nothing_away_and_refuses_nobody(bool cannotBeAsked)
    {
        using var temp = new TempFolder();
        var (time, counters, options) = (new ManualTime(), new Counters(), SealedJournal.Options(4 * 1024, 16 * 1024));
        options.MaxAge = TimeSpan.FromDays(3_650);
        await using var journal = TestJournal.Open(temp.At("journal"), options, time, counters, DiskFiles.Instance, new SilentDisk(cannotBeAsked));
        var sweep = new RetentionSweep(
            journal, options, new FileCursors(temp.At("cursors"), DiskFiles.Instance, counters, NullLogger.Instance), [], DiskFiles.Instance, time, counters, NullLogger.Instance);
        for (var day = 1; day <= 12; day++)
        {
            Assert.Equal(day, await journal.AppendAsync(new string('x', 3_500)));
            time.Advance(TimeSpan.FromDays(1));
            _ = journal.Seal(options, time: time);
            sweep.Run();
        }

        Assert.Equal((1L, true, 0L), (journal.FirstNumber, journal.Status().AcceptsWrites, counters.Total(Reason.ExpiredByDisk)));
        Assert.True(journal.Status().SealedBytes > 0);
    }

    [Fact]
    public void No_share_of_an_unknown_disk_is_a_limit()
    {
        Assert.Equal((long.MaxValue, 25L), (DiskSpace.Unknown.PartOf(4), new DiskSpace(0, 100).PartOf(4)));
        Assert.True(DiskSpace.Unknown.FreeBytes > new JournalOptions().KeepFreeBytes(0));
    }

    private sealed class SilentDisk(bool cannotBeAsked) : IDiskSpace
    {
        public DiskSpace Of(string folder) => cannotBeAsked ? throw new IOException("Function not implemented", 38) : DiskSpace.Unknown;
    }
}
