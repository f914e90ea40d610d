using Callwatch.Journal;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Journal;

public sealed class SegmentJournalTests : IDisposable
{
    private readonly TempFolder temp = new();

    private string Folder => temp.At("journal");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task Returns_what_was_appended_also_after_a_restart()
    {
        Guid epoch;
        await using (var journal = TestJournal.Open(Folder))
        {
            epoch = journal.Epoch;
            Assert.Equal((0, 1), (journal.Head.Number, journal.FirstNumber));
            Assert.Equal(1, await journal.AppendAsync("one", "two"));
            Assert.Equal(3, await journal.AppendAsync(""));
            Assert.Equal(["one", "two", ""], (await journal.RecordsAsync()).Select(record => record.Text()));
        }

        await using (var journal = TestJournal.Open(Folder))
        {
            Assert.Equal((epoch, 3), (journal.Epoch, journal.Head.Number));
            Assert.Equal(4, await journal.AppendAsync("four"));
            var records = await journal.RecordsAsync(after: 1);
            Assert.Equal([2, 3, 4], records.Select(record => record.Number));
            Assert.Equal(["two", "", "four"], records.Select(record => record.Text()));
            Assert.Equal("two", journal.Find(2)!.Text());
            Assert.Null(journal.Find(0));
            Assert.Null(journal.Find(5));
        }
    }

    [Fact]
    public async Task Keeps_everything_that_came_with_a_payload()
    {
        var entry = TestJournal.Entry("body") with { Signal = Signal.Logs, TenantId = 7, AppId = 8, KeyId = 9, ItemCount = 10, ReceivedAt = new(1_234_567_890_123_456_789) };
        await using var journal = TestJournal.Open(Folder);
        await journal.AppendAsync([entry], Cancel);
        var record = journal.Find(1)!;
        Assert.Equal(
            (entry.Signal, entry.TenantId, entry.AppId, entry.KeyId, entry.ItemCount, entry.ReceivedAt),
            (record.Signal, record.TenantId, record.AppId, record.KeyId, record.ItemCount, record.ReceivedAt));
        Assert.Equal(entry.ReceivedAt, journal.Status().OldestReceivedAt);
    }

    [Fact]
    public async Task Goes_on_in_a_new_segment_when_one_is_full()
    {
        var texts = Enumerable.Range(1, 200).Select(i => $"{i}:{new string('x', i * 37 % 2000)}").ToList();
        await using (var journal = TestJournal.Open(Folder, TestJournal.Options(4096)))
        {
            foreach (var text in texts) await journal.AppendAsync(text);
            Assert.True(journal.Status().Segments > 20);
            Assert.Equal(texts, (await journal.RecordsAsync()).Select(record => record.Text()));
        }

        await using (var journal = TestJournal.Open(Folder, TestJournal.Options(4096)))
        {
            Assert.Equal(texts, (await journal.RecordsAsync()).Select(record => record.Text()));
            for (var i = 1; i <= texts.Count; i++) Assert.Equal(texts[i - 1], journal.Find(i)!.Text());
        }
    }

    [Fact]
    public async Task A_request_larger_than_a_segment_gets_one_of_its_own_size()
    {
        var large = new string('x', 300_000);
        await using (var journal = TestJournal.Open(Folder, TestJournal.Options(4096)))
        {
            await journal.AppendAsync("small");
            await journal.AppendAsync("a", large, "b");
            await journal.AppendAsync("small again");
        }

        await using (var journal = TestJournal.Open(Folder, TestJournal.Options(4096)))
        {
            Assert.Equal(["small", "a", large, "b", "small again"], (await journal.RecordsAsync()).Select(record => record.Text()));
            Assert.Equal(large, journal.Find(3)!.Text());
        }
    }

    [Fact]
    public async Task Readers_at_the_head_are_woken_by_the_next_record()
    {
        await using var journal = TestJournal.Open(Folder);
        var readers = Enumerable.Range(0, 3).Select(_ => journal.ReadAsync(0, Cancel).GetAsyncEnumerator(Cancel)).ToList();
        for (var i = 1; i <= 5; i++)
        {
            var waiting = readers.Select(reader => reader.MoveNextAsync().AsTask()).ToList();
            Assert.DoesNotContain(waiting, task => task.IsCompleted);
            await journal.AppendAsync($"{i}");
            Assert.All(await Task.WhenAll(waiting), Assert.True);
            Assert.All(readers, reader => Assert.Equal($"{i}", reader.Current.Text()));
        }

        foreach (var reader in readers) await reader.DisposeAsync();
    }

    [Fact]
    public async Task A_waiting_reader_ends_when_it_is_cancelled()
    {
        await using var journal = TestJournal.Open(Folder);
        using var stop = new CancellationTokenSource();
        await using var reader = journal.ReadAsync(0, stop.Token).GetAsyncEnumerator(Cancel);
        var waiting = reader.MoveNextAsync().AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task Many_senders_and_readers_at_once_agree_on_one_order()
    {
        await using var journal = TestJournal.Open(Folder, TestJournal.Options(100_000));
        const int senders = 16, each = 100;
        var readers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var seen = new List<string>();
            await foreach (var record in journal.ReadAsync(0, Cancel))
            {
                Assert.Equal(seen.Count + 1, record.Number);
                Assert.True(record.Number <= journal.Head.Number);
                seen.Add(record.Text());
                if (seen.Count == senders * each) break;
            }

            return seen;
        }, Cancel)).ToList();
        var positions = await Task.WhenAll(Enumerable.Range(0, senders).Select(sender => Task.Run(async () =>
        {
            var own = new List<(long, string)>();
            for (var i = 0; i < each; i++) own.Add((await journal.AppendAsync($"{sender}/{i}/{new string('y', i * 13 % 500)}"), $"{sender}/{i}/{new string('y', i * 13 % 500)}"));
            return own;
        }, Cancel)));
        var expected = positions.SelectMany(own => own).OrderBy(pair => pair.Item1).Select(pair => pair.Item2).ToList();
        Assert.All(await Task.WhenAll(readers), seen => Assert.Equal(expected, seen));
    }

    [Fact]
    public async Task A_second_process_is_told_that_the_folder_is_in_use()
    {
        await using var journal = TestJournal.Open(Folder);
        var refused = Assert.Throws<StartRefusedException>(() => TestJournal.Open(Folder));
        Assert.Equal(new StartRefusal.DataLocked(Folder), refused.Refusal);
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_named()
    {
        File.WriteAllText(temp.At("file"), "");
        var refused = Assert.Throws<StartRefusedException>(() => TestJournal.Open(temp.At("file", "journal")));
        Assert.Equal(temp.At("file", "journal"), Assert.IsType<StartRefusal.DataUnwritable>(refused.Refusal).Folder);
    }

    [Fact]
    public async Task After_draining_nothing_is_let_in_and_all_before_is_stored()
    {
        await using var journal = TestJournal.Open(Folder);
        var before = Enumerable.Range(0, 50).Select(i => journal.AppendAsync([TestJournal.Entry($"{i}")], Cancel).AsTask()).ToList();
        await journal.DrainAsync();
        Assert.All(await Task.WhenAll(before), result => Assert.IsType<AppendResult.Stored>(result));
        Assert.IsType<AppendResult.Unavailable>(await journal.AppendAsync([TestJournal.Entry("late")], Cancel));
        Assert.Equal(50, (await journal.RecordsAsync()).Count);
    }
}
