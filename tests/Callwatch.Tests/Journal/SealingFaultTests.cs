using Callwatch.Journal;
using Callwatch.Journal.Retention;
using Callwatch.Journal.Sealing;
using Callwatch.Journal.Writing;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Callwatch.Tests.Journal;

/// <summary>Sealing stopped at each of its steps: by a disk that refuses, by a power cut, by a full disk.</summary>
public sealed class SealingFaultTests : IDisposable
{
    private readonly TempFolder temp = new();
    private readonly JournalOptions options = SealedJournal.Options(8 * 1024, 40 * 1024);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task Whatever_step_of_sealing_the_power_fails_at_every_record_is_there_once()
    {
        var sent = await FillAsync(temp.At("original"));
        var steps = 0;
        for (var isDone = false; !isDone; steps++)
        {
            for (var seed = 0; seed < 3; seed++)
            {
                var folder = Copy("original", $"cut{steps}-{seed}");
                var disk = new PowerCutFiles(steps);
                await using (var journal = TestJournal.Open(folder, options))
                {
                    journal.Seal(options, disk);
                    isDone = journal.Status().SealingError is null;
                    await SameAsync(journal, sent, $"step {steps}, before the cut");
                }

                disk.Cut(new Random((steps * 10) + seed));
                await using (var journal = TestJournal.Open(folder, options))
                {
                    await SameAsync(journal, sent, $"step {steps}, seed {seed}, after the cut");
                    Assert.DoesNotContain(Directory.EnumerateFiles(folder, "*.tmp"), path => !path.EndsWith("next.tmp", StringComparison.Ordinal));
                    journal.Seal(options);
                    Assert.Null(journal.Status().SealingError);
                    await SameAsync(journal, sent, $"step {steps}, seed {seed}, sealed again");
                }

                Directory.Delete(folder, recursive: true);
            }
        }

        Assert.True(steps > 30, $"{steps} steps");
    }

