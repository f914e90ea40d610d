using Callwatch.Diagnose.Comparing;
using Callwatch.Query;

namespace Callwatch.Dashboard.Diagnose;

/// <summary>What the page shows.</summary>
/// <param name="Answer">The comparison.</param>
/// <param name="Series">The figure over the window and as long before it; null when there was no time for it.</param>
/// <param name="Then">The same a week earlier; null where the earlier window is another.</param>
public sealed record DiagnoseModel(Answer<WindowComparison> Answer, StatsAnswer? Series, StatsAnswer? Then);
