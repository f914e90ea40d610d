using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Diagnose.Comparing;
using Callwatch.Query;

namespace Callwatch.Server.Endpoints;

/// <summary>A comparison as the API's records.</summary>
internal static class CompareRecords
{
    public static ApiComparison ToApi(this WindowComparison found, IReadOnlyList<string> sentences, Apps apps) => new()
    {
        From = found.From.ToString(),
        To = found.To.ToString(),
        BaselineFrom = found.BaselineFrom.ToString(),
        BaselineTo = found.BaselineTo.ToString(),
        Baseline = Word(found.Baseline),
        Guard = found.Guard is { } guard ? Word(guard) : null,
        Enough = found.Enough,
        Figure = found.Measure.Word(),
        Since = found.Since?.ToString(),
        Sentences = sentences,
        Before = found.Before.ToApi(),
        After = found.After.ToApi(),
        Figures = [.. found.Movements.Select(ToApi)],
        CriticalPath = found.Path is { } path
            ? new ApiPathComparison
            {
                TracesBefore = path.TracesBefore,
                TracesAfter = path.TracesAfter,
                BeforeMs = path.BeforeMs,
                AfterMs = path.AfterMs,
                Parts = [.. path.Parts.Select(part => new ApiPathPart(part.Spending, part.Name, part.BeforeMs, part.AfterMs))],
            }
            : null,
        Errors = [.. found.Errors.Select(change => new ApiErrorChange(change.Group.ToApi(), change.Before, change.IsNew))],
        Traces = [.. found.Examples.Select(example => new ApiExample(example.Call.TraceId.ToString(), example.Call.SpanId.ToString(), example.IsBefore, example.Call.ToApi(apps)))],
        Source = found.Source.Word(),
        Truncated = found.Truncated,
        LeftOut = found.LeftOut,
        Steps = [.. found.Steps.Select(step => new ApiStepChange(step.Kind, step.Before, step.After, step.Enough, [.. step.Movements.Select(ToApi)]))],
    };

    private static ApiMovement ToApi(Movement movement) => new()
    {
        Figure = movement.Measure.Word(),
        Before = movement.Before,
        After = movement.After,
        Delta = movement.Delta,
        Moved = movement.Moved,
        SlowBefore = movement.SlowBefore,
        SlowAfter = movement.SlowAfter,
        Broad = movement.Broad,
        Explanations = [.. movement.Explanations.Select(ToApi)],
        Dimensions = [.. movement.Breakdowns.Select(ToApi)],
        Classes = [.. movement.Classes.Select(one => new ApiClassChange(one.Class, one.BeforeUsd, one.AfterUsd))],
    };

    private static ApiExplanation ToApi(Explanation explanation)
    {
        var effect = explanation.Effect;
        return new ApiExplanation
        {
            Dimension = explanation.Dimension,
            Explained = explanation.Explained,
            Share = explanation.Share,
            Strength = explanation.Strength,
            New = explanation.IsNew,
            Echo = explanation.IsEcho,
            Also = explanation.Also,
            FactsBefore = ToApi(explanation.FactsBefore),
            FactsAfter = ToApi(explanation.FactsAfter),
            Key = effect.Key,
            Filter = effect.Filter,
            Contribution = effect.Delta,
            Rate = effect.Rate,
            Mix = effect.Mix,
            Volume = effect.Volume,
            Before = effect.Before,
            After = effect.After,
            CallsBefore = effect.CallsBefore,
            CallsAfter = effect.CallsAfter,
            Slow = effect.Slow,
            Other = effect.IsOther,
        };
    }

    private static ApiBreakdown ToApi(Breakdown breakdown) => new()
    {
        Dimension = breakdown.Dimension,
        Contributions = [.. breakdown.Contributions.Select(ToApi)],
        Values = breakdown.Values,
        Rest = breakdown.Rest,
        Truncated = breakdown.Truncated,
        Overlaps = breakdown.Overlaps,
    };

    private static ApiContribution ToApi(Contribution effect) => new()
    {
        Key = effect.Key,
        Filter = effect.Filter,
        Contribution = effect.Delta,
        Rate = effect.Rate,
        Mix = effect.Mix,
        Volume = effect.Volume,
        Before = effect.Before,
        After = effect.After,
        CallsBefore = effect.CallsBefore,
        CallsAfter = effect.CallsAfter,
        Slow = effect.Slow,
        Other = effect.IsOther,
    };

    private static ApiFacts ToApi(Facts facts) =>
        new(facts.LatencyMs, facts.TtftMs, facts.ErrorRate, facts.CostPerCall, facts.InputPerCall, facts.OutputPerCall, facts.CachedShare);

    private static string Word(BaselineChoice choice) => choice switch
    {
        BaselineChoice.WeekAgo => "week_ago",
        BaselineChoice.Before => "before",
        _ => "given",
    };
}
