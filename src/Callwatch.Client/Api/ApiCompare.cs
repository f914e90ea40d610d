namespace Callwatch.Client.Api;

/// <summary>What moved between two windows, and what explains it.</summary>
public sealed record ApiComparison
{
    /// <summary>First moment of the later window.</summary>
    public required string From { get; init; }

    /// <summary>Its end; never after now.</summary>
    public required string To { get; init; }

    /// <summary>First moment of the earlier window.</summary>
    public required string BaselineFrom { get; init; }

    /// <summary>Its end.</summary>
    public required string BaselineTo { get; init; }

    /// <summary><c>given</c>, <c>week_ago</c> or <c>before</c>.</summary>
    public required string Baseline { get; init; }

    /// <summary>The other earlier window that every explanation had to hold against too; null without one.</summary>
    public string? Guard { get; init; }

    /// <summary>False where one of the windows has too few calls to say anything; then nothing is explained.</summary>
    public required bool Enough { get; init; }

    /// <summary>The figure that examples, critical path and the first sentences are about: the one asked for, else the one that moved most.</summary>
    public required string Figure { get; init; }

    /// <summary>When within the window the change began; null when there is no clear moment, or it began before.</summary>
    public string? Since { get; init; }

    /// <summary>The findings in plain sentences.</summary>
    public required IReadOnlyList<string> Sentences { get; init; }

    /// <summary>Figures of the earlier window.</summary>
    public required ApiFigures Before { get; init; }

    /// <summary>Figures of the later window.</summary>
    public required ApiFigures After { get; init; }

    /// <summary>Every figure: how it moved, and what explains it.</summary>
    public required IReadOnlyList<ApiMovement> Figures { get; init; }

    /// <summary>Where sampled traces spent their time; null where none were looked at.</summary>
    public ApiPathComparison? CriticalPath { get; init; }

    /// <summary>Groups of errors that are new or have grown.</summary>
    public required IReadOnlyList<ApiErrorChange> Errors { get; init; }

    /// <summary>Calls that show the change, and one of before.</summary>
    public required IReadOnlyList<ApiExample> Traces { get; init; }

    /// <summary><c>rollups</c> or <c>rows</c>.</summary>
    public required string Source { get; init; }

    /// <summary>True when not every value was told apart, or some dimensions were left out.</summary>
    public required bool Truncated { get; init; }

    /// <summary>Dimensions that no time was left for, or of which rows are gone.</summary>
    public required IReadOnlyList<string> LeftOut { get; init; }

    /// <summary>What happened around calls: tools, retrievals and nodes of workflows, of which there were any. None where the filter asks for what only calls have.</summary>
    public IReadOnlyList<ApiStepChange> Steps { get; init; } = [];
}

/// <summary>How all tools, retrievals or nodes together moved, and which of them explain it.</summary>
/// <param name="Kind"><c>tool</c>, <c>retrieval</c> or <c>node</c>; the dimension of their names is called the same.</param>
/// <param name="Before">How many there were in the earlier window.</param>
/// <param name="After">How many there were in the later window.</param>
/// <param name="Enough">False where one of the windows has too few to say anything.</param>
/// <param name="Figures">Their <c>latency</c>, <c>errors</c> and <c>calls</c> (how often they were used), by <c>tool</c>, <c>retrieval</c> or <c>node</c>, and <c>app</c>.</param>
public sealed record ApiStepChange(string Kind, long Before, long After, bool Enough, IReadOnlyList<ApiMovement> Figures);

/// <summary>How one figure moved.</summary>
public sealed record ApiMovement
{
    /// <summary><c>latency</c>, <c>ttft</c> (averages in ms), <c>errors</c> (rate), <c>cost</c> (US dollars) or <c>calls</c>.</summary>
    public required string Figure { get; init; }

    /// <summary>In the earlier window; sums are scaled to the length of the later one. Null where there is none.</summary>
    public double? Before { get; init; }

