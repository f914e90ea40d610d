using Callwatch.Journal;
using Callwatch.Journal.Writing;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Callwatch.Tests.Journal;

public sealed class PowerCutTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_acknowledged_survives_the_loss_of_all_that_was_not_synced()
    {
        for (var seed = 0; seed < 150; seed++) Assert.True(await LostAsync(seed, syncs: true) == 0, $"seed {seed}");
    }

    [Fact]
    public async Task Without_syncing_this_test_would_find_losses()
    {
        var lost = 0;
        for (var seed = 0; seed < 10; seed++) lost += await LostAsync(seed, syncs: false);
        Assert.True(lost > 0);
    }

    /// <summary>Cuts the power three times on one folder, the later times perhaps while the journal is still being opened; returns how many acknowledged records are gone or share a number.</summary>
    private static async Task<int> LostAsync(int seed, bool syncs)
    {
        using var temp = new TempFolder();
        var random = new Random(seed);
        var acknowledged = new List<(long Number, string Body)>();
        for (var cut = 0; cut < 3; cut++)
        {
            var disk = new PowerCutFiles(random.Next(4, 120), syncs);
            await FillAsync(temp.At("journal"), disk, random, acknowledged);
            disk.Cut(random);
        }

        await using var journal = TestJournal.Open(temp.At("journal"), TestJournal.Options(16 * 1024));
        var found = (await journal.RecordsAsync()).ToDictionary(record => record.Number, record => record.Text());
        return acknowledged.Count(record => !found.TryGetValue(record.Number, out var body) || body != record.Body) + acknowledged.GroupBy(record => record.Number).Count(same => same.Count() > 1);
    }

    private static async Task FillAsync(string folder, PowerCutFiles disk, Random random, List<(long, string)> acknowledged)
    {
        SegmentJournal journal;
        try
        {
            journal = TestJournal.Open(folder, TestJournal.Options(16 * 1024), null, null, disk, new FakeDiskSpace());
        }
        catch (StartRefusedException)
        {
            return;
        }

        await using (journal)
        {
            for (var isOn = true; isOn;)
            {
                var bodies = Enumerable.Range(0, random.Next(1, 6)).Select(_ => new string((char)random.Next('a', 'z'), random.Next(random.Next(6) == 0 ? 6000 : 900))).ToList();
                var results = await Task.WhenAll(bodies.Select(body => journal.AppendAsync([TestJournal.Entry(body)], Cancel).AsTask()));
                foreach (var (result, body) in results.Zip(bodies))
                {
                    isOn &= result is AppendResult.Stored;
                    if (result is AppendResult.Stored stored) acknowledged.Add((stored.First.Number, body));
                }
            }
        }
    }

    [Fact]
    public void A_cursor_that_was_advanced_survives_too()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            using var temp = new TempFolder();
            var (random, epoch) = (new Random(seed), Guid.NewGuid());
            Position? last = null, tried = null;
            var disk = new PowerCutFiles(random.Next(3, 40));
            using (var cursors = Open(disk))
            {
                try
                {
                    for (var number = 1; ; number++)
                    {
                        tried = new Position(epoch, number);
                        Assert.True(cursors.TryAdvance("search", last, tried.Value));
                        last = tried;
                    }
                }
                catch (IOException)
                {
                    disk.Cut(random);
                }
            }

            using (var cursors = Open(DiskFiles.Instance))
            {
                var place = cursors.Find("search");
                Assert.True(place == last || place == tried, $"seed {seed}: {place} instead of {last}");
            }

            FileCursors Open(IJournalFiles files) => new(temp.At("cursors"), files, new Counters(), NullLogger.Instance);
        }
    }
}
