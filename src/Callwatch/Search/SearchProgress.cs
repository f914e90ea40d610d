using Callwatch.Journal;
using Callwatch.Spans;

namespace Callwatch.Search;

/// <summary>What the index is doing.</summary>
public enum SearchState
{
    Off,
    Starting,
    Running,

    /// <summary>Indexing fails and is tried again; nothing is lost, the lag grows.</summary>
    Failing,

    /// <summary>It does not go on by itself: <see cref="SearchStatus.Why"/> says what a person has to do.</summary>
    Stopped,
}

/// <summary>What System shows of the index.</summary>
/// <param name="Position">The last journal record whose words are found; null before the first.</param>
/// <param name="LagSeconds">Age of the oldest record that is not indexed; 0 at the head.</param>
/// <param name="Why">Set when failing or stopped; fit for System.</param>
public sealed record SearchStatus(SearchState State, Position? Position, long HeadNumber, double LagSeconds, string? Why);

/// <summary>How far the index has come; thread-safe.</summary>
public sealed class SearchProgress(IJournal journal, TimeProvider time)
{
    private readonly Lock gate = new();
    private TaskCompletionSource moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SearchState state = SearchState.Starting;
    private string? why;
    private Position? position;
    private Timestamp? waitingSince;

    public SearchStatus Status()
    {
        var head = journal.Head.Number;
        lock (gate)
        {
            var lag = state == SearchState.Off || position?.Number >= head ? 0
                : Math.Max(0, (time.GetUtcNow() - (waitingSince ?? Timestamp.From(time.GetUtcNow())).ToDateTimeOffset()).TotalSeconds);
            return new SearchStatus(state, position, head, lag, why);
        }
    }

    public Position? Position
    {
        get
        {
            lock (gate) return position;
        }
    }

    /// <summary>Completes once the words of the journal record of this number are found.</summary>
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

    internal void Is(SearchState now, string? because = null)
    {
        lock (gate) (state, why) = (now, because);
    }

    internal void Waits(Timestamp? oldest)
    {
        lock (gate) waitingSince = oldest;
    }

    /// <param name="newest">When the last record was received; null when that is not known.</param>
    internal void Indexed(Position through, Timestamp? newest)
    {
        TaskCompletionSource wake;
        var isBehind = through.Number < journal.Head.Number;
        lock (gate)
        {
            position = through;
            waitingSince = isBehind ? newest : null;
            (wake, moved) = (moved, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        wake.SetResult();
    }
}
