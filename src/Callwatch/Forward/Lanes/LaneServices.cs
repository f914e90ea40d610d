using Callwatch.Settle;
using Callwatch.Telemetry;
using Microsoft.Data.Sqlite;

namespace Callwatch.Forward.Lanes;

/// <summary>What lanes share.</summary>
internal sealed record LaneServices(
    ISettledLog Settled, TraceReader Traces, Anchors Anchors, LaneTable Table, DeadLetters Letters, ForwardOptions Options, Counters Counters, Random Chance, TimeProvider Time) : IDisposable
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>Reading back and mapping takes the processor: however many lanes have a backlog, half of it is left to those who send to us.</summary>
    public SemaphoreSlim Work { get; } = new(Math.Max(1, Environment.ProcessorCount / 2));

    public ReadAhead ReadAhead { get; } = new();

    /// <summary>The clock by which what waits expires: for the server one that doubts a leap ahead, for what has expired is never sent.</summary>
    public TimeProvider Age { get; init; } = Time;

    /// <summary>Goes on trying while the disk refuses: beginning again instead would send everything twice.</summary>
    public async Task<T> WrittenAsync<T>(Gate gate, Func<T> write, CancellationToken cancel)
    {
        for (var wait = TimeSpan.FromSeconds(1); ; wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
        {
            try
            {
                return write();
            }
            catch (SqliteException e)
            {
                gate.Note("The data folder cannot be written: " + e.Message, "Make room on the disk; sending goes on by itself, and nothing is lost.");
            }

            await Task.Delay(wait, Time, cancel);
        }
    }

    public void Dispose() => Work.Dispose();
}
