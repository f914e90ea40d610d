using Callwatch.Journal;
using Callwatch.Journal.Sealing;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Journal;

public sealed class SealingTests : IDisposable
{
    private readonly TempFolder temp = new();
    private readonly ManualTime time = new();
    private readonly JournalOptions options = SealedJournal.Options();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task Sealed_unsealed_and_partly_sealed_journals_hold_the_same_records()
    {
        for (var seed = 0; seed < 25; seed++)
        {
            var folder = temp.At("journal" + seed);
            var random = new Random(seed);
            var options = SealedJournal.Options(random.Next(2) == 0 ? 16 * 1024 : 300_000, random.Next(3) == 0 ? 4096 : 500_000);
            var sent = new List<JournalEntry>();
            for (var open = 0; open < 3; open++)
            {
                await using var journal = TestJournal.Open(folder, options);
                await SameAsync(journal, sent, $"seed {seed}, opened");
                for (var i = 0; i < 25; i++)
                {
                    var entries = Enumerable.Range(0, random.Next(1, 4)).Select(_ => SealedJournal.Random(random)).ToList();
                    Assert.IsType<AppendResult.Stored>(await journal.AppendAsync(entries, Cancel));
                    sent.AddRange(entries);
                }

                var sealer = journal.Sealer(options);
                for (var windows = random.Next(6); windows > 0 && sealer.SealOne(); windows--)
                {
                }

                Assert.Null(journal.Status().SealingError);
                await SameAsync(journal, sent, $"seed {seed}");
            }
        }
    }

    [Fact]
    public async Task A_window_becomes_one_file_for_each_tenant_and_its_segments_go()
    {
        await using var journal = Open();
        await FillAsync(journal, 60, tenants: 3);
        var before = journal.Status();
        Assert.True(journal.Seal(options) > 0);
        var files = Directory.EnumerateFiles(temp.At("journal"), "*.sealed").ToList();
        Assert.NotEmpty(files);
        foreach (var path in files)
        {
            var file = SealedFile.Open(path, out var damaged)!;
            Assert.False(damaged);
            using var reader = new SealedReader(new SealedWindow([file], new FrameCache(0)), [file], 0, journal.Damage);
            while (reader.Read(0, long.MaxValue) is { } record) Assert.Equal(file.TenantId, record.TenantId);
        }

        // Only the one being written is left.
        Assert.Single(Directory.EnumerateFiles(temp.At("journal"), "*.seg"));
        var after = journal.Status();
        Assert.Equal((before.FirstNumber, before.HeadNumber, 0), (after.FirstNumber, after.HeadNumber, after.ToSealBytes));
        Assert.True(after.SealedBytes > 0 && after.SealedBytes < after.SealedPayloadBytes / 3, $"{after.SealedBytes} of {after.SealedPayloadBytes}");
    }

    [Fact]
    public async Task Segments_wait_until_they_make_a_window_or_have_waited_long_enough()
    {
        options.SealAge = TimeSpan.FromMinutes(15);
        await using var journal = Open();
        while (journal.Status().Segments < 3) await FillAsync(journal, 1, tenants: 1);
        Assert.Equal(0, journal.Seal(options, time: time));
        time.Advance(TimeSpan.FromMinutes(16));
        Assert.Equal(1, journal.Seal(options, time: time));

        var full = journal.Status().ToSealBytes;
        Assert.Equal(0, full);
        while (journal.Status().ToSealBytes < options.SealWindowBytes) await FillAsync(journal, 1, tenants: 1);
        Assert.Equal(1, journal.Seal(options, time: time));
    }

    [Fact]
    public async Task What_a_reader_has_still_to_read_is_sealed_later_but_not_put_off_for_ever()
    {
        await using var journal = Open();
        await FillAsync(journal, 20, tenants: 1);
        var reader = new PlacedReader { Place = new Position(journal.Epoch, 0) };
        Assert.Equal(0, journal.Seal(options, null, null, reader));
        reader.Place = new Position(journal.Epoch, journal.Segments.All[2].LastNumber);
        Assert.Equal(1, journal.Seal(options, null, null, reader));
        Assert.Equal(reader.Place.Value.Number, ((SealedWindow)journal.Segments.All[0]).LastNumber);
        while (journal.Status().ToSealBytes <= 4 * options.SealWindowBytes) await FillAsync(journal, 5, tenants: 1);
        Assert.True(journal.Seal(options, null, null, reader) > 0);
    }

