using Callwatch.Forward;
using Callwatch.Journal;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Forward;

/// <summary>Reading back what has been sealed meanwhile: many records together, when somebody goes through them.</summary>
public sealed class RecentRecordsTests
{
    private readonly InMemoryJournal journal = new();
    private readonly Together together;

    public RecentRecordsTests() => together = new Together(journal);

    [Fact]
    public async Task Who_goes_through_the_journal_has_it_read_on_and_every_record_is_the_same_as_by_itself()
    {
        await FillAsync(1_000);
        var records = new RecentRecords(together, most: 1_000, ahead: 10_000);
        for (var number = 1; number <= 1_000; number++) Assert.Equal(journal.Find(number)!.Payload.ToArray(), records.Find(number, 1)!.Payload.ToArray());
        Assert.Equal(3, together.Alone);
        Assert.InRange(together.ReadOn, 9, 12);
    }

    [Fact]
    public async Task Who_leaps_about_has_single_records_read()
    {
        await FillAsync(3_000);
        var records = new RecentRecords(together, most: 1_000, ahead: 10_000);
        for (var i = 1; i <= 200; i++) Assert.NotNull(records.Find((i * 997 % 3_000) + 1, 1));
        Assert.Equal((200, 0), (together.Alone, together.ReadOn));
    }

    [Fact]
    public async Task Two_who_stand_far_apart_never_have_it_read_on_in_vain_more_than_now_and_then()
    {
        await FillAsync(3_000);
        var records = new RecentRecords(together, most: 1_000, ahead: 10_000);
        for (var i = 1; i <= 500; i++)
        {
            Assert.Equal(i, records.Find(i, 1)!.Number);
            Assert.Equal(2_000 + i, records.Find(2_000 + i, 1)!.Number);
        }

        Assert.InRange(together.ReadOn, 1, 30);
    }

    [Fact]
    public async Task A_backlog_is_read_on_through_one_piece_of_memory_and_what_was_handed_out_stays_as_it_was()
    {
        await FillAsync(1_000);
        var records = new RecentRecords(together, most: 1_000, ahead: 10_050);
        var found = new List<JournalRecord>();
        for (var number = 1; number <= 1_000; number++) found.Add(records.Find(number, 1)!);
        Assert.Single(together.Memories);
        Assert.All(found, record => Assert.Equal(journal.Find(record.Number)!.Payload.ToArray(), record.Payload.ToArray()));
    }

    [Fact]
    public async Task What_was_read_on_for_one_is_not_written_over_for_another_who_stands_elsewhere()
    {
        await FillAsync(3_000);
        var records = new RecentRecords(together, most: 1_000, ahead: 10_000);
        var found = new List<JournalRecord>();
        for (var i = 1; i <= 900; i++)
        {
            found.Add(records.Find(i, 1)!);
            if (i % 3 == 0) found.Add(records.Find(1_500 + i, 1)!);
            if (i % 50 == 0) found.Add(records.Find(i - 40, 1)!);
        }

        Assert.InRange(together.ReadOn, 2, 1_000);
        Assert.All(found, record => Assert.Equal(journal.Find(record.Number)!.Payload.ToArray(), record.Payload.ToArray()));
    }

    [Fact]
    public async Task Many_who_go_through_the_journal_at_once_each_get_what_was_recorded()
    {
        await FillAsync(2_000);
        var records = new RecentRecords(together, most: 1_000, ahead: 10_000);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(reader => Task.Run(() =>
        {
            for (var number = 1 + (reader * 7); number <= 2_000; number++)
                Assert.Equal(journal.Find(number)!.Payload.ToArray(), records.Find(number, 1)!.Payload.ToArray());
        })));
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        await FillAsync(5);
        var records = new RecentRecords(together, most: 1_000, ahead: 10_000);
        for (var number = 1; number <= 5; number++) Assert.NotNull(records.Find(number, 1));
        Assert.Null(records.Find(6, 1));
        Assert.Null(records.Find(0, 1));
    }

    private async Task FillAsync(int count)
    {
        for (var i = 0; i < count; i++) await journal.AppendAsync([TestJournal.Entry(BitConverter.GetBytes(i).Concat(new byte[96]).ToArray()) with { TenantId = 1 }], TestContext.Current.CancellationToken);
    }

    /// <summary>A journal of which all is sealed.</summary>
    private sealed class Together(IJournal journal) : IJournal
    {
        private int alone;
        private int readOn;

        public int Alone => alone;

        public int ReadOn => readOn;

        public Guid Epoch => journal.Epoch;

        public Position Head => journal.Head;

        public long FirstNumber => journal.FirstNumber;

        public ValueTask<AppendResult> AppendAsync(IReadOnlyList<JournalEntry> entries, CancellationToken cancel) => journal.AppendAsync(entries, cancel);

        public IAsyncEnumerable<JournalRecord> ReadAsync(long after, CancellationToken cancel) => journal.ReadAsync(after, cancel);

        public JournalRecord? Find(long number)
        {
            Interlocked.Increment(ref alone);
            return journal.Find(number);
        }

        public HashSet<byte[]> Memories { get; } = [];

        public IReadOnlyList<JournalRecord> FindOn(long number, int tenantId, long mostBytes, Func<byte[]>? memory = null)
        {
            Interlocked.Increment(ref readOn);
            var into = memory?.Invoke();
            if (into is not null)
            {
                lock (Memories) Memories.Add(into);
                Array.Fill(into, (byte)0xEE);
            }

            List<JournalRecord> found = [];
            for (long bytes = 0; bytes < mostBytes && journal.Find(number) is { } record; number++, bytes += record.Payload.Length)
                found.Add(into is null ? record : Put(record, into, (int)bytes));
            return found;
        }

        // What has no room has memory of its own.
        private static JournalRecord Put(JournalRecord record, byte[] into, int at)
        {
            if (at + record.Payload.Length > into.Length) return record with { Payload = record.Payload.ToArray() };
            record.Payload.CopyTo(into.AsMemory(at));
            return record with { Payload = into.AsMemory(at, record.Payload.Length) };
        }

        public JournalStatus Status() => journal.Status();
    }
}
