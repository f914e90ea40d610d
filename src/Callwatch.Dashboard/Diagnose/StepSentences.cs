using Callwatch.Dashboard.Language;
using Callwatch.Dashboard.Show;
using Callwatch.Diagnose.Comparing;

namespace Callwatch.Dashboard.Diagnose;

/// <summary>Which tools, retrievals and nodes moved, in plain sentences.</summary>
public sealed class StepSentences(WindowComparison found, Words words)
{
    public IReadOnlyList<string> All() =>
        [.. from step in found.Steps from movement in step.Movements where Best(movement) is not null select Of(movement, Best(movement)!)];

    /// <summary>Null where nothing moved, or all alike.</summary>
    public static Explanation? Best(Movement movement) => movement is { Moved: true, Broad: false, Explanations: [var best, ..] } ? best : null;

    private string Of(Movement movement, Explanation best)
    {
        var (name, effect) = (Upper(Naming.Of(best.Effect.Key, words)), best.Effect);
        var uses = Figure.Count(effect.CallsAfter);
        return movement.Measure switch
        {
            _ when best.IsNew => words.Say("{0} is new, with {1} uses.", name, uses),
            Measure.Latency => words.Say("{0} took {1} on average and takes {2} now, over {3} uses.", name, Amounts.Value(Measure.Latency, effect.Before), Amounts.Value(Measure.Latency, effect.After), uses),
            Measure.Errors => words.Say("{0} failed in {1} of its uses and fails in {2} now.", name, Amounts.Value(Measure.Errors, effect.Before ?? 0), Amounts.Value(Measure.Errors, effect.After ?? 0)),
            _ => words.Say("{0} was used {1} times and is used {2} times now.", name, Figure.Count(effect.CallsBefore), uses),
        };
    }

    private static string Upper(string sentence) => sentence.Length == 0 ? sentence : char.ToUpperInvariant(sentence[0]) + sentence[1..];
}
