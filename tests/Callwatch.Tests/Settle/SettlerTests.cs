using Callwatch.Journal;
using Callwatch.Receive;
using Callwatch.Settle;
using Callwatch.Spans;
using Callwatch.Testing;
using Xunit;
using static Callwatch.Testing.OtlpBytes;

namespace Callwatch.Tests.Settle;

/// <summary>The settled sequence as its readers see it, over stops at any time.</summary>
public sealed class SettlerTests
{
    private readonly ManualTime time = new();

    [Fact]
    public async Task What_is_complete_becomes_a_revision_and_late_spans_the_next_one()
    {
        using var folder = new TempFolder();
        var journal = new InMemoryJournal();
        await using var running = await RunningSettler.StartAsync(folder, journal, time);
        await journal.AppendSpansAsync(time, Span(1));
        await running.AdvanceUntilAsync(time, () => running.Log.Head == 1);
        await journal.AppendSpansAsync(time, OpenTracesTests.Child(1, 5));
        await running.AdvanceUntilAsync(time, () => running.Log.Head == 2);

        var trace = running.Log.Of(1, RunningSettler.TraceOf(1));
        Assert.Equal([(1L, 1, 1L), (2L, 2, 2L)], trace.Select(revision => (revision.Seq, revision.Revision, revision.LastNumber)));
        Assert.All(trace, revision => Assert.Single(revision.Spans));
    }

    // Longer than any wait a machine can be asked for: 49 days.
    [Fact]
    public async Task A_clock_that_is_put_back_by_years_stops_settling_neither_then_nor_at_the_next_start()
    {
        using var folder = new TempFolder();
        var journal = new InMemoryJournal();
        await using (var running = await RunningSettler.StartAsync(folder, journal, time))
        {
            await journal.AppendSpansAsync(time, Span(1));
            await Eventually.HoldsAsync(() => running.Settler.IsSettled(1, RunningSettler.TraceOf(1), 1, Timestamp.From(time.GetUtcNow())) == false && running.Settler.Status.Read?.Number != 0, "it is open");
            time.Leap(TimeSpan.FromDays(-1_500));
            await running.AdvanceUntilAsync(time, () => running.Log.Head == 1);
            time.Leap(TimeSpan.FromDays(3_000));
            await journal.AppendSpansAsync(time, Span(2));
        }

        time.Leap(TimeSpan.FromDays(-3_000));
        await using var again = await RunningSettler.StartAsync(folder, journal, time);
        await again.AdvanceUntilAsync(time, () => again.Log.Head == 2);
        await journal.AppendSpansAsync(time, Span(3));
        await again.AdvanceUntilAsync(time, () => again.Log.Head == 3);
        Assert.Equal(SettleState.Running, again.Settler.Status.State);
    }

    [Fact]
    public async Task A_trace_is_open_until_it_is_settled_for_good()
    {
        using var folder = new TempFolder();
        var journal = new InMemoryJournal();
        await using var running = await RunningSettler.StartAsync(folder, journal, time);
        Assert.True(running.Settler.IsOpen(1, RunningSettler.TraceOf(1), 1));
        await journal.AppendSpansAsync(time, Span(1));
        await running.AdvanceUntilAsync(time, () => running.Log.Head == 1 && !running.Settler.IsOpen(1, RunningSettler.TraceOf(1), 1));
    }

    [Fact]
    public async Task Log_records_go_with_the_span_they_belong_to()
    {
        using var folder = new TempFolder();
        var journal = new InMemoryJournal();
        await using var running = await RunningSettler.StartAsync(folder, journal, time);
        var log = Message(1, Message(2, Message(2, Text(12, "gen_ai.user.message"), Id(9, 16, 1), Id(10, 8, 1))));
        await journal.AppendAsync([TestJournal.Entry(log, Signal.Logs) with { TenantId = 1, ReceivedAt = Timestamp.From(time.GetUtcNow()) }], TestContext.Current.CancellationToken);
        await journal.AppendSpansAsync(time, Span(1));
        await running.AdvanceUntilAsync(time, () => running.Log.Head == 1);
        Assert.Equal(1, Assert.Single(Assert.Single(running.Log.Of(1, RunningSettler.TraceOf(1))).Logs).Number);
    }

