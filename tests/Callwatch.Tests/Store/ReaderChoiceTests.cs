using Callwatch.Journal;
using Callwatch.Store;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Store;

public sealed class ReaderChoiceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("first", new ulong[] { 1, 2, 7, 8 }, 0)]
    [InlineData("head", new ulong[] { 1, 2 }, 2)]
    [InlineData("2", new ulong[] { 1, 2, 8 }, 1)]
    public async Task A_store_of_another_journal_goes_on_where_a_person_says_and_keeps_what_it_has(string at, ulong[] expected, long after)
    {
        using var temp = new TempFolder();
        await FillAsync(temp.Path, Chat(1), Chat(2));
        var other = new InMemoryJournal();
        await other.AppendAsync([Traces(Chat(7)), Traces(Chat(8))], Cancel);
        for (var start = 0; start < 2; start++)
        {
            // The second start goes on by itself: the choice was made durable.
            await using var store = new RunningStore(temp.Path, other);
            await store.StartAsync(Cancel);
            if (start == 0)
            {
                await Eventually.HoldsAsync(() => store.Choices.Find("store") is { Standing: PlaceStanding.OtherEpoch }, "the store waits");
                Assert.Equal(new GoOnAnswer.GoesOn(new Position(other.Epoch, after)), store.Choices.Choose("store", GoOn.Parse(at)!, "Key 1"));
            }

            await Eventually.HoldsAsync(() => store.Progress.Status() is { State: StoreState.Running, Position: { } place } && place == other.Head, "the store goes on");
            Assert.Equal(expected, store.Contents().Calls.Select(call => call.SpanId.Value).Order());
            store.Contents().AssertFiguresFollowFromRows();
        }
    }

    [Fact]
    public async Task A_reader_waits_beyond_the_head_and_only_for_what_the_journal_holds()
    {
        var journal = new InMemoryJournal();
        await journal.AppendAsync([Traces(Chat(1))], Cancel);
        var choices = new ReaderChoices(journal, Microsoft.Extensions.Logging.Abstractions.NullLogger<ReaderChoices>.Instance);
        var why = "";
        var begin = choices.BeginAsync("lane", new Position(journal.Epoch, 5), words => why = words, Cancel);
        Assert.Equal(PlaceStanding.BeyondHead, choices.Find("lane")!.Standing);
        Assert.Contains("readers continue lane", why, StringComparison.Ordinal);
        Assert.Equal(new GoOnAnswer.OutOfRange(1, 1), choices.Choose("lane", new GoOn.At(3), "Key 1"));
        Assert.IsType<GoOnAnswer.NotWaiting>(choices.Choose("store", new GoOn.AtHead(), "Key 1"));
        Assert.IsType<GoOnAnswer.GoesOn>(choices.Choose("lane", new GoOn.AtHead(), "Key 1"));
        Assert.Equal(new ReaderBeginning(journal.Head, Chosen: true), await begin);
        Assert.Empty(choices.Waiting);
        Assert.IsType<GoOnAnswer.NotWaiting>(choices.Choose("lane", new GoOn.AtHead(), "Key 1"));
    }

    [Fact]
    public async Task A_place_within_the_journal_needs_nobody()
    {
        var journal = new InMemoryJournal();
        await journal.AppendAsync([Traces(Chat(1))], Cancel);
        var choices = new ReaderChoices(journal, Microsoft.Extensions.Logging.Abstractions.NullLogger<ReaderChoices>.Instance);
        Assert.Equal(new ReaderBeginning(journal.Head, Chosen: false), await choices.BeginAsync("store", journal.Head, _ => Assert.Fail("It need not wait."), Cancel));
        Assert.Equal(new ReaderBeginning(new Position(journal.Epoch, 0), Chosen: false), await choices.BeginAsync("store", null, _ => Assert.Fail("It need not wait."), Cancel));
    }

    private static async Task FillAsync(string folder, params SpanBuilder[] spans)
    {
        var journal = new InMemoryJournal();
        await using var store = new RunningStore(folder, journal);
        await store.StartAsync(Cancel);
        foreach (var span in spans) await journal.AppendAsync([Traces(span)], Cancel);
        await store.WhenStoredAsync(Cancel);
    }

    private static JournalEntry Traces(params SpanBuilder[] spans) => RunningStore.Entry(Signal.Traces, A.Traces(spans), spans.Length);

    private static SpanBuilder Chat(ulong id) => A.Span("chat gpt-4o").Trace(new Callwatch.Spans.TraceId(1, id)).Id(id).With(
        ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt-4o"),
        ("gen_ai.usage.input_tokens", 100L), ("gen_ai.usage.output_tokens", 20L));
}
