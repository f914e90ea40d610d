using Callwatch.Journal;
using Callwatch.Spans;

namespace Callwatch.Store;

/// <summary>What the store is doing.</summary>
public enum StoreState
{
    /// <summary>Opening its files; nothing is stored yet.</summary>
    Starting,
    Running,

    /// <summary>Storing fails and is tried again; nothing is lost, the lag grows.</summary>
    Failing,

    /// <summary>It does not go on by itself: <see cref="StoreStatus.Why"/> says what a person has to do.</summary>
    Stopped,
}

/// <summary>What System shows of the store.</summary>
/// <param name="Position">The last journal record stored and queryable; null before the first.</param>
/// <param name="LagSeconds">Age of the oldest record that is not stored; 0 at the head.</param>
/// <param name="Spans">Stored since the start.</param>
/// <param name="Why">Set when failing or stopped; fit for System.</param>
public sealed record StoreStatus(StoreState State, Position? Position, long HeadNumber, double LagSeconds, long Spans, long Calls, int Partitions, long SizeBytes, string? Why)
{
    /// <summary>Files that could not be read and were set aside, or have vanished: figures and lists of their days are incomplete.</summary>
    public IReadOnlyList<Partitions.DamagedFile> Damaged { get; init; } = [];
}

/// <summary>How far the store has come; thread-safe.</summary>
public sealed class StoreProgress(IJournal journal, Partitions.StoreFolder folder, TimeProvider time)
{
    private readonly Lock gate = new();
    private TaskCompletionSource moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private StoreState state = StoreState.Starting;
    private string? why;
    private Position? position = folder.Catalog.Position;
    private Position? synced = folder.Catalog.Position is { } known ? known with { Number = folder.Catalog.Synced } : null;
    private Timestamp? waitingSince;
    private long spans;
    private long calls;

    public StoreState State
    {
        get
        {
            lock (gate) return state;
        }
    }

    public StoreStatus Status()
    {
        var head = journal.Head.Number;
        var size = folder.Partitions.Sum(partition => SizeOf(partition.File) + SizeOf(partition.File + "-wal")) + SizeOf(History.HistoryFile.File);
        var damaged = Partitions.DamagedFiles.Of(folder);
        lock (gate)
        {
            var lag = position?.Number >= head ? 0 : Math.Max(0, (time.GetUtcNow() - (waitingSince ?? Timestamp.From(time.GetUtcNow())).ToDateTimeOffset()).TotalSeconds);
            return new StoreStatus(state, position, head, lag, spans, calls, folder.Partitions.Length, size, why) { Damaged = damaged };
        }
    }

    /// <summary>The last journal record stored and queryable; null before the first.</summary>
    public Position? Position
    {
        get
        {
            lock (gate) return position;
        }
    }

    /// <summary>The last one that a power cut cannot take from the store; null before the first.</summary>
    public Position? Synced
    {
        get
        {
            lock (gate) return synced;
        }
    }

    /// <summary>Completes once the journal record of this number is stored and queryable.</summary>
    public async Task ReachedAsync(long number, CancellationToken cancel)
    {
        while (true)
        {
            Task wait;
            lock (gate)
            {
                if (position?.Number >= number) return;
                wait = moved.Task;
            }

            await wait.WaitAsync(cancel);
        }
    }

    /// <summary>A person has chosen where it goes on.</summary>
    internal void MovedTo(Position place)
    {
        lock (gate) (position, synced) = (place, place);
    }

    internal void IsSynced(long number)
    {
        lock (gate) synced = position is { } reached ? reached with { Number = number } : null;
    }

    internal void Is(StoreState now, string? because = null)
    {
        lock (gate) (state, why) = (now, because);
    }

    /// <param name="oldest">When the oldest record that was read but is not stored was received.</param>
    internal void Waits(Timestamp? oldest)
    {
        lock (gate) waitingSince = oldest;
    }

    /// <param name="newest">When the last record was received; those that wait behind it are not older.</param>
    internal void Stored(Position last, Timestamp newest, int newSpans, int newCalls)
    {
        TaskCompletionSource wake;
        var isBehind = last.Number < journal.Head.Number;
        lock (gate)
        {
            position = last;

            // Whoever waited for it sees in the same moment that nothing fails any more.
            (state, why) = (StoreState.Running, null);
            waitingSince = isBehind ? newest : null;
            spans += newSpans;
            calls += newCalls;
            (wake, moved) = (moved, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        wake.SetResult();
    }

    private long SizeOf(string file) => new FileInfo(Path.Combine(folder.Folder, file)) is { Exists: true } found ? found.Length : 0;
}
