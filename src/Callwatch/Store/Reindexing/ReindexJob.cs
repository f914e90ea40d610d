using Callwatch.Spans;

namespace Callwatch.Store.Reindexing;

/// <summary>Where a rebuilding stands.</summary>
public enum ReindexState
{
    Running,
    Done,

    /// <summary>Stopped by a cause outside: <see cref="ReindexJob.Reason"/>.</summary>
    Failed,
    Cancelled,

    /// <summary>The process ended in the middle; what stood before stands.</summary>
    Interrupted,
}

/// <summary>What becomes of one day.</summary>
public enum DayState
{
    Pending,

    /// <summary>Rebuilt and compared: the same.</summary>
    Same,

    /// <summary>Rebuilt and compared: not the same. Without <c>apply</c> nothing has been changed.</summary>
    Differs,

    /// <summary>The rebuilt rows and figures stand now.</summary>
    Replaced,

    /// <summary>Not rebuilt: <see cref="ReindexDay.Reason"/>.</summary>
    Untouched,
}

/// <summary>What a day holds, over all tenants.</summary>
public sealed record DayFigures(
    long Spans, long Calls, long Traces, long Errors, long InputTokens, long OutputTokens, long TotalTokens, decimal CostUsd, long UnpricedCalls)
{
    public static readonly DayFigures None = new(0, 0, 0, 0, 0, 0, 0, 0, 0);
}

/// <param name="OnlyBefore">Spans that the rebuilt rows lack.</param>
/// <param name="OnlyAfter">Spans that the rows before lack.</param>
/// <param name="Version">Of the rules its rows were normalised by; the oldest where there are several.</param>
public sealed record ReindexDay(DateOnly Day, DayState State, string? Reason, DayFigures? Before, DayFigures? After, long OnlyBefore, long OnlyAfter, int Version);

/// <summary>Asks for days to be rebuilt.</summary>
/// <param name="To">The day after the last.</param>
/// <param name="Apply">False: rebuild, compare, show, and change nothing.</param>
public sealed record ReindexWish(DateOnly From, DateOnly To, bool Apply);

/// <summary>A rebuilding, running or over.</summary>
/// <param name="Phase"><c>planning, reading, comparing, swapping, done</c>.</param>
/// <param name="Read">Journal records read.</param>
/// <param name="ToRead">Of so many.</param>
public sealed record ReindexJob(
    int Id, ReindexWish Wish, ReindexState State, string Phase, long Read, long ToRead, Timestamp StartedAt, Timestamp? EndedAt, string? Reason, IReadOnlyList<ReindexDay> Days);

/// <summary>What can be known of the days without rebuilding them.</summary>
/// <param name="Outdated">Days with rows of older rules than this program's.</param>
/// <param name="Damaged">Days of which a file was set aside as damaged, or has vanished.</param>
public sealed record ReindexStatus(ReindexJob? Job, IReadOnlyList<DateOnly> Outdated, IReadOnlyList<DateOnly> Damaged);
