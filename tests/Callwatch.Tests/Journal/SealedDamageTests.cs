using Callwatch.Journal;
using Callwatch.Journal.Sealing;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Journal;

public sealed class SealedDamageTests : IDisposable
{
    private readonly TempFolder temp = new();
    private readonly JournalOptions options = SealedJournal.Options(64 * 1024, 1 << 26);
    private readonly List<JournalEntry> sent = [];
    private Counters counters = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Sealed => Directory.EnumerateFiles(temp.At("journal"), "*.sealed").Single();

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task No_changed_byte_of_a_sealed_file_throws_or_gives_other_bytes()
    {
        await SealAsync(records: 24, bytesEach: 700);
        var original = await File.ReadAllBytesAsync(Sealed, Cancel);
        var (path, random) = (Sealed, new Random(3));
        var file = SealedFile.Open(path, out _)!;
        // All of header, directory and trailer; of the frames a sample.
        var places = Enumerable.Range(0, 128).Concat(Enumerable.Range((int)file.Header.DirectoryAt, original.Length - (int)file.Header.DirectoryAt))
            .Concat(Enumerable.Range(0, 150).Select(_ => random.Next(128, (int)file.Header.DirectoryAt))).Where(place => place % 3 == 0 || place >= 128).ToList();
        foreach (var place in places)
        {
            var changed = original.ToArray();
            changed[place] ^= (byte)(1 << (place % 8));
            await File.WriteAllBytesAsync(path, changed, Cancel);
            counters = new Counters();
            await using var journal = Open();
            var missing = await MissingAsync(journal);
            if (place < 128 || place >= file.Header.DirectoryAt) Assert.True(missing.Count == 0, $"byte {place}: {missing.Count} missing");
            Assert.Equal(missing.Count, journal.Status().DamagedRecords);
            Assert.Equal(missing.Count, counters.Total(Reason.DamagedRecord));
            Assert.Equal(0, journal.Status().DamagedSegments);
        }
    }

    [Fact]
    public async Task A_damaged_frame_costs_only_its_records_and_is_shown()
    {
        await SealAsync(records: 120, bytesEach: 30_000);
        var file = SealedFile.Open(Sealed, out _)!;
        SealedDirectory directory;
        await using (var journal = Open())
        {
            using var handle = file.OpenToRead();
            directory = file.Directory(handle, journal.Damage);
        }

        Assert.True(directory.Bodies.Count > 2);
        Change(Sealed, directory.Bodies[1].At + FrameEntry.HeaderSize + 1000);
        await using (var journal = Open())
        {
            var missing = await MissingAsync(journal);
            Assert.InRange(missing.Count, 1, sent.Count - 1);
            Assert.Equal(missing.Count, journal.Status().DamagedRecords);
            foreach (var number in missing)
            {
                // Of a record that has a part there, the other spans can still be looked at.
                Assert.Null(journal.Find(number));
                foreach (var span in Callwatch.Receive.Otlp.OtlpSpan.In(sent[(int)number - 1].Payload.Span))
                    if (journal.FindItems(number, span.Offset) is { } found) Assert.True(found.Payload.Span.Slice(span.Offset, span.Body.Length).SequenceEqual(span.Body));
            }

            Assert.Equal(missing.Count, journal.Status().DamagedRecords);
            var place = Assert.Single(journal.Status().Damage);
            Assert.Equal(Path.GetFileName(file.Path), place.File);
        }
    }

    [Fact]
    public async Task A_lost_directory_is_made_again_from_the_frames()
    {
        await SealAsync(records: 100, bytesEach: 2000);
        var file = SealedFile.Open(Sealed, out _)!;
        await using (var stream = File.OpenWrite(Sealed)) stream.SetLength(file.Header.DirectoryAt);
        await using var journal = Open();
        Assert.Empty(await MissingAsync(journal));
        Assert.Single(journal.Status().Damage);
        var again = ((SealedWindow)journal.Segments.All[0]).Files[0];
        using var handle = again.OpenToRead();
        Assert.Equal([1, 2], again.Directory(handle, journal.Damage).Apps.Select(app => app.App));
    }

