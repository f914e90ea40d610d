using Callwatch.Journal;
using Callwatch.Store;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Store;

public sealed class StoreReaderTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_acknowledged_is_stored_and_shown_to_whoever_watches()
    {
        using var temp = new TempFolder();
        var journal = new InMemoryJournal();
        await using var store = new RunningStore(temp.Path, journal);
        using var watcher = store.Calls.Subscribe();
        await store.StartAsync(Cancel);
        await journal.AppendAsync([Traces(Chat(1))], Cancel);
        await journal.AppendAsync([Traces(A.Span("GET /").Id(2).With("http.request.method", "GET")), Traces(Chat(3))], Cancel);
        await store.WhenStoredAsync(Cancel);

        var contents = store.Contents();
        Assert.Equal(3, contents.Spans.Count);
        Assert.Equal([1UL, 3UL], contents.Calls.Select(call => call.SpanId.Value).Order());
        Assert.All(contents.Calls, call => Assert.NotNull(call.Call!.Cost.TotalUsd));
        contents.AssertFiguresFollowFromRows();
        Assert.Equal(1UL, (await watcher.Calls.ReadAsync(Cancel)).SpanId.Value);
        Assert.Equal(3UL, (await watcher.Calls.ReadAsync(Cancel)).SpanId.Value);
        var status = store.Progress.Status();
        Assert.Equal((StoreState.Running, 3, 3, 0), (status.State, status.Spans, status.Position!.Value.Number, status.LagSeconds));
    }

    [Fact]
    public async Task A_stop_ends_with_the_batch_and_a_start_goes_on_behind_it()
    {
        using var temp = new TempFolder();
        var journal = new InMemoryJournal();
        for (var round = 1; round <= 3; round++)
        {
            await using var store = new RunningStore(temp.Path, journal);
            await store.StartAsync(Cancel);
            await journal.AppendAsync([Traces(Chat((ulong)round))], Cancel);
            await store.WhenStoredAsync(Cancel);
            Assert.Equal(1, store.Progress.Status().Spans);
            Assert.Equal(round, store.Contents().Calls.Count);
            await store.Reader.StopAsync(Cancel);
            Assert.Equal(new Position(journal.Epoch, round), store.Reader.Place);
        }
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Log_records_join_their_span_whichever_comes_first(bool logsFirst, bool together)
    {
        using var temp = new TempFolder();
        var journal = new InMemoryJournal();
        await using var store = new RunningStore(temp.Path, journal);
        await store.StartAsync(Cancel);
        var logs = RunningStore.Entry(Signal.Logs, A.Logs(
            A.Log("gen_ai.choice").For(1, 1).At(50).Body(new Dictionary<string, object?> { ["finish_reason"] = "stop", ["message"] = new Dictionary<string, object?> { ["content"] = "It is sunny" } }),
            A.Log("gen_ai.user.message").For(1, 1).At(1).Body(new Dictionary<string, object?> { ["content"] = "How is the weather?" })), 2);
        JournalEntry[] entries = logsFirst ? [logs, Traces(Chat(1))] : [Traces(Chat(1)), logs];
        foreach (var part in together ? [entries] : entries.Select(entry => new[] { entry }))
        {
            await journal.AppendAsync(part, Cancel);
            await store.WhenStoredAsync(Cancel);
        }

        var call = Assert.Single(store.Contents().Calls);
        Assert.Contains("How is the weather?", call.InputPreview, StringComparison.Ordinal);
        Assert.Contains("It is sunny", call.OutputPreview, StringComparison.Ordinal);
        Assert.Equal(["stop"], call.Call!.FinishReasons);
        store.Contents().AssertFiguresFollowFromRows();
    }

    [Fact]
    public async Task A_record_that_cannot_be_read_is_counted_and_the_rest_is_stored()
    {
        using var temp = new TempFolder();
        var journal = new InMemoryJournal();
        await using var store = new RunningStore(temp.Path, journal);
        await store.StartAsync(Cancel);
        var cut = A.Traces(Chat(2), Chat(3))[..^20];
        await journal.AppendAsync([Traces(Chat(1)), RunningStore.Entry(Signal.Traces, cut, 2), RunningStore.Entry(Signal.Traces, [0xFF, 0xFF, 0xFF], 1), Traces(Chat(4))], Cancel);
        await store.WhenStoredAsync(Cancel);
        Assert.Contains(1UL, store.Contents().Calls.Select(call => call.SpanId.Value));
        Assert.Contains(4UL, store.Contents().Calls.Select(call => call.SpanId.Value));
        Assert.Equal(2, store.Counters.Total(Reason.RecordUnreadable));
    }

    [Fact]
    public async Task Another_journal_stops_the_store_which_says_so_and_skips_nothing()
    {
        using var temp = new TempFolder();
        var first = new InMemoryJournal();
        await using (var store = new RunningStore(temp.Path, first))
        {
            await store.StartAsync(Cancel);
            await first.AppendAsync([Traces(Chat(1))], Cancel);
            await store.WhenStoredAsync(Cancel);
        }

        var other = new InMemoryJournal();
        await other.AppendAsync([Traces(Chat(7)), Traces(Chat(8))], Cancel);
        await using var again = new RunningStore(temp.Path, other);
        await again.StartAsync(Cancel);
        await Eventually.HoldsAsync(() => again.Progress.State == StoreState.Stopped, "the store has stopped");
        Assert.NotNull(again.Choices.Find("store"));
        var status = again.Progress.Status();
        Assert.Contains("another journal", status.Why, StringComparison.Ordinal);
        Assert.Equal(new Position(first.Epoch, 1), status.Position);
        Assert.Single(again.Contents().Calls);
    }

    [Fact]
    public async Task A_disk_that_fails_for_a_while_loses_nothing()
    {
        using var temp = new TempFolder();
        var journal = new InMemoryJournal();
        await using var store = new RunningStore(temp.Path, journal);
        var failures = 1;
        store.Writer.BeforeCommit = _ =>
        {
            if (failures-- > 0) throw new IOException("No space left on device");
        };
        await store.StartAsync(Cancel);
        await journal.AppendAsync([Traces(Chat(1), Chat(2))], Cancel);
        await store.WhenStoredAsync(Cancel);
        Assert.Equal(2, store.Contents().Calls.Count);
        Assert.Equal(StoreState.Running, store.Progress.Status().State);
    }

    [Fact]
    public async Task A_fault_over_one_record_costs_that_record_alone()
    {
        using var temp = new TempFolder();
        var journal = new InMemoryJournal();
        await journal.AppendAsync([Traces(Chat(1)), Traces(Chat(2)), Traces(Chat(3))], Cancel);
        await using var store = new RunningStore(temp.Path, journal);
        var commits = 0;
        store.Writer.BeforeCommit = _ =>
        {
            // All together, then each alone: the partition and the catalog of the first, then the second fails, and again.
            if (commits++ is 0 or 3 or 4) throw new InvalidOperationException("a fault");
        };
        await store.StartAsync(Cancel);
        await store.WhenStoredAsync(Cancel);
        Assert.Equal([1UL, 3UL], store.Contents().Calls.Select(call => call.SpanId.Value).Order());
        Assert.Equal(1, store.Counters.Total(Reason.RecordUnreadable));
    }

    [Fact]
    public async Task A_fault_that_passes_costs_nothing()
    {
        using var temp = new TempFolder();
        var journal = new InMemoryJournal();
        await journal.AppendAsync([Traces(Chat(1)), Traces(Chat(2)), Traces(Chat(3))], Cancel);
        await using var store = new RunningStore(temp.Path, journal);
        var commits = 0;
        store.Writer.BeforeCommit = _ =>
        {
            if (commits++ is 0 or 3) throw new InvalidOperationException("a fault");
        };
        await store.StartAsync(Cancel);
        await store.WhenStoredAsync(Cancel);
        Assert.Equal([1UL, 2UL, 3UL], store.Contents().Calls.Select(call => call.SpanId.Value).Order());
        Assert.Equal(0, store.Counters.Total(Reason.RecordUnreadable));
    }

    private static JournalEntry Traces(params SpanBuilder[] spans) => RunningStore.Entry(Signal.Traces, A.Traces(spans), spans.Length);

    private static SpanBuilder Chat(ulong id) => A.Span("chat gpt-4o").Id(id).With(
        ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt-4o"),
        ("gen_ai.usage.input_tokens", 100L), ("gen_ai.usage.output_tokens", 20L));
}
