using Callwatch.Journal;
using Callwatch.Spans;

namespace Callwatch.Settle;

public enum SettleState
{
    Starting,
    Running,

    /// <summary>Writing fails and is tried again; nothing is lost.</summary>
    Failing,

    /// <summary>It does not go on by itself: <see cref="SettleStatus.Why"/> says what is wrong.</summary>
    Stopped,
}

/// <summary>What System shows of settling.</summary>
/// <param name="Open">Traces that more spans may come for, or whose revision is not on disk yet.</param>
/// <param name="Head">The last number of the settled sequence.</param>
public sealed record SettleStatus(SettleState State, int Open, long Head, string? Why)
{
    /// <summary>The last journal record that has been read; null before the first.</summary>
    public Position? Read { get; init; }

    /// <summary>When that record came.</summary>
    public Timestamp? ReadAt { get; init; }
}

/// <summary>Whether a trace is settled; thread-safe.</summary>
public interface ISettleState
{
    SettleStatus Status { get; }

    /// <summary>True while spans of the trace up to the given journal record have not been settled.</summary>
    bool IsOpen(int tenantId, TraceId trace, long lastNumber);

    /// <summary>Whether all that had come of a trace is settled; null while nobody can tell.</summary>
    /// <param name="asOf">No span that is asked about came in a later journal record.</param>
    /// <param name="receivedAt">When the last span came.</param>
    bool? IsSettled(int tenantId, TraceId trace, long asOf, Timestamp receivedAt) => null;
}
