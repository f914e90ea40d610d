using System.Buffers.Binary;
using Callwatch.Journal;
using Callwatch.Journal.Segments;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Journal;

public sealed class RecoveryTests : IDisposable
{
    private readonly TempFolder temp = new();
    private readonly TroubledFiles files = new();
    private Counters counters = new();

    private string Folder => temp.At("journal");

    private string LastFile => Directory.EnumerateFiles(Folder, "*.seg").Order(StringComparer.Ordinal).Last();

    public void Dispose() => temp.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_last_record_torn_at_any_byte_is_cut_and_counted(bool roomStays)
    {
        await AppendAndCloseAsync("one", "two");
        var ends = new FileInfo(LastFile).Length;
        var bytes = await File.ReadAllBytesAsync(LastFile, TestContext.Current.CancellationToken);
        await AppendAndCloseAsync("three, which is torn");
        var whole = await File.ReadAllBytesAsync(LastFile, TestContext.Current.CancellationToken);
        Assert.Equal(ends, bytes.Length);
        var start = SegmentHeader.Size + (2 * RecordHeader.Size) + "onetwo".Length;
        var end = start + RecordHeader.Size + "three, which is torn".Length;
        for (var cut = start; cut < end; cut++)
        {
            var torn = whole.ToArray();
            torn.AsSpan(cut).Clear();
            await File.WriteAllBytesAsync(LastFile, roomStays ? torn : torn[..cut], TestContext.Current.CancellationToken);
            // Where the record's last bytes are zero anyway, nothing is torn.
            if (torn.AsSpan().SequenceEqual(whole)) continue;
            counters = new Counters();
            await using (var journal = Open())
            {
                Assert.Equal(["one", "two"], await TextsAsync(journal));
                Assert.Equal(cut == start ? 0 : 1, counters.Total(Reason.TornTail));
                Assert.Equal(0, counters.Total(Reason.DamagedRecord));
                // As soon as a whole header is there, its number has been given away.
                Assert.True(await journal.AppendAsync("next") >= (cut < start + RecordHeader.Size ? 3 : 4));
            }

            counters = new Counters();
            await using (var journal = Open())
            {
                Assert.Equal(["one", "two", "next"], await TextsAsync(journal));
                Assert.Equal(0, counters.Total(Reason.TornTail));
            }

            await File.WriteAllBytesAsync(LastFile, whole, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_number_seen_in_a_torn_record_is_not_given_away_again()
    {
        await AppendAndCloseAsync("one", "two");
        Change(LastFile, SegmentHeader.Size + (2 * RecordHeader.Size) + "onetwo".Length - 1);
        await using var journal = Open();
        Assert.Equal(["one"], await TextsAsync(journal));
        Assert.Equal(3, await journal.AppendAsync("three"));
        Assert.Equal(["one", "three"], await TextsAsync(journal));
    }

    [Fact]
    public async Task No_changed_byte_anywhere_throws_or_gives_other_bytes()
    {
        string[] all = ["first", "second, a little longer", "third", new string('x', 3900), "fourth, in a second file", "fifth"];
        await using (var journal = Open(4096))
            foreach (var text in all) await journal.AppendAsync(text);
        var paths = Directory.EnumerateFiles(Folder, "*.seg").Order(StringComparer.Ordinal).ToList();
        Assert.True(paths.Count >= 2);
        var originals = paths.ToDictionary(path => path, File.ReadAllBytes);
        foreach (var (path, original) in originals)
        {
            var used = original.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
            // Every byte of headers and short payloads; of the long one a sample says as much.
            for (var at = 0; at < used; at++)
            {
                if (original[at] == 'x' && at % 61 != 0) continue;
                Restore(originals);
                Change(path, at);
                await using (var journal = Open(4096)) await CheckAsync(journal, all, $"{Path.GetFileName(path)} at {at}");
                await using (var journal = Open(4096))
                {
                    await journal.AppendAsync("new");
                    await CheckAsync(journal, [.. all, "new"], $"{Path.GetFileName(path)} at {at}, again");
                }
            }
        }
    }

    [Fact]
    public async Task A_damaged_record_in_the_middle_is_passed_over_and_counted_once()
    {
        await AppendAndCloseAsync("one", "two", "three");
        Change(LastFile, SegmentHeader.Size + (2 * RecordHeader.Size) + "on".Length + 2);
        await using var journal = Open();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(["one", "three"], await TextsAsync(journal));
            Assert.Null(journal.Find(2));
        }

        Assert.Equal("three", journal.Find(3)!.Text());
        Assert.Equal((1, 1), (counters.Total(Reason.DamagedRecord), journal.Status().DamagedRecords));
        Assert.Equal(0, counters.Total(Reason.TornTail));
    }

    [Fact]
    public async Task A_damaged_record_header_hides_only_its_own_record()
    {
        await AppendAndCloseAsync("one", "two", "three");
        Change(LastFile, SegmentHeader.Size + RecordHeader.Size + "one".Length + 10);
        await using var journal = Open();
        Assert.Equal(["one", "three"], await TextsAsync(journal));
        Assert.Equal(1, counters.Total(Reason.DamagedRecord));
    }

    [Fact]
    public async Task Bytes_in_a_payload_cannot_pass_for_a_record()
    {
        // What an attacker can write: a record that is right in all but the mark, which he cannot know.
        var forged = new byte[RecordHeader.Size + 4];
        (RecordHeader.Of(2, TestJournal.Entry("evil"), Crc32C.Of("evil"u8)) with { TenantId = 99 }).Write(forged, mark: 0x0101010101010101);
        "evil"u8.CopyTo(forged.AsSpan(RecordHeader.Size));
        await using (var journal = Open()) await journal.AppendAsync([TestJournal.Entry(forged), TestJournal.Entry("good")], TestContext.Current.CancellationToken);
        Change(LastFile, SegmentHeader.Size + 20);
        await using (var journal = Open()) Assert.Equal(["good"], await TextsAsync(journal));
    }

    [Fact]
    public async Task A_header_that_is_damaged_is_made_good_from_the_first_record()
    {
        await AppendAndCloseAsync("one", "two");
        Destroy(LastFile, 0, SegmentHeader.Size);
        await using var journal = Open();
        Assert.Equal(["one", "two"], await TextsAsync(journal));
        Assert.Equal(3, await journal.AppendAsync("three"));
    }

    [Fact]
    public async Task A_segment_nobody_can_read_is_set_aside_and_stops_nothing()
    {
        await using (var journal = Open(4096))
            for (var i = 1; i <= 6; i++) await journal.AppendAsync(i + new string('x', 2500));
        var middle = Directory.EnumerateFiles(Folder, "*.seg").Order(StringComparer.Ordinal).ElementAt(2);
        Destroy(middle, 0, SegmentHeader.Size + RecordHeader.Size);
        await using (var journal = Open(4096))
        {
            Assert.Equal("12456", string.Concat((await TextsAsync(journal)).Select(text => text[0])));
            Assert.Equal((1, 1), (counters.Total(Reason.DamagedSegment), journal.Status().DamagedSegments));
            Assert.True(File.Exists(middle + ".damaged"));
            Assert.Equal(7, await journal.AppendAsync("7"));
        }

        await using (var journal = Open(4096)) Assert.Equal("124567", string.Concat((await TextsAsync(journal)).Select(text => text[0])));
    }

    [Fact]
    public async Task Numbers_of_a_lost_last_segment_are_never_given_away_again()
    {
        await AppendAndCloseAsync("one", "two", "three");
        Destroy(LastFile, 0, SegmentHeader.Size + RecordHeader.Size);
        long number;
        Guid epoch;
        await using (var journal = Open())
        {
            Assert.Empty(await TextsAsync(journal));
            number = await journal.AppendAsync("new");
            epoch = journal.Epoch;
            Assert.True(number > 3);
        }

        await using (var journal = Open())
        {
            Assert.Equal((epoch, number + 1), (journal.Epoch, await journal.AppendAsync("newer")));
            Assert.Equal(["new", "newer"], await TextsAsync(journal));
        }
    }

    [Fact]
    public async Task A_journal_whose_files_are_gone_has_another_epoch()
    {
        await AppendAndCloseAsync("one");
        Guid before;
        await using (var journal = Open()) before = journal.Epoch;
        foreach (var path in Directory.EnumerateFiles(Folder, "*.seg")) File.Delete(path);
        await using (var journal = Open())
        {
            Assert.NotEqual(before, journal.Epoch);
            Assert.Equal(PlaceStanding.OtherEpoch, journal.StandingOf(new Position(before, 1)));
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("nonsense")]
    public async Task The_epoch_is_found_in_the_segments_when_its_file_is_lost(string? instead)
    {
        Guid before;
        await using (var journal = Open())
        {
            before = journal.Epoch;
            await journal.AppendAsync("one");
        }

        if (instead is null) File.Delete(Path.Combine(Folder, "epoch"));
        else await File.WriteAllTextAsync(Path.Combine(Folder, "epoch"), instead, TestContext.Current.CancellationToken);
        await using (var journal = Open()) Assert.Equal((before, 1), (journal.Epoch, journal.Head.Number));
    }

    [Fact]
    public async Task A_journal_of_a_newer_version_is_left_alone()
    {
        await AppendAndCloseAsync("one");
        var bytes = await File.ReadAllBytesAsync(LastFile, TestContext.Current.CancellationToken);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), SegmentHeader.CurrentVersion + 1);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(SegmentHeader.Size - 4), Crc32C.Of(bytes.AsSpan(0, SegmentHeader.Size - 4)));
        await File.WriteAllBytesAsync(LastFile, bytes, TestContext.Current.CancellationToken);
        var refused = Assert.Throws<StartRefusedException>(() => Open());
        Assert.Equal(2, Assert.IsType<StartRefusal.DataNewer>(refused.Refusal).Format);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(LastFile, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Unfinished_files_of_an_interrupted_run_are_removed()
    {
        await AppendAndCloseAsync("one");
        await File.WriteAllTextAsync(Path.Combine(Folder, "next.tmp"), "junk", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(Folder, Segment.FileName(2) + ".tmp"), "junk", TestContext.Current.CancellationToken);
        await using var journal = Open();
        Assert.Empty(Directory.EnumerateFiles(Folder, "*.tmp"));
        Assert.Equal(["one"], await TextsAsync(journal));
    }

    private SegmentJournal Open(long segmentBytes = 4096) =>
        TestJournal.Open(Folder, TestJournal.Options(segmentBytes), null, counters, files, new FakeDiskSpace());

    private async Task AppendAndCloseAsync(params string[] texts)
    {
        await using var journal = Open();
        await journal.AppendAsync(texts);
    }

    private static async Task<List<string>> TextsAsync(SegmentJournal journal) => [.. (await journal.RecordsAsync()).Select(record => record.Text())];

    private static async Task CheckAsync(SegmentJournal journal, string[] written, string where)
    {
        var seen = await TextsAsync(journal);
        Assert.True(seen.Count >= written.Length - 2, where);
        var from = 0;
        foreach (var text in seen)
        {
            var at = Array.IndexOf(written, text, from);
            Assert.True(at >= 0, $"{where}: '{text[..Math.Min(text.Length, 40)]}' was not written, or not after the one before it");
            from = at + 1;
        }

        for (var number = 1; number <= written.Length; number++)
            if (journal.Find(number) is { } found) Assert.Contains(found.Text(), written);
    }

    private void Restore(Dictionary<string, byte[]> originals)
    {
        foreach (var path in Directory.EnumerateFiles(Folder, "*.seg*")) File.Delete(path);
        foreach (var (path, bytes) in originals) File.WriteAllBytes(path, bytes);
    }

    private static void Change(string path, long at)
    {
        using var file = File.Open(path, FileMode.Open);
        file.Position = at;
        var before = file.ReadByte();
        file.Position = at;
        file.WriteByte((byte)(before ^ (1 << (int)(at % 8))));
    }

    private static void Destroy(string path, long from, int count)
    {
        using var file = File.Open(path, FileMode.Open);
        file.Position = from;
        file.Write(Enumerable.Repeat((byte)0xA5, count).ToArray());
    }
}