    [Fact]
    public async Task Records_read_on_together_are_those_of_the_tenant_in_order_and_the_same_as_one_by_one()
    {
        await using var journal = Open();
        await FillAsync(journal, 100, tenants: 3);
        Assert.True(journal.Seal(options) > 0);
        var together = 0;
        for (var number = 1L; number <= journal.Head.Number; number++)
        {
            var alone = journal.Find(number)!;
            var found = journal.FindOn(number, alone.TenantId, mostBytes: 40_000);
            Assert.Equal(number, found[0].Number);
            Assert.Equal(found.Select(record => record.Number).Order().Distinct(), found.Select(record => record.Number));
            foreach (var record in found)
            {
                Assert.Equal(alone.TenantId, record.TenantId);
                Assert.True(journal.Find(record.Number)!.Payload.Span.SequenceEqual(record.Payload.Span));
            }

            if (found.Count > 1) together++;
        }

        Assert.True(together > 10, $"{together}");
        var memory = new byte[30_000];
        foreach (var record in journal.FindOn(1, 1, mostBytes: 40_000, () => memory)) Assert.True(journal.Find(record.Number)!.Payload.Span.SequenceEqual(record.Payload.Span));
        Assert.Contains(memory, value => value != 0);
        Assert.Empty(journal.FindOn(journal.Head.Number + 1, 1, 40_000));
        Assert.Empty(journal.FindOn(0, 1, 40_000));
    }

    [Fact]
    public async Task A_reader_keeps_its_place_while_what_it_reads_is_sealed()
    {
        await using var journal = Open();
        var sent = await FillAsync(journal, 200, tenants: 2);
        var readers = new List<(IAsyncEnumerator<JournalRecord> Records, List<JournalRecord> Seen)>();
        for (var i = 0; i < 4; i++) readers.Add((journal.ReadAsync(0, Cancel).GetAsyncEnumerator(Cancel), []));
        for (var i = 0; i < readers.Count; i++)
            for (var k = 0; k < i * 60; k++) await StepAsync(readers[i]);
        var sealer = journal.Sealer(options);
        while (sealer.SealOne())
            foreach (var reader in readers.Where(reader => reader.Seen.Count < sent.Count)) await StepAsync(reader);
        foreach (var reader in readers)
        {
            while (reader.Seen.Count < sent.Count) await StepAsync(reader);
            Same(sent, reader.Seen, "reader");
            await reader.Records.DisposeAsync();
        }

        static async Task StepAsync((IAsyncEnumerator<JournalRecord> Records, List<JournalRecord> Seen) reader)
        {
            Assert.True(await reader.Records.MoveNextAsync());
            reader.Seen.Add(reader.Records.Current);
        }
    }

    [Fact]
    public async Task Readers_and_finders_on_other_threads_notice_nothing()
    {
        await using var journal = Open();
        var sent = await FillAsync(journal, 300, tenants: 3);
        using var stop = new CancellationTokenSource();
        var looking = Enumerable.Range(0, 3).Select(seed => Task.Run(
            async () =>
            {
                var random = new Random(seed);
                do
                {
                    var number = random.Next(1, sent.Count + 1);
                    Assert.Equal(sent[number - 1].Payload.ToArray(), journal.Find(number)?.Payload.ToArray());
                    await foreach (var record in journal.ReadAsync(number - 1, Cancel))
                    {
                        Assert.Equal(number, record.Number);
                        Assert.True(record.Payload.Span.SequenceEqual(sent[number - 1].Payload.Span));
                        if (number++ == sent.Count || random.Next(50) == 0) break;
                    }
                }
                while (!stop.IsCancellationRequested);
            }, Cancel)).ToList();
        var sealer = journal.Sealer(options);
        while (sealer.SealOne()) await Task.Yield();
        await stop.CancelAsync();
        await Task.WhenAll(looking);
        Assert.Equal(0, journal.Status().DamagedRecords);
    }

