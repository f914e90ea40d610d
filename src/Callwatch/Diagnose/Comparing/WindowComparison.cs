using Callwatch.Query;
using Callwatch.Spans;

namespace Callwatch.Diagnose.Comparing;

/// <summary>What two windows are compared with.</summary>
public sealed record CompareQuestion
{
    /// <summary>The later window, and which calls of it.</summary>
    public required Selection Selection { get; init; }

    /// <summary>The earlier window; null takes the same time a week ago, or the time just before where nothing was sent then.</summary>
    public (Timestamp From, Timestamp To)? Baseline { get; init; }

    /// <summary>The figure to explain first; null takes the one that has moved most.</summary>
    public Measure? Measure { get; init; }

    /// <summary>False leaves out critical paths, error groups and examples.</summary>
    public bool Examples { get; init; } = true;
}

/// <summary>The earlier window.</summary>
public enum BaselineChoice
{
    Given, WeekAgo, Before,
}

/// <summary>What moved between two windows, and what explains it.</summary>
public sealed record WindowComparison
{
    public required Timestamp From { get; init; }

    /// <summary>Never after now.</summary>
    public required Timestamp To { get; init; }

    public required Timestamp BaselineFrom { get; init; }

    public required Timestamp BaselineTo { get; init; }

    public required BaselineChoice Baseline { get; init; }

    /// <summary>The other earlier window that every explanation had to hold against too; null without one.</summary>
    public BaselineChoice? Guard { get; init; }

    public required Figures Before { get; init; }

    public required Figures After { get; init; }

    /// <summary>False where there are too few calls on one side to say anything.</summary>
    public required bool Enough { get; init; }

    /// <summary>The figure that examples and critical path go by.</summary>
    public required Measure Measure { get; init; }

    public required IReadOnlyList<Movement> Movements { get; init; }

    public required AnswerSource Source { get; init; }

    /// <summary>True when not everything was told apart or looked at; <see cref="LeftOut"/> names what was not looked at at all.</summary>
    public required bool Truncated { get; init; }

    public IReadOnlyList<string> LeftOut { get; init; } = [];

    /// <summary>Tools, retrievals and nodes, of which there were any; empty where they were not looked at.</summary>
    public IReadOnlyList<StepChange> Steps { get; init; } = [];

    /// <summary>When within the window what explains the change began; null when there is no clear moment.</summary>
    public Timestamp? Since { get; init; }

    public PathComparison? Path { get; init; }

    public IReadOnlyList<ErrorChange> Errors { get; init; } = [];

    public IReadOnlyList<Example> Examples { get; init; } = [];

    public Movement? Of(Measure measure) => Movements.FirstOrDefault(movement => movement.Measure == measure);
}

/// <summary>What happened around calls: how all tools, retrievals or nodes together moved, and which of them explain it.</summary>
/// <param name="Kind"><c>tool</c>, <c>retrieval</c> or <c>node</c>; the dimension of their names is called the same.</param>
/// <param name="Before">How many there were in the earlier window.</param>
/// <param name="Movements">Latency, errors and number.</param>
public sealed record StepChange(string Kind, long Before, long After, bool Enough, IReadOnlyList<Movement> Movements);

/// <summary>How one figure moved, and what explains it.</summary>
public sealed record Movement
{
    public required Measure Measure { get; init; }

    /// <summary>Null where there is no such figure. Sums of the earlier window are scaled to the length of the later.</summary>
    public double? Before { get; init; }

    public double? After { get; init; }

    /// <summary>After − before; 0 where one of them is missing.</summary>
    public double Delta { get; init; }

    /// <summary>True when the change is more than chance and large enough to be felt.</summary>
    public bool Moved { get; init; }

    /// <summary>Share of calls slower than 95 of 100 were before; of latency and time to first token only.</summary>
    public double? SlowBefore { get; init; }

    public double? SlowAfter { get; init; }

    /// <summary>True when no value explains it better than "everything moved alike".</summary>
    public bool Broad { get; init; }

    /// <summary>Best first.</summary>
    public IReadOnlyList<Explanation> Explanations { get; init; } = [];

