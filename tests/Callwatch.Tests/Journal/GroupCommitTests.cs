using Callwatch.Journal;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Journal;

public sealed class GroupCommitTests : IDisposable
{
    private readonly TempFolder temp = new();
    private readonly TroubledFiles files = new();
    private readonly SemaphoreSlim inSync = new(0);
    private readonly SemaphoreSlim letGo = new(0);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        temp.Dispose();
        inSync.Dispose();
        letGo.Dispose();
    }

    [Fact]
    public async Task All_that_comes_during_a_sync_shares_the_next_one()
    {
        await using var journal = Open();
        var (first, late) = await HoldASync(journal, 63);
        Assert.DoesNotContain(late, task => task.IsCompleted);
        Assert.Equal(0, journal.Head.Number);
        Release(syncs: 2);
        await Task.WhenAll([first, .. late]);
        Assert.Equal((2, 64), (files.RecordSyncs, journal.Head.Number));
    }

    [Fact]
    public async Task Nothing_is_seen_before_it_is_synced()
    {
        await using var journal = Open();
        var (first, _) = await HoldASync(journal, 0);
        Assert.Equal((0, null), (journal.Head.Number, journal.Find(1)));
        await using var reader = journal.ReadAsync(0, Cancel).GetAsyncEnumerator(Cancel);
        var next = reader.MoveNextAsync().AsTask();
        Assert.False(next.IsCompleted);
        Release(syncs: 1);
        await first;
        Assert.True(await next);
    }

    [Fact]
    public async Task A_full_queue_says_busy_by_count()
    {
        var options = TestJournal.Options();
        options.QueueCount = 3;
        await using var journal = Open(options);
        var (first, late) = await HoldASync(journal, 2);
        Assert.IsType<AppendResult.Busy>(await journal.AppendAsync([TestJournal.Entry("4")], Cancel));
        Release(syncs: 2);
        await Task.WhenAll([first, .. late]);
        Release(syncs: 1);
        await journal.AppendAsync("5");
        Assert.Equal(["0", "1", "2", "5"], (await journal.RecordsAsync()).Select(record => record.Text()));
    }

    [Fact]
    public async Task A_full_queue_says_busy_by_bytes_but_takes_a_single_larger_request_when_empty()
    {
        var options = TestJournal.Options();
        options.QueueBytes = 1000;
        await using var journal = Open(options);
        var large = journal.AppendAsync(new string('x', 5000));
        await inSync.WaitAsync(Cancel);
        Assert.IsType<AppendResult.Busy>(await journal.AppendAsync([TestJournal.Entry("small")], Cancel));
        Release(syncs: 2);
        await large;
        await journal.AppendAsync("small");
    }

    [Fact]
    public async Task A_sender_that_leaves_while_waiting_is_not_stored()
    {
        await using var journal = Open();
        var (first, _) = await HoldASync(journal, 0);
        using var leave = new CancellationTokenSource();
        var left = journal.AppendAsync([TestJournal.Entry("gone")], leave.Token).AsTask();
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        Release(syncs: 2);
        await first;
        await journal.AppendAsync("next");
        Assert.Equal(["0", "next"], (await journal.RecordsAsync()).Select(record => record.Text()));
        Assert.Equal(0, journal.Status().Waiting);
    }

    [Fact]
    public async Task A_sender_that_leaves_while_being_written_still_waits_for_its_answer()
    {
        await using var journal = Open();
        using var leave = new CancellationTokenSource();
        var written = journal.AppendAsync([TestJournal.Entry("kept")], leave.Token).AsTask();
        await inSync.WaitAsync(Cancel);
        await leave.CancelAsync();
        Assert.False(written.IsCompleted);
        Release(syncs: 1);
        Assert.IsType<AppendResult.Stored>(await written);
    }

    private SegmentJournal Open(JournalOptions? options = null)
    {
        files.OnSync = () =>
        {
            inSync.Release();
            letGo.Wait(Cancel);
        };
        return TestJournal.Open(temp.At("journal"), options, null, null, files, new FakeDiskSpace());
    }

    /// <summary>Appends "0", waits until its sync is under way, and appends more.</summary>
    private async Task<(Task First, List<Task> Late)> HoldASync(SegmentJournal journal, int more)
    {
        var first = journal.AppendAsync("0");
        await inSync.WaitAsync(Cancel);
        return (first, [.. Enumerable.Range(1, more).Select(i => (Task)journal.AppendAsync($"{i}"))]);
    }

    private void Release(int syncs) => letGo.Release(syncs);
}
