using Callwatch.Journal;
using Callwatch.Settle;
using Callwatch.Spans;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
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
        await using var running = await Running.StartAsync(folder, journal, time);
        await AppendAsync(journal, Span(1));
        await running.AdvanceUntilAsync(time, () => running.Log.Head == 1);
        await AppendAsync(journal, OpenTracesTests.Child(1, 5));
        await running.AdvanceUntilAsync(time, () => running.Log.Head == 2);

        var trace = running.Log.Of(1, TraceOf(1));
        Assert.Equal([(1L, 1, 1L), (2L, 2, 2L)], trace.Select(revision => (revision.Seq, revision.Revision, revision.LastNumber)));
        Assert.All(trace, revision => Assert.Single(revision.Spans));
    }

    [Fact]
    public async Task A_trace_is_open_until_it_is_settled_for_good()
    {
        using var folder = new TempFolder();
        var journal = new InMemoryJournal();
        await using var running = await Running.StartAsync(folder, journal, time);
        Assert.True(running.Settler.IsOpen(1, TraceOf(1), 1));
        await AppendAsync(journal, Span(1));
        await running.AdvanceUntilAsync(time, () => running.Log.Head == 1 && !running.Settler.IsOpen(1, TraceOf(1), 1));
    }

    [Fact]
    public async Task Log_records_go_with_the_span_they_belong_to()
    {
        using var folder = new TempFolder();
        var journal = new InMemoryJournal();
        await using var running = await Running.StartAsync(folder, journal, time);
        var log = Message(1, Message(2, Message(2, Text(12, "gen_ai.user.message"), Id(9, 16, 1), Id(10, 8, 1))));
        await journal.AppendAsync([TestJournal.Entry(log, Signal.Logs) with { TenantId = 1 }], TestContext.Current.CancellationToken);
        await AppendAsync(journal, Span(1));
        await running.AdvanceUntilAsync(time, () => running.Log.Head == 1);
        Assert.Equal(1, Assert.Single(Assert.Single(running.Log.Of(1, TraceOf(1))).Logs).Number);
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
        var running = await Running.StartAsync(folder, journal, time, mostInFile: 20);
        var sent = 0;
        for (var round = 0; round < 40; round++)
        {
            for (var i = dice.Next(4); i > 0; i--) await AppendAsync(journal, [.. Enumerable.Range(0, dice.Next(1, 5)).Select(_ => RandomSpan(dice, ref sent))]);
            time.Advance(TimeSpan.FromMilliseconds(dice.Next(1, 3_000)));
            if (dice.Next(4) != 0) continue;
            await running.DisposeAsync();
            running = await Running.StartAsync(folder, journal, time, mostInFile: 20);
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
            Assert.Equal(Enumerable.Range(1, running.Log.Of(1, TraceOf(trace)).Count), running.Log.Of(1, TraceOf(trace)).Select(revision => revision.Revision));
        await running.DisposeAsync();
    }

    [Fact]
    public async Task A_sequence_made_from_another_journal_stops_and_says_so()
    {
        using var folder = new TempFolder();
        var journal = new InMemoryJournal();
        await using (var running = await Running.StartAsync(folder, journal, time))
        {
            await AppendAsync(journal, Span(1));
            await running.AdvanceUntilAsync(time, () => running.Log.Head == 1);
        }

        await using var other = await Running.StartAsync(folder, new InMemoryJournal(), time);
        await Eventually.HoldsAsync(() => other.Settler.Status.State == SettleState.Stopped, "it stops");
        Assert.Contains("another journal", other.Settler.Status.Why, StringComparison.Ordinal);
    }

    private static byte[] RandomSpan(Random dice, ref int sent)
    {
        sent++;
        var trace = dice.Next(1, 11);
        return dice.Next(5) == 0 ? Join(Id(1, 16, trace), Id(2, 8, 1000 + sent), Text(5, "root"), Fixed64(7, Start), Fixed64(8, Start + 1)) : OpenTracesTests.Child(trace, 1000 + sent);
    }

    private static List<SettledPlace> CarriedBy(SettledLog log) => [.. Enumerable.Range(1, 10).SelectMany(trace => log.Of(1, TraceOf(trace))).SelectMany(revision => revision.Spans)];

    private static TraceId TraceOf(int number)
    {
        var bytes = new byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(12), number);
        return TraceId.TryRead(bytes, out var trace) ? trace : throw new InvalidOperationException();
    }

    private async Task AppendAsync(InMemoryJournal journal, params byte[][] spans) => await journal.AppendAsync(
        [TestJournal.Entry(Request(spans), itemCount: spans.Length) with { TenantId = 1, ReceivedAt = Timestamp.From(time.GetUtcNow()) }], TestContext.Current.CancellationToken);

    private sealed class Running(SettledLog log, Settler settler) : IAsyncDisposable
    {
        public SettledLog Log => log;

        public Settler Settler => settler;

        public static async Task<Running> StartAsync(TempFolder folder, IJournal journal, TimeProvider time, int mostInFile = SettledLog.MostInFile)
        {
            var log = new SettledLog(Path.Combine(folder.Path, "settled"), mostInFile);
            var settler = new Settler(journal, log, Options.Create(new SettleOptions()), time, NullLogger<Settler>.Instance);
            await settler.StartAsync(TestContext.Current.CancellationToken);
            await Eventually.HoldsAsync(() => settler.Status.State != SettleState.Starting, "the settler has begun");
            return new Running(log, settler);
        }

        // The clock goes on until the settler has caught up with it.
        public Task AdvanceUntilAsync(ManualTime time, Func<bool> isSo) => Eventually.HoldsAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(250));
                return isSo();
            },
            "it is settled");

        public async ValueTask DisposeAsync()
        {
            await settler.StopAsync(CancellationToken.None);
            settler.Dispose();
        }
    }
}
