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
        public int Alone { get; private set; }

        public int ReadOn { get; private set; }

        public Guid Epoch => journal.Epoch;

        public Position Head => journal.Head;

        public long FirstNumber => journal.FirstNumber;

        public ValueTask<AppendResult> AppendAsync(IReadOnlyList<JournalEntry> entries, CancellationToken cancel) => journal.AppendAsync(entries, cancel);

        public IAsyncEnumerable<JournalRecord> ReadAsync(long after, CancellationToken cancel) => journal.ReadAsync(after, cancel);

        public JournalRecord? Find(long number)
        {
            Alone++;
            return journal.Find(number);
        }

        public IReadOnlyList<JournalRecord> FindOn(long number, int tenantId, long mostBytes)
        {
            ReadOn++;
            List<JournalRecord> found = [];
            for (long bytes = 0; bytes < mostBytes && journal.Find(number) is { } record; number++, bytes += record.Payload.Length) found.Add(record);
            return found;
        }

        public JournalStatus Status() => journal.Status();
    }
}