    /// <summary>In the later window.</summary>
    public double? After { get; init; }

    /// <summary>After − before.</summary>
    public required double Delta { get; init; }

    /// <summary>True when it is more than chance and large enough to be felt.</summary>
    public required bool Moved { get; init; }

    /// <summary>Share of calls slower than the earlier window's 95th percentile; of latency and time to first token only.</summary>
    public double? SlowBefore { get; init; }

    /// <summary>The same in the later window.</summary>
    public double? SlowAfter { get; init; }

    /// <summary>True when all calls moved alike, so that no value explains it.</summary>
    public required bool Broad { get; init; }

    /// <summary>What explains it, best first.</summary>
    public required IReadOnlyList<ApiExplanation> Explanations { get; init; }

    /// <summary>The contributions of every dimension; each with its rest adds up to <c>delta</c>.</summary>
    public required IReadOnlyList<ApiBreakdown> Dimensions { get; init; }

    /// <summary>Cost by class of tokens; empty of other figures.</summary>
    public required IReadOnlyList<ApiClassChange> Classes { get; init; }
}

/// <summary>Cost of one class of tokens.</summary>
/// <param name="Class"><c>input</c>, <c>cache_read</c>, <c>cache_write</c>, <c>output</c>, <c>reasoning</c>, <c>other</c>, or <c>unsplit</c> for given costs without parts.</param>
/// <param name="Before">US dollars, scaled to the length of the later window.</param>
/// <param name="After">US dollars.</param>
public sealed record ApiClassChange(string Class, double Before, double After);

/// <summary>The effect of one value on the change of a figure.</summary>
public record ApiContribution
{
    /// <summary>Dimension to value; null is unknown.</summary>
    public required IReadOnlyDictionary<string, string?> Key { get; init; }

    /// <summary>In the filter language; null where no filter says it.</summary>
    public string? Filter { get; init; }

    /// <summary>The part of the change: rate, mix and volume together.</summary>
    public required double Contribution { get; init; }

    /// <summary>Because its own calls became different.</summary>
    public required double Rate { get; init; }

    /// <summary>Because its share of all calls became another.</summary>
    public required double Mix { get; init; }

    /// <summary>Because there were more or fewer calls altogether; 0 but of cost and calls.</summary>
    public required double Volume { get; init; }

    /// <summary>The figure of its own calls in the earlier window; null where it had none.</summary>
    public double? Before { get; init; }

    /// <summary>The same in the later window.</summary>
    public double? After { get; init; }

    /// <summary>Its calls in the earlier window.</summary>
    public required long CallsBefore { get; init; }

    /// <summary>Its calls in the later window.</summary>
    public required long CallsAfter { get; init; }

    /// <summary>Its part in the change of the share of slow calls; of latency and time to first token only.</summary>
    public double? Slow { get; init; }

    /// <summary>True of values that a bounded table has counted together.</summary>
    public required bool Other { get; init; }
}

/// <summary>A value, or two together, that explains a change.</summary>
public sealed record ApiExplanation : ApiContribution
{
    /// <summary>The dimension, or two with <c> × </c> between them.</summary>
    public required string Dimension { get; init; }

    /// <summary>How much of the change it makes up: its contribution, or of what came new what it changed for its like (the same app, the same prompt).</summary>
    public required double Explained { get; init; }

    /// <summary>Explained ÷ change; over 1 where others moved against it.</summary>
    public required double Share { get; init; }

    /// <summary>How much of the differences between calls it explains, against "everything moved alike", which is 1. For ordering.</summary>
    public required double Strength { get; init; }

    /// <summary>True when it first came with the later window.</summary>
    public required bool New { get; init; }

    /// <summary>True when it only shows what a better explanation does to it.</summary>
    public required bool Echo { get; init; }

