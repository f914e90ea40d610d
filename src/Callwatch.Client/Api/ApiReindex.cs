namespace Callwatch.Client.Api;

/// <summary>Rebuilding days of rows and figures from the journal.</summary>
public sealed record ApiReindex
{
    /// <summary>The one under way, else the last; null before the first since the start.</summary>
    public ApiReindexJob? Job { get; init; }

    /// <summary>Days stored by older rules than this program's: rebuilding them gives them what it knows better.</summary>
    public required IReadOnlyList<string> OutdatedDays { get; init; }

    /// <summary>Days of which a file was set aside as damaged, or has vanished.</summary>
    public required IReadOnlyList<string> DamagedDays { get; init; }
}

/// <summary>Asks for whole UTC days to be rebuilt.</summary>
public sealed record ApiReindexWish
{
    /// <summary>The first day, as <c>2026-09-17</c>.</summary>
    public string? From { get; init; }

    /// <summary>The day after the last.</summary>
    public string? To { get; init; }

    /// <summary>False, the default: compare and change nothing.</summary>
    public bool? Apply { get; init; }
}

/// <summary>A rebuilding.</summary>
public sealed record ApiReindexJob
{
    /// <summary>Its number since the start.</summary>
    public required int Id { get; init; }

    /// <summary><c>running</c>, <c>done</c>, <c>failed</c>, <c>cancelled</c> or <c>interrupted</c> (by the end of the process; nothing was changed).</summary>
    public required string State { get; init; }

    /// <summary><c>planning</c>, <c>reading</c>, <c>comparing</c>, <c>swapping</c> or <c>done</c>.</summary>
    public required string Phase { get; init; }

    /// <summary>Whether the rebuilt days take the place of what stands.</summary>
    public required bool Apply { get; init; }

    /// <summary>The first day.</summary>
    public required string From { get; init; }

    /// <summary>The day after the last.</summary>
    public required string To { get; init; }

    /// <summary>Journal records read.</summary>
    public required long Read { get; init; }

    /// <summary>Of so many.</summary>
    public required long ToRead { get; init; }

    /// <summary>RFC 3339 in UTC.</summary>
    public required string StartedAt { get; init; }

    /// <summary>Null while it runs.</summary>
    public string? EndedAt { get; init; }

    /// <summary>Why it did not come to its end.</summary>
    public string? Reason { get; init; }

    /// <summary>Each day of the range of which anything is stored.</summary>
    public required IReadOnlyList<ApiReindexDay> Days { get; init; }
}

/// <summary>What becomes of one day.</summary>
/// <param name="Day">The UTC day; before 2020 the first of a year, which is rebuilt as a whole.</param>
/// <param name="State"><c>pending</c>, <c>same</c>, <c>differs</c>, <c>replaced</c>, or <c>untouched</c> for a reason.</param>
/// <param name="Reason">Why it is left as it is.</param>
/// <param name="Before">What stands.</param>
/// <param name="After">What was rebuilt.</param>
/// <param name="OnlyBefore">Spans that only stand.</param>
/// <param name="OnlyAfter">Spans that only the rebuilt rows have.</param>
public sealed record ApiReindexDay(string Day, string State, string? Reason, ApiDayFigures? Before, ApiDayFigures? After, long OnlyBefore, long OnlyAfter);

/// <summary>What a day holds, of all tenants.</summary>
/// <param name="Spans">Spans.</param>
/// <param name="Calls">Model calls.</param>
/// <param name="Traces">Traces that end on it.</param>
/// <param name="Errors">Failed spans.</param>
/// <param name="InputTokens">Sum of its calls.</param>
/// <param name="OutputTokens">Sum of its calls.</param>
/// <param name="TotalTokens">Sum of its calls.</param>
/// <param name="CostUsd">Sum of its calls.</param>
/// <param name="UnpricedCalls">Calls whose cost is missing from the sum.</param>
public sealed record ApiDayFigures(
    long Spans, long Calls, long Traces, long Errors, long InputTokens, long OutputTokens, long TotalTokens, decimal CostUsd, long UnpricedCalls);
