using Callwatch.Journal;
using Callwatch.Journal.Segments;
using Callwatch.Spans;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Journal;

/// <summary>Records that are missing beside others of which it is known, or told otherwise, why they are.</summary>
public sealed class UntoldGapTests : IDisposable
{
    private static readonly string Body = new('x', 3500);

    private readonly TempFolder temp = new();
    private readonly ManualTime time = new();
    private readonly JournalOptions options = SealedJournal.Options(4096, 12 * 1024);

    private string Folder => temp.At("journal");

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task Of_a_window_that_was_incomplete_when_it_was_first_noted_what_goes_later_is_missed_at_each_start()
    {
        await FillAsync(20);
        File.Delete(Path.Combine(Folder, "taken"));
        File.Delete(Sealed("t2")[0]);
        for (var start = 0; start < 2; start++)
        {
            await using var journal = Open();
            journal.Gaps.Look();
            Assert.Empty(journal.Gaps.All);
        }

        File.Delete(Sealed("t3")[0]);
        for (var start = 0; start < 2; start++)
        {
            await using var journal = Open();
            journal.Gaps.Look();
            Assert.Equal(1, Assert.Single(journal.Gaps.All).Tenants);
        }
    }

    [Fact]
    public async Task A_stretch_in_which_a_file_was_set_aside_is_not_whole_though_it_is_told_as_damaged()
    {
        await FillAsync(10, seal: false);
        using (var file = File.OpenHandle(Segments()[3], FileMode.Open, FileAccess.ReadWrite)) RandomAccess.Write(file, new byte[SegmentHeader.Size + RecordHeader.Size], 0);
        File.Delete(Segments()[4]);
        for (var start = 0; start < 2; start++)
        {
            await using var journal = Open();
            journal.Gaps.Look();
            Assert.Empty(journal.Gaps.All);
            Assert.True(File.Exists(Path.Combine(Folder, Segment.FileName(4) + ".damaged")));
            Assert.False(journal.IsWhole(1, 10) || journal.IsWhole(4, 4) || journal.IsWhole(5, 5));
            Assert.True(journal.IsWhole(1, 3) && journal.IsWhole(6, 10));
            Assert.Equal(6, journal.CompleteFrom);
        }
    }

    [Fact]
    public async Task A_damaged_segment_whose_intact_records_were_sealed_does_not_hide_that_these_have_vanished()
    {
        await FillAsync(10, seal: false);
        File.Move(Segments()[3], Segments()[3] + Segment.SealedDamagedEnding);
        await using var journal = Open();
        journal.Gaps.Look();
        Assert.Equal([new JournalGap(4, 4, 0)], journal.Gaps.All);
    }

    private async Task FillAsync(int records, bool seal = true)
    {
        await using var journal = Open();
        for (var i = 1; i <= records; i++)
        {
            var entry = TestJournal.Entry($"{i}{Body}") with { TenantId = (i % 3) + 1, ReceivedAt = Timestamp.From(time.GetUtcNow()) };
            Assert.IsType<AppendResult.Stored>(await journal.AppendAsync([entry], TestContext.Current.CancellationToken));
        }

        journal.Gaps.Look();
        if (seal) Assert.True(journal.Seal(options) > 1);
    }

    private List<string> Segments() => [.. Directory.EnumerateFiles(Folder, "*.seg").Order(StringComparer.Ordinal)];

    private List<string> Sealed(string tenant) => [.. Directory.EnumerateFiles(Folder, $"*.{tenant}.*.sealed").Order(StringComparer.Ordinal)];

    private SegmentJournal Open() => TestJournal.Open(Folder, options, time);
}
