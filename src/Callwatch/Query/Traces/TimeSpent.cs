using Callwatch.Spans;

namespace Callwatch.Query.Traces;

/// <summary>What the time of a trace went into.</summary>
public enum Spending
{
    FirstToken, Generating, Failed, Tools, OwnCode,
}

/// <summary>One line of the account: how long, and in which spans mostly.</summary>
public sealed record TimeSpent(Spending Spending, long Nanoseconds, IReadOnlyList<string> Mostly)
{
    /// <summary>The critical path by kind of waiting, longest first; the lines add up to the whole.</summary>
    public static IReadOnlyList<TimeSpent> Account(IReadOnlyList<PathPiece> path) =>
    [
        .. Parts(path).GroupBy(part => part.Spending)
            .Select(parts => new TimeSpent(
                parts.Key,
                parts.Sum(part => part.Nanoseconds),
                [.. parts.GroupBy(part => part.Name).OrderByDescending(byName => byName.Sum(part => part.Nanoseconds)).Take(3).Select(byName => byName.Key)]))
            .Where(line => line.Nanoseconds > 0)
            .OrderByDescending(line => line.Nanoseconds),
    ];

    /// <summary>Every stretch of the path with what it went into, and the name of its span.</summary>
    public static IEnumerable<(Spending Spending, long Nanoseconds, string Name)> Parts(IReadOnlyList<PathPiece> path) => path.SelectMany(Split);

    private static IEnumerable<(Spending Spending, long Nanoseconds, string Name)> Split(PathPiece piece)
    {
        var span = piece.Node.Span;
        if (span.Outcome == Outcome.Error && piece.Node.Children.Count == 0) yield return (Spending.Failed, piece.Nanoseconds, span.DisplayName);
        else if (!span.Kind.IsCall()) yield return (IsWork(span.Kind) ? Spending.Tools : Spending.OwnCode, piece.Nanoseconds, span.DisplayName);
        else if (span.Call?.TtftNanoseconds is not { } ttft) yield return (Spending.Generating, piece.Nanoseconds, span.DisplayName);
        else
        {
            var first = span.Start.UnixNanoseconds + ttft;
            var waiting = Math.Clamp(first - piece.From.UnixNanoseconds, 0, piece.Nanoseconds);
            yield return (Spending.FirstToken, waiting, span.DisplayName);
            yield return (Spending.Generating, piece.Nanoseconds - waiting, span.DisplayName);
        }
    }

    private static bool IsWork(SpanKind kind) => kind is SpanKind.Tool or SpanKind.Retrieval or SpanKind.Guardrail or SpanKind.Evaluator or SpanKind.Http or SpanKind.Db or SpanKind.Messaging or SpanKind.Moderation;
}
