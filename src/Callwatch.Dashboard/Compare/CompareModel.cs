using Callwatch.Dashboard.SpanView;
using Callwatch.Query;
using Callwatch.Spans;

namespace Callwatch.Dashboard.Compare;

/// <summary>Two calls that are compared, as far as they are known.</summary>
/// <param name="Others">Calls that lend themselves to be the other one, latest first.</param>
public sealed record CompareModel(OpenSpan? A, OpenSpan? B, IReadOnlyList<Span> Others)
{
    public SpanDetails? Left => A?.Details;

    public SpanDetails? Right => B?.Details;
}

/// <summary>A fact of both.</summary>
/// <param name="Difference">The second against the first; null where that says nothing.</param>
public sealed record CompareRow(string Name, string Left, string Right, string? Difference)
{
    public bool Differs => !string.Equals(Left, Right, StringComparison.Ordinal);
}
