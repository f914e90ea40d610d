using System.Buffers.Binary;
using Callwatch.Journal;
using Callwatch.Journal.Sealing;
using Callwatch.Journal.Segments;
using Callwatch.Journal.Writing;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Callwatch.Tests.Journal;

/// <summary>Whatever the bytes of its files: reading the journal never throws, ends, and gives no payload that was not written.</summary>
public sealed class JournalFuzzTests : IDisposable
{
    private readonly TempFolder temp = new();
    private readonly List<JournalEntry> sent = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task Segments_of_any_bytes_are_read_as_far_as_they_are_what_was_written()
    {
        var good = await SegmentsAsync();
        var path = temp.At("one.seg");
        await Fuzz.ReadAsync(1, 1_500, good, (bytes, random) =>
        {
            // Half of them with headers that pass for whole: what they say is wrong all the same.
            var mended = random.Next(2) == 0;
            if (mended) Mend(bytes, SegmentHeader.Size, 0);
            if (mended) foreach (var at in Places(bytes)) Mend(bytes, RecordHeader.Size, at);
            File.WriteAllBytes(path, bytes);
            if (!SegmentHeader.TryRead(bytes, out var header)) return;
            var segment = new Segment(path, header) { FileBytes = bytes.Length };
            segment.Publish(bytes.Length, long.MaxValue);
            segment.Close();
            var damage = new Damage(new Counters(), NullLogger.Instance);
            _ = segment.FirstReceivedAt();
            _ = segment.Owners();
            using var reader = segment.OpenReader(0, damage);
            var last = long.MinValue;
            while (reader.Read(0, long.MaxValue) is { } record)
            {
                Assert.True(record.Number > last);
                last = record.Number;
                if (!mended) AssertWritten(record);
                _ = segment.Find(record.Number, default, damage);
            }
        });
    }

    [Fact]
    public async Task A_journal_with_a_segment_of_any_bytes_opens_gives_what_is_whole_and_takes_what_comes()
    {
        var good = await SegmentsAsync();
        var names = Directory.EnumerateFiles(temp.At("journal"), "*.seg").Order(StringComparer.Ordinal).Select(path => Path.GetFileName(path)!).ToList();
        for (var round = 0; round < 60; round++)
        {
            var random = new Random(round);
            var folder = Directory.CreateDirectory(temp.At("open" + round)).FullName;
            for (var i = 0; i < names.Count; i++) await File.WriteAllBytesAsync(Path.Combine(folder, names[i]), good[i], Cancel);
            await File.WriteAllBytesAsync(Path.Combine(folder, names[random.Next(names.Count)]), Fuzz.Harmed(good, random), Cancel);
            await using var journal = TestJournal.Open(folder, SealedJournal.Options());
            foreach (var record in await journal.RecordsAsync()) AssertWritten(record);
            var number = await journal.AppendAsync("new");
            Assert.True(number > 0);
            Assert.Equal("new", journal.Find(number)!.Text());
        }
    }

    [Fact]
    public async Task Sealed_files_of_any_bytes_are_read_as_far_as_they_are_what_was_written()
    {
        var good = await SealedAsync();
        var path = temp.At(SealedFile.FileName(1, 1, 0));
        await Fuzz.ReadAsync(2, 1_200, [good], (bytes, random) =>
        {
            var mended = random.Next(2) == 0;
            if (mended) MendSealed(bytes);
            File.WriteAllBytes(path, bytes);
            if (SealedFile.Open(path, out _) is not { } file) return;
            var damage = new Damage(new Counters(), NullLogger.Instance);
            var window = new SealedWindow([file], new FrameCache(1 << 20));
            _ = window.FirstReceivedAt();
            _ = window.MayHold(1, 2, damage);
            using var reader = window.OpenReader(0, damage);
            var last = long.MinValue;
            while (reader.Read(0, long.MaxValue) is { } record)
            {
                Assert.True(record.Number > last, "numbers go back");
                last = record.Number;
                AssertWritten(record);
                if (window.Find(record.Number, default, damage) is { } found) AssertWritten(found);
            }
        }, mostBytes: 256L << 20);
    }

    [Fact]
    public async Task Heads_and_recipes_of_any_bytes_end_and_stay_within_their_payloads()
    {
        var good = await SealedAsync();
        var path = temp.At(SealedFile.FileName(1, 1, 0));
        await File.WriteAllBytesAsync(path, good, Cancel);
        var file = SealedFile.Open(path, out _)!;
        var damage = new Damage(new Counters(), NullLogger.Instance);
        List<byte[]> heads = [];
        using (var handle = file.OpenToRead())
            foreach (var entry in file.Directory(handle, damage).Heads) heads.Add(file.Read(handle, entry, damage)!);
        await Fuzz.ReadAsync(3, 20_000, heads, (bytes, random) =>
        {
            var walk = new HeadWalk(bytes, random.NextInt64());
            var pieces = new List<PlacedPiece>();
            while (walk.MoveNext())
            {
                var payload = walk.Header.Length <= 1 << 20 ? new byte[walk.Header.Length] : [];
                walk.Pieces(pieces, payload);
                Assert.All(pieces, piece => Assert.True(piece.At >= 0 && piece.Length >= 0 && (long)piece.At + piece.Length <= walk.Header.Length && piece is { FrameOffset: >= 0, Frame: >= 0 }));
            }
        }, mostBytes: 256L << 20);
    }

