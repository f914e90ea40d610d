using Callwatch.Query;

namespace Callwatch.Dashboard.Calls;

/// <summary>A column of the list of calls.</summary>
/// <param name="Id">As in the address.</param>
/// <param name="Sort">What a click on its head orders by; null for nothing.</param>
/// <param name="Class">How it folds where there is little room.</param>
public sealed record CallColumn(string Id, string Name, string Class, SortField? Sort = null, bool Usual = true)
{
    public bool IsNumber => Class.StartsWith("n ", StringComparison.Ordinal) || Class == "n";
}

/// <summary>The columns of the list of calls, and which of them are shown: as the address says, else as was chosen once, else the usual ones.</summary>
public static class CallColumns
{
    /// <summary>In the order in which they stand.</summary>
    public static readonly IReadOnlyList<CallColumn> All =
    [
        new("time", "Time", "f-4", SortField.End),
        new("app", "App", "hide-1"),
        new("environment", "Environment", "f-8", Usual: false),
        new("release", "Release", "f-8", Usual: false),
        new("kind", "Kind", "f-8", Usual: false),
        new("operation", "Operation", "hide-1"),
        new("prompt", "Prompt", "f-8", Usual: false),
        new("model", "Model", "f-1"),
        new("provider", "Provider", "f-8", Usual: false),
        new("status", "Status", "f-2"),
        new("finish", "Finish", "f-8", Usual: false),
        new("latency", "Latency", "n f-3", SortField.Duration),
        new("ttft", "TTFT", "n hide-1", SortField.Ttft),
        new("speed", "Tokens/s", "n f-8", Usual: false),
        new("tokens", "Tokens in → out", "n f-5", SortField.TotalTokens),
        new("cached", "Cached", "n hide-1"),
        new("reasoning", "Reasoning", "n f-8", Usual: false),
        new("cost", "Cost", "n f-6", SortField.Cost),
        new("user", "User", "hide-1"),
        new("session", "Session", "f-8", Usual: false),
        new("temperature", "Temperature", "n f-8", Usual: false),
        new("text", "Input → output", "wide f-9"),
    ];

    public static readonly IReadOnlyList<CallColumn> Usual = [.. All.Where(column => column.Usual)];

    /// <summary>Null for the usual ones, and for what names no column. The time is always there: it leads to the call.</summary>
    public static IReadOnlyList<CallColumn>? Read(string? written)
    {
        if (string.IsNullOrWhiteSpace(written) || written.Length > 400) return null;
        var named = written.Split(',', StringSplitOptions.TrimEntries);
        var chosen = All.Where(column => column.Id == "time" || named.Contains(column.Id, StringComparer.Ordinal)).ToList();
        return chosen.Count < 2 || chosen.SequenceEqual(Usual) ? null : chosen;
    }

    /// <summary>As in the address; null for the usual ones.</summary>
    public static string? Written(IReadOnlyList<CallColumn>? columns) => columns is null ? null : string.Join(',', columns.Select(column => column.Id));

    /// <summary>Those that a visit shows.</summary>
    public static IReadOnlyList<CallColumn> Of(Frame.Visit visit) => Read(visit.Place.Find("columns") ?? visit.Columns) ?? Usual;
}
