using Callwatch.Journal;
using Callwatch.Receive;
using Callwatch.Settle;
using Callwatch.Spans;
using Callwatch.Telemetry;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;
using static Callwatch.Testing.OtlpBytes;

namespace Callwatch.Tests.Settle;

/// <summary>A settler at work over a journal, in a folder that outlives it.</summary>
internal sealed class RunningSettler(SettledLog log, Settler settler, ReaderChoices choices, Counters counters) : IAsyncDisposable
{
    public SettledLog Log => log;

    public Settler Settler => settler;

    public ReaderChoices Choices => choices;

    public Counters Counters => counters;

    public static Task<RunningSettler> StartAsync(
        TempFolder folder, IJournal journal, TimeProvider time, int mostInFile = SettledLog.MostInFile, DataHold? hold = null, params ISettledReaders[] readers) =>
        StartAsync(folder, journal, time, takers: null, mostInFile, hold, readers);

    /// <param name="takers">Who has logs and metrics passed on.</param>
    public static async Task<RunningSettler> StartAsync(
        TempFolder folder, IJournal journal, TimeProvider time, ISignalTakers? takers, int mostInFile = SettledLog.MostInFile, DataHold? hold = null, params ISettledReaders[] readers)
    {
        var log = new SettledLog(Path.Combine(folder.Path, "settled"), mostInFile, hold);
        var (choices, counters) = (new ReaderChoices(journal, NullLogger<ReaderChoices>.Instance), new Counters());
        var settler = new Settler(journal, log, choices, readers, Options.Create(new SettleOptions()), counters, time, NullLogger<Settler>.Instance, takers);
        await settler.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync(() => settler.Status.State != SettleState.Starting, "the settler has begun");
        return new RunningSettler(log, settler, choices, counters);
    }

    public static TraceId TraceOf(int number)
    {
        var bytes = new byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(12), number);
        return TraceId.TryRead(bytes, out var trace) ? trace : throw new InvalidOperationException();
    }

    // The clock goes on until the settler has caught up with it.
    public Task AdvanceUntilAsync(ManualTime time, Func<bool> isSo) => Eventually.HoldsAsync(
        () =>
        {
            time.Advance(TimeSpan.FromMilliseconds(250));
            return isSo();
        },
        "it is settled");

    public Task StopAsync() => settler.StopAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        settler.Dispose();
    }
}

internal static class SettleSending
{
    public static async Task AppendSpansAsync(this IJournal journal, TimeProvider time, params byte[][] spans) => await journal.AppendAsync(
        [TestJournal.Entry(Request(spans), itemCount: spans.Length) with { TenantId = 1, ReceivedAt = Timestamp.From(time.GetUtcNow()) }], TestContext.Current.CancellationToken);
}