    /// <summary>Other values that the very same calls have.</summary>
    public required IReadOnlyList<IReadOnlyDictionary<string, string?>> Also { get; init; }

    /// <summary>What else is known of its calls in the earlier window.</summary>
    public required ApiFacts FactsBefore { get; init; }

    /// <summary>The same in the later window.</summary>
    public required ApiFacts FactsAfter { get; init; }
}

/// <summary>What is known of some calls; averages, null where unknown.</summary>
/// <param name="LatencyMs">Duration of those that succeeded.</param>
/// <param name="TtftMs">Time to first token.</param>
/// <param name="ErrorRate">Errors ÷ (successes + errors).</param>
/// <param name="CostUsd">A call.</param>
/// <param name="InputTokens">A call.</param>
/// <param name="OutputTokens">A call.</param>
/// <param name="CachedShare">Input read from caches ÷ input.</param>
public sealed record ApiFacts(double? LatencyMs, double? TtftMs, double? ErrorRate, double? CostUsd, double? InputTokens, double? OutputTokens, double? CachedShare);

/// <summary>One dimension: the values with most effect, and what is left.</summary>
public sealed record ApiBreakdown
{
    /// <summary><c>app</c>, <c>operation</c>, <c>model</c> (as asked for), <c>provider</c>, <c>environment</c>, <c>kind</c>, <c>release</c>, <c>prompt</c>, <c>prompt_version</c>, <c>user</c> or <c>tag</c>; around calls <c>tool</c>, <c>retrieval</c> or <c>node</c>.</summary>
    public required string Dimension { get; init; }

    /// <summary>Greatest effect first.</summary>
    public required IReadOnlyList<ApiContribution> Contributions { get; init; }

    /// <summary>How many values there are in all.</summary>
    public required int Values { get; init; }

    /// <summary>The effect of those not listed; of tags also what calls with several count more than once.</summary>
    public required double Rest { get; init; }

    /// <summary>True when not every value was told apart.</summary>
    public required bool Truncated { get; init; }

    /// <summary>True of tags: a call counts with each of its own.</summary>
    public required bool Overlaps { get; init; }
}

/// <summary>Where an average of sampled traces spent its time.</summary>
public sealed record ApiPathComparison
{
    /// <summary>Traces looked at in the earlier window.</summary>
    public required int TracesBefore { get; init; }

    /// <summary>And in the later one.</summary>
    public required int TracesAfter { get; init; }

    /// <summary>Duration of an average trace, ms.</summary>
    public required double BeforeMs { get; init; }

    /// <summary>The same in the later window.</summary>
    public required double AfterMs { get; init; }

    /// <summary>What it was spent on, greatest change first; the parts add up to the durations.</summary>
    public required IReadOnlyList<ApiPathPart> Parts { get; init; }
}

/// <summary>One thing that time was spent on.</summary>
/// <param name="Kind"><c>first_token</c>, <c>generating</c>, <c>failed</c>, <c>tools</c> or <c>own_code</c>.</param>
/// <param name="Name">The spans' name; null for all others of the kind.</param>
/// <param name="BeforeMs">Of an average trace.</param>
/// <param name="AfterMs">The same in the later window.</param>
public sealed record ApiPathPart(string Kind, string? Name, double BeforeMs, double AfterMs);

/// <summary>A group of errors that is new or has grown.</summary>
/// <param name="Group">The group in the later window.</param>
/// <param name="Before">How often it was in the earlier one.</param>
/// <param name="New">True when it was never seen before.</param>
public sealed record ApiErrorChange(ApiErrorGroup Group, long Before, bool New);

/// <summary>A call that shows the change.</summary>
/// <param name="TraceId">Its trace.</param>
/// <param name="SpanId">Its span.</param>
/// <param name="Before">True of one from the earlier window, to hold the others against.</param>
/// <param name="Call">The call.</param>
public sealed record ApiExample(string TraceId, string SpanId, bool Before, ApiSpan Call);