    [Fact]
    public async Task Cursors_of_any_bytes_stand_where_they_stood_or_nowhere_and_can_be_advanced()
    {
        var (folder, epoch) = (temp.At("cursors"), Guid.NewGuid());
        using (var cursors = new FileCursors(folder, DiskFiles.Instance, new Counters(), NullLogger.Instance))
            for (var i = 1; i <= 3; i++) Assert.True(cursors.TryAdvance("search", cursors.Find("search"), new Position(epoch, i)));
        var path = Directory.EnumerateFiles(folder).Single();
        var good = await File.ReadAllBytesAsync(path, Cancel);
        await Fuzz.ReadAsync(4, 300, [good], (bytes, random) =>
        {
            var mended = random.Next(3) == 0;
            if (mended && bytes.Length >= 512) Mend(bytes, 512, 0);
            foreach (var old in Directory.EnumerateFiles(folder)) File.Delete(old);
            File.WriteAllBytes(path, bytes);
            using var cursors = new FileCursors(folder, DiskFiles.Instance, new Counters(), NullLogger.Instance);
            if (!mended) Assert.All(cursors.All(), cursor => Assert.True(cursor.Key == "search" && cursor.Value.Epoch == epoch && cursor.Value.Number is >= 1 and <= 3));
            Assert.True(cursors.TryAdvance("search", cursors.Find("search"), new Position(epoch, 9)));
            Assert.Equal(9, cursors.Find("search")!.Value.Number);
        });
    }

    [Fact]
    public async Task Jumps_of_any_text_are_read_as_something()
    {
        NumberJumps.Write(temp.Path, [(40, 1_000_000_000_001), (1_000_000_000_100, 2_000_000_000_001)], DiskFiles.Instance);
        var good = await File.ReadAllBytesAsync(temp.At(NumberJumps.File), Cancel);
        await Fuzz.ReadAsync(5, 500, [good], bytes =>
        {
            File.WriteAllBytes(temp.At(NumberJumps.File), bytes);
            Assert.True(NumberJumps.Count(NumberJumps.Read(temp.Path), 0, 3_000_000_000_000) >= 0);
        });
    }

    private void AssertWritten(JournalRecord record) => Assert.Contains(sent, entry => entry.Payload.Span.SequenceEqual(record.Payload.Span));

    private async Task<IReadOnlyList<byte[]>> SegmentsAsync()
    {
        await using (var journal = TestJournal.Open(temp.At("journal"), SealedJournal.Options()))
            await AppendAsync(journal, 24);
        return [.. Directory.EnumerateFiles(temp.At("journal"), "*.seg").Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
    }

    private async Task<byte[]> SealedAsync()
    {
        var options = SealedJournal.Options(16 * 1024, 1 << 26);
        await using var journal = TestJournal.Open(temp.At("journal"), options);
        await AppendAsync(journal, 40);
        sent.Add(TestJournal.Entry(new byte[20_000]));
        Assert.IsType<AppendResult.Stored>(await journal.AppendAsync([sent[^1]], Cancel));
        Assert.Equal(1, journal.Seal(options));
        return await File.ReadAllBytesAsync(Directory.EnumerateFiles(temp.At("journal"), "*.sealed").Single(), Cancel);
    }

    private async Task AppendAsync(SegmentJournal journal, int count)
    {
        var random = new Random(7);
        for (var i = 0; i < count; i++)
        {
            sent.Add(TestJournal.Entry(SealedJournal.Request(random, random.Next(1, 5), Signal.Traces, 900)) with { AppId = 1 + (i % 3) });
            Assert.IsType<AppendResult.Stored>(await journal.AppendAsync([sent[^1]], Cancel));
        }
    }

    /// <summary>Where the mark of the file stands: before each record, or frame.</summary>
    private static List<int> Places(byte[] bytes)
    {
        List<int> places = [];
        if (bytes.Length < 128) return places;
        var mark = bytes.AsSpan(56, 8).ToArray();
        for (var at = 64; bytes.AsSpan(at).IndexOf(mark) is >= 0 and var next; at += next + 1) places.Add(at + next);
        return places;
    }

    private static void Mend(byte[] bytes, int size, int at)
    {
        if (at < 0 || at + size > bytes.Length) return;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at + size - 4), Crc32C.Of(bytes.AsSpan(at, size - 4)));
    }

    private static void MendSealed(byte[] bytes)
    {
        Mend(bytes, SealedHeader.Size, 0);
        foreach (var at in Places(bytes)) Mend(bytes, FrameEntry.HeaderSize, at);
        if (SealedHeader.Read(bytes.AsSpan(0, Math.Min(bytes.Length, SealedHeader.Size))) is not { } header) return;
        var size = ((long)header.Apps * AppEntry.Size) + ((long)header.Frames * FrameEntry.EntrySize) + 4;
        if (header.Apps >= 0 && header.Frames >= 0 && header.DirectoryAt >= 0 && header.DirectoryAt <= bytes.Length - size) Mend(bytes, (int)size, (int)header.DirectoryAt);
    }
}