    [Fact]
    public async Task A_judgement_that_comes_when_its_span_was_settled_is_a_revision_of_its_own()
    {
        using var folder = new TempFolder();
        var journal = new InMemoryJournal();
        await using var running = await RunningSettler.StartAsync(folder, journal, time);
        await journal.AppendSpansAsync(time, Span(1));
        await running.AdvanceUntilAsync(time, () => running.Log.Head == 1);
        await JudgeAsync(journal, trace: 7);
        await JudgeAsync(journal, trace: 1);
        await running.AdvanceUntilAsync(time, () => running.Log.Head == 2);
        var judged = running.Log.Of(1, RunningSettler.TraceOf(1))[1];
        Assert.Empty(judged.Spans);
        Assert.Equal(3, Assert.Single(judged.Logs).Number);

        // One of a trace that never came is nobody's.
        await journal.AppendSpansAsync(time, Span(2));
        await running.AdvanceUntilAsync(time, () => running.Log.Head == 3);
        Assert.Empty(running.Log.Of(1, RunningSettler.TraceOf(7)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whenever_it_stops_every_span_is_carried_once_and_the_sequence_has_no_gap(int seed)
    {
        using var folder = new TempFolder();
        var dice = new Random(seed);
        var journal = new InMemoryJournal();
        var running = await RunningSettler.StartAsync(folder, journal, time, mostInFile: 20);
        var sent = 0;
        for (var round = 0; round < 40; round++)
        {
            for (var i = dice.Next(4); i > 0; i--) await journal.AppendSpansAsync(time, [.. Enumerable.Range(0, dice.Next(1, 5)).Select(_ => RandomSpan(dice, ref sent))]);
            time.Advance(TimeSpan.FromMilliseconds(dice.Next(1, 3_000)));
            if (dice.Next(4) != 0) continue;
            await running.DisposeAsync();
            running = await RunningSettler.StartAsync(folder, journal, time, mostInFile: 20);
        }

        await running.AdvanceUntilAsync(time, () => CarriedBy(running.Log).Count == sent);
        var seqs = new List<long>();
        await foreach (var page in running.Log.PagesAsync(1, 0, TestContext.Current.CancellationToken))
        {
            seqs.AddRange(page.Revisions.Select(revision => revision.Seq));
            if (page.Through == running.Log.Head) break;
        }

        Assert.Equal(Enumerable.Range(1, seqs.Count).Select(number => (long)number), seqs);
        Assert.Equal(sent, CarriedBy(running.Log).Distinct().Count());
        for (var trace = 1; trace <= 10; trace++)
            Assert.Equal(Enumerable.Range(1, running.Log.Of(1, RunningSettler.TraceOf(trace)).Count), running.Log.Of(1, RunningSettler.TraceOf(trace)).Select(revision => revision.Revision));
        await running.DisposeAsync();
    }

    [Fact]
    public async Task A_sequence_made_from_another_journal_stops_and_says_so()
    {
        using var folder = new TempFolder();
        var journal = new InMemoryJournal();
        await using (var running = await RunningSettler.StartAsync(folder, journal, time))
        {
            await journal.AppendSpansAsync(time, Span(1));
            await running.AdvanceUntilAsync(time, () => running.Log.Head == 1);
        }

        await using var other = await RunningSettler.StartAsync(folder, new InMemoryJournal(), time);
        await Eventually.HoldsAsync(() => other.Settler.Status.State == SettleState.Stopped, "it stops");
        Assert.Contains("another journal", other.Settler.Status.Why, StringComparison.Ordinal);
        Assert.Equal(PlaceStanding.OtherEpoch, other.Choices.Find("settle")!.Standing);
        Assert.Null(other.Settler.IsSettled(1, RunningSettler.TraceOf(1), 1, default));
    }

    [Fact]
    public async Task A_person_lets_it_go_on_in_another_journal_and_numbers_go_on_too()
    {
        using var folder = new TempFolder();
        var journal = new InMemoryJournal();
        await using (var running = await RunningSettler.StartAsync(folder, journal, time))
        {
            await journal.AppendSpansAsync(time, Span(1));
            await running.AdvanceUntilAsync(time, () => running.Log.Head == 1);
        }

        var next = new InMemoryJournal();
        await next.AppendSpansAsync(time, Span(2));
        await using var other = await RunningSettler.StartAsync(folder, next, time);
        await Eventually.HoldsAsync(() => other.Choices.Find("settle") is not null, "it waits");
        Assert.IsType<GoOnAnswer.GoesOn>(other.Choices.Choose("settle", new GoOn.AtFirst(), "Key 1"));
        await other.AdvanceUntilAsync(time, () => other.Log.Head == 2);
        Assert.Equal(2, Assert.Single(other.Log.Of(1, RunningSettler.TraceOf(2))).Seq);
        Assert.Equal(SettleState.Running, other.Settler.Status.State);
        Assert.Equal(new Position(next.Epoch, 1), other.Settler.Status.Read);
    }

    [Fact]
    public async Task A_trace_is_settled_for_those_who_ask_once_it_is_durable_and_open_again_when_more_comes()
    {
        using var folder = new TempFolder();
        var journal = new InMemoryJournal();
        await using var running = await RunningSettler.StartAsync(folder, journal, time);
        var trace = RunningSettler.TraceOf(1);
        await journal.AppendSpansAsync(time, Span(1));
        var at = Timestamp.From(time.GetUtcNow());
        await Eventually.HoldsAsync(() => running.Settler.IsSettled(1, trace, 1, at) == false, "it is open");
        await running.AdvanceUntilAsync(time, () => running.Settler.IsSettled(1, trace, 1, at) == true);
        Assert.Equal(1, running.Log.Head);
        await journal.AppendSpansAsync(time, OpenTracesTests.Child(1, 5));
        await Eventually.HoldsAsync(() => running.Settler.IsSettled(1, trace, 2, Timestamp.From(time.GetUtcNow())) == false, "it is open again");
    }

    private async Task JudgeAsync(InMemoryJournal journal, int trace)
    {
        var log = Message(1, Message(2, Message(2, Text(12, "gen_ai.evaluation.result"), Id(9, 16, trace), Id(10, 8, trace))));
        await journal.AppendAsync([TestJournal.Entry(log, Signal.Logs) with { TenantId = 1, ReceivedAt = Timestamp.From(time.GetUtcNow()) }], TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task What_is_passed_on_as_it_came_is_passed_on_once_whatever_trace_was_open_at_a_stop()
    {
        using var folder = new TempFolder();
        var journal = new InMemoryJournal();
        await using (var running = await RunningSettler.StartAsync(folder, journal, time, new Metrics()))
        {
            await journal.AppendSpansAsync(time, OpenTracesTests.Child(1, 5));
            for (var i = 0; i < 3; i++)
                await journal.AppendAsync([TestJournal.Entry(new byte[] { 10, 0 }, Signal.Metrics) with { TenantId = 1, ReceivedAt = Timestamp.From(time.GetUtcNow()) }], TestContext.Current.CancellationToken);

            // In small steps: the trace has to be open still. Where the settler hardly gets a turn it may be over all the same, and is told apart below.
            await Eventually.HoldsAsync(
                () =>
                {
                    time.Advance(TimeSpan.FromMilliseconds(10));
                    return running.Log.Head >= 3;
                },
                "all three are passed on");
        }

        await using var again = await RunningSettler.StartAsync(folder, journal, time, new Metrics());
        await again.AdvanceUntilAsync(time, () => again.Log.Of(1, RunningSettler.TraceOf(1)).Count == 1);
        Assert.Equal([2, 3, 4], again.Log.Page(1, 0).Revisions.Where(revision => revision.Reason == SettleReason.PassedOn).Select(revision => revision.FirstNumber));
        Assert.Equal(4, again.Log.Head);
    }

    private sealed class Metrics : ISignalTakers
    {
        public bool Take(Signal signal, int tenantId, int? appId) => signal == Signal.Metrics;
    }

    private static byte[] RandomSpan(Random dice, ref int sent)
    {
        sent++;
        var trace = dice.Next(1, 11);
        return dice.Next(5) == 0 ? Join(Id(1, 16, trace), Id(2, 8, 1000 + sent), Text(5, "root"), Fixed64(7, Start), Fixed64(8, Start + 1)) : OpenTracesTests.Child(trace, 1000 + sent);
    }

    private static List<SettledPlace> CarriedBy(SettledLog log) => [.. Enumerable.Range(1, 10).SelectMany(trace => log.Of(1, RunningSettler.TraceOf(trace))).SelectMany(revision => revision.Spans)];
}
