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
/// <param name="Open">Traces that more spans may come for.</param>
/// <param name="Head">The last number of the settled sequence.</param>
public sealed record SettleStatus(SettleState State, int Open, long Head, string? Why);

/// <summary>Whether a trace is settled; thread-safe.</summary>
public interface ISettleState
{
    SettleStatus Status { get; }

    /// <summary>True while spans of the trace up to the given journal record have not been settled.</summary>
    bool IsOpen(int tenantId, TraceId trace, long lastNumber);
}
