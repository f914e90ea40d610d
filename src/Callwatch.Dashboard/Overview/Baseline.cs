using Callwatch.Query;

namespace Callwatch.Dashboard.Overview;

/// <summary>The earlier window that the figures are held against.</summary>
public enum BaselineKind
{
    /// <summary>The same time a week ago: the same weekday and hour.</summary>
    WeekAgo,

    /// <summary>The stretch of the same length just before, while there is no week to look back on.</summary>
    Before,
}

/// <summary>Figures of the earlier window, as a whole, over time and by what the tables show.</summary>
public sealed record Baseline(BaselineKind Kind, StatsGroup All, Breakdown By)
{
    /// <summary>Fewer calls than these say nothing about what is usual.</summary>
    public const int EnoughCalls = 30;

    /// <summary>
    /// Whether a window can stand for what is usual: enough calls, and not merely the moment when somebody began to send.
    /// </summary>
    public static bool Serves(StatsGroup window)
    {
        if (window.Total.Calls < EnoughCalls) return false;
        for (var i = 0; i < window.Points.Count; i++)
            if (window.Points[i].Figures.Calls > 0) return i <= window.Points.Count / 8;
        return false;
    }
}

/// <summary>The figures by what the tables show.</summary>
public sealed record Breakdown(IReadOnlyList<StatsGroup> Models, IReadOnlyList<StatsGroup> Apps, IReadOnlyList<StatsGroup> Operations)
{
    public static readonly Breakdown None = new([], [], []);

    /// <summary>The group with the same key; null when there was none.</summary>
    public static Figures? Same(IReadOnlyList<StatsGroup> groups, StatsGroup wanted) =>
        groups.FirstOrDefault(group => group.Key.All(pair => wanted.Key.TryGetValue(pair.Key, out var value) && value == pair.Value))?.Total;
}