    /// <summary>Every dimension with its values, whose effects add up to the change.</summary>
    public IReadOnlyList<Breakdown> Breakdowns { get; init; } = [];

    /// <summary>Cost by class of tokens, before and after; they add up to it. Empty of other figures.</summary>
    public IReadOnlyList<ClassChange> Classes { get; init; } = [];
}

/// <summary>Cost of one class of tokens.</summary>
public sealed record ClassChange(string Class, double BeforeUsd, double AfterUsd);

/// <summary>The effect of one value.</summary>
public sealed record Contribution
{
    /// <summary>Dimension to value; null is unknown.</summary>
    public required IReadOnlyDictionary<string, string?> Key { get; init; }

    /// <summary>In the filter language; null where no filter says it.</summary>
    public string? Filter { get; init; }

    public double Delta { get; init; }

    /// <summary>Because its own calls became different.</summary>
    public double Rate { get; init; }

    /// <summary>Because its share of all calls became another.</summary>
    public double Mix { get; init; }

    /// <summary>Because there were more or fewer calls altogether; of sums only.</summary>
    public double Volume { get; init; }

    public double? Before { get; init; }

    public double? After { get; init; }

    public long CallsBefore { get; init; }

    public long CallsAfter { get; init; }

    /// <summary>Effect on the share of slow calls; of latency and time to first token only.</summary>
    public double? Slow { get; init; }

    /// <summary>True of what a bounded table has counted together.</summary>
    public bool IsOther { get; init; }
}

/// <summary>One dimension: its values with most effect, and what is left. All together are the change.</summary>
/// <param name="Values">How many values there are in all.</param>
/// <param name="Rest">The effect of those not listed; of tags also what calls with several count for more than once.</param>
public sealed record Breakdown(string Dimension, IReadOnlyList<Contribution> Contributions, int Values, double Rest)
{
    public bool Truncated { get; init; }

    /// <summary>True of tags: a call counts with each of its own.</summary>
    public bool Overlaps { get; init; }
}

/// <summary>A value, or two together, that explains a change.</summary>
public sealed record Explanation
{
    public required string Dimension { get; init; }

    public required Contribution Effect { get; init; }

    /// <summary>How much of the change it makes up: its effect, or of what came new what it changed for its like.</summary>
    public double Explained { get; init; }

    /// <summary>Of the whole change; over 1 where others moved against it.</summary>
    public double Share { get; init; }

    /// <summary>How much better it is than nothing: the change it makes up, times how concentrated it is there. For ordering only.</summary>
    public double Strength { get; init; }

    /// <summary>True when it first came with the later window.</summary>
    public bool IsNew { get; init; }

    /// <summary>Other values that the very same calls have.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, string?>> Also { get; init; } = [];

    /// <summary>True when it only shows what a better explanation does to it.</summary>
    public bool IsEcho { get; init; }

    public required Facts FactsBefore { get; init; }

    public required Facts FactsAfter { get; init; }
}

/// <summary>What else is known of the same calls: why they may have become different.</summary>
public sealed record Facts(double? LatencyMs, double? TtftMs, double? ErrorRate, double? CostPerCall, double? InputPerCall, double? OutputPerCall, double? CachedShare);

/// <summary>The critical path of sampled traces: where an average trace spent its time, before and after.</summary>
public sealed record PathComparison(int TracesBefore, int TracesAfter, IReadOnlyList<PathPart> Parts)
{
    public double BeforeMs => Parts.Sum(part => part.BeforeMs);

    public double AfterMs => Parts.Sum(part => part.AfterMs);
}

/// <param name="Spending"><c>first_token, generating, failed, tools, own_code</c>.</param>
/// <param name="Name">Of the spans mostly.</param>
public sealed record PathPart(string Spending, string? Name, double BeforeMs, double AfterMs);

/// <summary>A group of errors that is new or has grown.</summary>
public sealed record ErrorChange(ErrorGroup Group, long Before, bool IsNew);

/// <summary>A trace that shows the change.</summary>
/// <param name="IsBefore">True of the one from the earlier window, to hold the others against.</param>
public sealed record Example(Span Call, bool IsBefore);