    [Fact]
    public async Task One_span_is_found_with_its_resource_without_putting_the_whole_record_together()
    {
        await using var journal = Open();
        var random = new Random(5);
        var payloads = Enumerable.Range(0, 40).Select(_ => SealedJournal.Request(random, 12, Signal.Traces, 9000)).ToList();
        foreach (var payload in payloads) await journal.AppendAsync([TestJournal.Entry(payload)], Cancel);
        Assert.True(journal.Seal(options) > 0);
        for (var number = 1; number <= journal.Segments.All[0].LastNumber; number++)
        {
            foreach (var span in Callwatch.Receive.Otlp.OtlpSpan.In(payloads[number - 1]))
            {
                var record = journal.FindItems(number, span.Offset)!;
                Assert.Equal(payloads[number - 1].Length, record.Payload.Length);
                Assert.True(Callwatch.Receive.Otlp.OtlpSpan.TryAt(record.Payload.Span, span.Offset, out var found));
                Assert.True(found.Body.SequenceEqual(span.Body) && found.Resource.SequenceEqual(span.Resource) && found.Scope.SequenceEqual(span.Scope));
            }
        }
    }

    [Fact]
    public async Task A_journal_without_its_unsealed_files_goes_on_counting()
    {
        long last;
        Guid epoch;
        await using (var journal = Open())
        {
            epoch = journal.Epoch;
            await FillAsync(journal, 60, tenants: 2);
            journal.Seal(options);
            last = journal.Segments.All.OfType<SealedWindow>().Last().LastNumber;
        }

        foreach (var path in Directory.EnumerateFiles(temp.At("journal"), "*.seg")) File.Delete(path);
        await using (var journal = Open())
        {
            Assert.Equal((epoch, last), (journal.Epoch, journal.Head.Number));
            Assert.Equal(last + 1, await journal.AppendAsync("more"));
        }

        await using (var journal = Open()) Assert.Equal("more", journal.Find(last + 1)!.Text());
    }

    private SegmentJournal Open(Counters? counters = null) => TestJournal.Open(temp.At("journal"), options, time, counters);

    private static async Task<List<JournalEntry>> FillAsync(SegmentJournal journal, int count, int tenants)
    {
        var random = new Random(count);
        var sent = new List<JournalEntry>();
        for (var i = 0; i < count; i++)
        {
            var entry = TestJournal.Entry(SealedJournal.Request(random, 4, Signal.Traces, 3000)) with { TenantId = (i % tenants) + 1, AppId = random.Next(1, 4), ReceivedAt = new Timestamp(i) };
            Assert.IsType<AppendResult.Stored>(await journal.AppendAsync([entry], Cancel));
            sent.Add(entry);
        }

        return sent;
    }

    private static async Task SameAsync(SegmentJournal journal, List<JournalEntry> sent, string when)
    {
        Same(sent, await journal.RecordsAsync(), when);
        for (var number = 1; number <= sent.Count; number += 7) Same([sent[number - 1]], [journal.Find(number)!], when, number);
        if (sent.Count > 10) Same(sent[(sent.Count / 2)..], await journal.RecordsAsync(sent.Count / 2), when, (sent.Count / 2) + 1);
        Assert.Equal((0, 0), (journal.Status().DamagedRecords, journal.Status().DamagedSegments));
    }

    private static void Same(List<JournalEntry> sent, List<JournalRecord> records, string when, long first = 1)
    {
        Assert.True(sent.Count == records.Count, $"{when}: {records.Count} instead of {sent.Count}");
        for (var i = 0; i < sent.Count; i++)
        {
            var (entry, record) = (sent[i], records[i]);
            Assert.Equal(first + i, record.Number);
            Assert.Equal(
                (entry.Signal, entry.TenantId, entry.AppId, entry.KeyId, entry.ReceivedAt, entry.ItemCount),
                (record.Signal, record.TenantId, record.AppId, record.KeyId, record.ReceivedAt, record.ItemCount));
            Assert.True(entry.Payload.Span.SequenceEqual(record.Payload.Span), $"{when}: record {record.Number} has other bytes");
        }
    }

    private sealed class PlacedReader : IJournalReader
    {
        public string Name => "placed";

        public Position? Place { get; set; }
    }
}
