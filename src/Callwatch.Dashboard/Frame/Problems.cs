using Callwatch.Query;

namespace Callwatch.Dashboard.Frame;

/// <summary>What the filter bar says of an answer that is none.</summary>
public static class Problems
{
    /// <summary>Null when the question was fine, or when something other than the filter was wrong with it.</summary>
    public static FilterProblem? Of<T>(Answer<T> answer, Visit visit) =>
        answer is Answer<T>.Invalid invalid ? Chips.Problem(visit.Selection.Filter) ?? new FilterProblem(invalid.Message, invalid.Offset) : null;
}