    [Fact]
    public async Task Whatever_step_of_taking_an_app_the_power_fails_at_the_other_apps_are_there_once()
    {
        var sent = await FillAsync(temp.At("original"));
        await using (var journal = TestJournal.Open(temp.At("original"), options)) journal.Seal(options);
        for (var (steps, isDone) = (0, false); !isDone; steps++)
        {
            var folder = Copy("original", $"cut{steps}");
            var (disk, time) = (new PowerCutFiles(steps), new ManualTime(new DateTimeOffset(2026, 9, 21, 14, 0, 0, TimeSpan.Zero) + TimeSpan.FromDays(10)));
            var rules = new KeepRules((_, app) => TimeSpan.FromDays(app == 1 ? 5 : 50), () => TimeSpan.FromDays(5));
            await using (var journal = TestJournal.Open(folder, options, time))
            {
                using var cursors = new FileCursors(temp.At("cursors"), DiskFiles.Instance, new Counters(), NullLogger.Instance);
                new RetentionSweep(journal, options, cursors, [], disk, time, new Counters(), NullLogger.Instance, rules: rules).Run();
                var files = journal.Segments.All.OfType<SealedWindow>().SelectMany(window => window.Files);
                isDone = files.All(file => !file.Directory(file.OpenToRead(), journal.Damage).Apps.Any(app => app.App == 1));
            }

            disk.Cut(new Random(steps));
            await using (var journal = TestJournal.Open(folder, options))
            {
                var first = journal.Segments.All.OfType<Callwatch.Journal.Segments.Segment>().First().FirstNumber;
                var found = (await journal.RecordsAsync()).ToDictionary(record => record.Number);
                for (var i = 0; i < sent.Count; i++)
                {
                    if (sent[i].AppId == 1 && i + 1 < first) Assert.True(!isDone || !found.ContainsKey(i + 1), $"step {steps}: {i + 1} is still there");
                    else Assert.True(found.TryGetValue(i + 1, out var record) && record.Payload.Span.SequenceEqual(sent[i].Payload.Span), $"step {steps}: {i + 1} is missing");
                }

                Assert.Equal((0, 0), (journal.Status().DamagedRecords, journal.Status().DamagedSegments));
            }

            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_full_disk_stops_sealing_leaves_nothing_behind_and_lets_it_go_on_later()
    {
        var (files, space, time) = (new TroubledFiles(), new FakeDiskSpace(), new ManualTime());
        var sent = await FillAsync(temp.At("journal"));
        await using var journal = TestJournal.Open(temp.At("journal"), options, time, null, files, space);
        space.FreeBytes = 1L << 29;
        Assert.Equal(0, journal.Seal(options, files));
        Assert.Contains("room", journal.Status().SealingError, StringComparison.Ordinal);
        Assert.False(journal.Sealing.MayTry);

        space.FreeBytes = 1L << 40;
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.True(journal.Sealing.MayTry);
        var writes = 0;
        files.CutWrite = _ => ++writes == 5 ? 10 : null;
        Assert.Equal(0, journal.Seal(options, files));
        Assert.NotNull(journal.Status().SealingError);
        Assert.Empty(Directory.EnumerateFiles(temp.At("journal"), "*.sealed*"));
        await SameAsync(journal, sent, "after a write that failed");

        files.CutWrite = null;
        Assert.True(journal.Seal(options, files) > 0);
        Assert.Null(journal.Status().SealingError);
        await SameAsync(journal, sent, "sealed");
    }

    [Fact]
    public async Task What_comes_back_otherwise_than_it_was_written_is_not_put_in_place()
    {
        var sent = await FillAsync(temp.At("journal"));
        await using var journal = TestJournal.Open(temp.At("journal"), options);
        Assert.Equal(0, journal.Seal(options, new ForgetfulFiles()));
        Assert.Contains("read back", journal.Status().SealingError, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(temp.At("journal"), "*.sealed*"));
        await SameAsync(journal, sent, "afterwards");
    }

    [Fact]
    public async Task Originals_that_cannot_be_deleted_are_not_seen_twice_and_go_later()
    {
        var sent = await FillAsync(temp.At("journal"));
        var files = new TroubledFiles { DeleteFails = true };
        await using (var journal = TestJournal.Open(temp.At("journal"), options))
        {
            Assert.True(journal.Seal(options, files) > 0);
            Assert.Contains("deleted", journal.Status().SealingError, StringComparison.Ordinal);
            Assert.True(Directory.EnumerateFiles(temp.At("journal"), "*.seg").Count() > 1);
            await SameAsync(journal, sent, "both there");
        }

        var copy = Copy("journal", "copy");
        await using (var journal = TestJournal.Open(copy, options))
        {
            await SameAsync(journal, sent, "after a start");
            Assert.Single(Directory.EnumerateFiles(copy, "*.seg"));
        }
    }

    [Fact]
    public async Task Originals_that_are_still_there_count_when_a_sealed_file_is_lost()
    {
        var sent = await FillAsync(temp.At("journal"));
        var files = new TroubledFiles { DeleteFails = true };
        await using (var journal = TestJournal.Open(temp.At("journal"), options)) journal.Seal(options, files);
        foreach (var path in Directory.EnumerateFiles(temp.At("journal"), "*.t2.*")) await File.WriteAllBytesAsync(path, new byte[100], Cancel);
        await using (var journal = TestJournal.Open(temp.At("journal"), options))
        {
            var records = await journal.RecordsAsync();
            Assert.Equal(sent.Count, records.Count);
            Assert.DoesNotContain(journal.Segments.All, part => part is SealedWindow);
        }
    }

    [Fact]
    public async Task While_a_backup_copies_nothing_is_put_in_place()
    {
        await FillAsync(temp.At("journal"));
        await using var journal = TestJournal.Open(temp.At("journal"), options);
        using var hold = new DataHold();
        var held = hold.Take();
        var pace = new Releasing(() =>
        {
            Assert.Empty(Directory.EnumerateFiles(temp.At("journal"), "*.sealed"));
            held.Dispose();
        });
        Assert.True(new Sealer(journal, options, [], DiskFiles.Instance, TimeProvider.System, pace, NullLogger.Instance, hold).SealOne());
        Assert.Equal(1, pace.Waits);
    }

    private static async Task<List<JournalEntry>> FillAsync(string folder)
    {
        var random = new Random(11);
        var sent = new List<JournalEntry>();
        await using var journal = TestJournal.Open(folder, SealedJournal.Options(8 * 1024, 40 * 1024));
        for (var i = 0; i < 40; i++)
        {
            var entry = TestJournal.Entry(SealedJournal.Request(random, 3, Signal.Traces, 1500)) with { TenantId = (i % 2) + 1, AppId = (i % 3) + 1 };
            Assert.IsType<AppendResult.Stored>(await journal.AppendAsync([entry], Cancel));
            sent.Add(entry);
        }

        return sent;
    }

    private string Copy(string from, string to)
    {
        Directory.CreateDirectory(temp.At(to));
        foreach (var path in Directory.EnumerateFiles(temp.At(from))) File.Copy(path, temp.At(to, Path.GetFileName(path)));
        return temp.At(to);
    }

    private static async Task SameAsync(SegmentJournal journal, List<JournalEntry> sent, string when)
    {
        var records = await journal.RecordsAsync();
        Assert.True(sent.Count == records.Count, $"{when}: {records.Count} instead of {sent.Count}");
        for (var i = 0; i < sent.Count; i++)
        {
            Assert.True(records[i].Number == i + 1 && records[i].TenantId == sent[i].TenantId && records[i].Payload.Span.SequenceEqual(sent[i].Payload.Span), $"{when}: record {i + 1} is another");
            Assert.True(i % 5 > 0 || journal.Find(i + 1)!.Payload.Span.SequenceEqual(sent[i].Payload.Span), $"{when}: record {i + 1} is found as another");
        }

        Assert.Equal((0, 0), (journal.Status().DamagedRecords, journal.Status().DamagedSegments));
    }

    private sealed class Releasing(Action release) : IPace
    {
        public int Waits { get; private set; }

        public void Rest()
        {
        }

        public void Wait()
        {
            Waits++;
            release();
        }
    }

    /// <summary>A disk that loses a byte of what it is given, and does not say so.</summary>
    private sealed class ForgetfulFiles : IJournalFiles
    {
        public IJournalFile Create(string path, long size) => new Forgetful(DiskFiles.Instance.Create(path, size));

        public IJournalFile Open(string path) => DiskFiles.Instance.Open(path);

        public void Rename(string from, string to) => DiskFiles.Instance.Rename(from, to);

        public void Delete(string path) => DiskFiles.Instance.Delete(path);

        public void SyncFolder(string folder) => DiskFiles.Instance.SyncFolder(folder);

        private sealed class Forgetful(IJournalFile file) : IJournalFile
        {
            public void Write(IReadOnlyList<ReadOnlyMemory<byte>> parts, long offset)
            {
                var bytes = parts.SelectMany(part => part.ToArray()).ToArray();
                if (bytes.Length > 400) bytes[300] ^= 4;
                file.Write([bytes], offset);
            }

            public void Sync() => file.Sync();

            public void Truncate(long length) => file.Truncate(length);

            public void Reserve(long length) => file.Reserve(length);

            public void Dispose() => file.Dispose();
        }
    }
}