    [Fact]
    public async Task A_sealed_file_nobody_can_read_is_set_aside_and_stops_nothing()
    {
        await SealAsync(records: 60, bytesEach: 1000);
        var path = Sealed;
        await File.WriteAllBytesAsync(path, new byte[5000], Cancel);
        long number;
        await using (var journal = Open())
        {
            Assert.Equal((1, 1), (journal.Status().DamagedSegments, counters.Total(Reason.DamagedSegment)));
            Assert.True(File.Exists(path + ".damaged"));
            Assert.Equal(sent.Count, journal.Head.Number);
            number = await journal.AppendAsync("next");
            Assert.Equal(sent.Count + 1, number);
        }

        await using (var journal = Open()) Assert.Equal("next", journal.Find(number)!.Text());
    }

    [Fact]
    public async Task A_damaged_segment_is_sealed_without_what_was_lost_and_is_kept_for_a_person()
    {
        await SealAsync(records: 40, bytesEach: 3000, seal: false);
        var first = Directory.EnumerateFiles(temp.At("journal"), "*.seg").Order(StringComparer.Ordinal).First();
        Change(first, 3000);
        await using (var journal = Open())
        {
            var before = await MissingAsync(journal);
            Assert.Single(before);
            Assert.True(journal.Seal(options) > 0);
            Assert.Null(journal.Status().SealingError);
            Assert.Equal(before, await MissingAsync(journal));
            Assert.Equal(1, journal.Status().DamagedRecords);
            Assert.True(File.Exists(first + ".damaged-sealed"));
        }

        await using (var journal = Open()) Assert.Single(await MissingAsync(journal));
    }

    [Fact]
    public async Task A_sealed_file_of_a_newer_version_is_left_alone()
    {
        await SealAsync(records: 30, bytesEach: 1000);
        var path = Sealed;
        var bytes = await File.ReadAllBytesAsync(path, Cancel);
        bytes[8] = SealedHeader.CurrentVersion + 1;
        BitConverter.TryWriteBytes(bytes.AsSpan(SealedHeader.Size - 4), Callwatch.Journal.Segments.Crc32C.Of(bytes.AsSpan(0, SealedHeader.Size - 4)));
        await File.WriteAllBytesAsync(path, bytes, Cancel);
        Assert.IsType<StartRefusal.DataNewer>(Assert.Throws<StartRefusedException>(() => Open()).Refusal);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(path, Cancel));
    }

    private SegmentJournal Open() => TestJournal.Open(temp.At("journal"), options, null, counters);

    private async Task SealAsync(int records, int bytesEach, bool seal = true)
    {
        var random = new Random(9);
        await using var journal = Open();
        for (var i = 0; i < records; i++)
        {
            sent.Add(TestJournal.Entry(SealedJournal.Request(random, 5, Signal.Traces, bytesEach)) with { AppId = 1 + (i % 2), ReceivedAt = new Timestamp(i) });
            Assert.IsType<AppendResult.Stored>(await journal.AppendAsync([sent[^1]], Cancel));
        }

        // Ends the last segment that is to be sealed.
        sent.Add(TestJournal.Entry(new byte[70_000]));
        Assert.IsType<AppendResult.Stored>(await journal.AppendAsync([sent[^1]], Cancel));
        if (seal) Assert.Equal(1, journal.Seal(options));
    }

    /// <summary>Numbers that reading on does not give, each other record being what was sent; and what is looked for singly agrees.</summary>
    private async Task<List<long>> MissingAsync(SegmentJournal journal)
    {
        var found = new HashSet<long>();
        foreach (var record in await journal.RecordsAsync())
        {
            var entry = sent[(int)record.Number - 1];
            Assert.True(found.Add(record.Number));
            Assert.True(record.Payload.Span.SequenceEqual(entry.Payload.Span));
            Assert.Equal((entry.TenantId, entry.AppId, entry.ReceivedAt), (record.TenantId, record.AppId, record.ReceivedAt));
        }

        for (var number = 1; number <= sent.Count; number++)
            Assert.Equal(found.Contains(number), journal.Find(number) is { } one && one.Payload.Span.SequenceEqual(sent[number - 1].Payload.Span));
        return [.. Enumerable.Range(1, sent.Count).Select(number => (long)number).Where(number => !found.Contains(number))];
    }

    private static void Change(string path, long at)
    {
        using var file = File.Open(path, FileMode.Open);
        file.Position = at;
        var before = file.ReadByte();
        file.Position = at;
        file.WriteByte((byte)(before ^ 16));
    }
}
