using Callwatch.Dashboard.Language;
using Callwatch.Dashboard.Show;
using Callwatch.Diagnose.Comparing;

namespace Callwatch.Dashboard.Diagnose;

/// <summary>A comparison in plain sentences.</summary>
public sealed class Sentences(WindowComparison found, Words words, TimeZoneInfo? zone = null)
{
    // Where others moved the other way, one may make up more than all of the change.
    private const double MoreThanAll = 1.05;

    private readonly Movement movement = found.Of(found.Measure)!;

    // How much longer the later window is.
    private double Scale => (double)(found.To.UnixNanoseconds - found.From.UnixNanoseconds) / (found.BaselineTo.UnixNanoseconds - found.BaselineFrom.UnixNanoseconds);

    /// <summary>Null where nothing is explained.</summary>
    public Explanation? Best => found.Enough && movement is { Moved: true, Broad: false, Explanations: [var best, ..] } ? best : null;

    /// <summary>What it comes down to.</summary>
    public string Headline()
    {
        if (!found.Enough) return words["There are too few calls to judge."];
        if (!movement.Moved) return words.Say("{0} has not moved more than chance would move it.", Amounts.Name(movement.Measure, words));
        if (Best is not { } best) return words.Say("{0} moved for all calls alike: no value stands out.", Amounts.Name(movement.Measure, words));
        return Upper(words.Say(Pattern(best), Naming.Of(best.Effect.Key, words)));
    }

    /// <summary>How much, why, since when.</summary>
    public IReadOnlyList<string> Body()
    {
        if (!found.Enough)
        {
            return [words.Say("{0} in this window and {1} in the earlier one; at least 30 of each are needed. Take longer windows.", words.Count(found.After.Calls, "{0} call", "{0} calls"), words.Count(found.Before.Calls, "{0} call", "{0} calls"))];
        }

        var said = new List<string> { Whole() };
        if (Best is not { } best) return said;
        var change = Amounts.Change(movement.Measure, best.Explained, words);
        said.Add(best.Share > MoreThanAll
            ? words.Say("More than the whole change, {0}, is there: {1}. The rest moved the other way.", change, Why(best))
            : words.Say("{0} of the change, {1}, is there: {2}.", Amounts.Percent(best.Share), change, Why(best)));
        if (found.Since is { } since) said.Add(words.Say("It began about {0}.", Clock.Short(since, found.To, zone)));
        said.AddRange(Causes(best));
        return said;
    }

    /// <summary>What else is worth knowing.</summary>
    public IReadOnlyList<string> Notes()
    {
        var said = new List<string>();
        if (!found.Enough) return said;
        if (Best?.Also.Count > 0) said.Add(words.Say("The very same calls also have {0} in common.", string.Join(", ", Best.Also.Select(key => Naming.Of(key, words)))));
        var others = found.Movements.Where(other => other.Moved && other.Measure != movement.Measure)
            .Select(other => $"{Amounts.Short(other.Measure, words)} {Amounts.Relative(other) ?? Amounts.Change(other.Measure, other.Delta, words)}").ToList();
        if (others.Count > 0) said.Add(words.Say("Moved as well: {0}.", string.Join(", ", others)));
        if (!movement.Moved && movement.Explanations is [{ Strength: > 1 } hidden, ..]) said.Add(words.Say("Underneath, {0} moved by {1}, and others against it.", Naming.Of(hidden.Effect.Key, words), Amounts.Change(movement.Measure, hidden.Effect.Delta, words)));
        var fresh = found.Errors.Count(change => change.IsNew);
        if (fresh > 0) said.Add(words.Count(fresh, "{0} group of errors is new.", "{0} groups of errors are new."));
        if (Slowest() is { } part) said.Add(part);
        if (Best is not null && found.Guard is { } guard) said.Add(guard == BaselineChoice.Before ? words["It holds against the time just before, too."] : words["It holds against a week ago, too."]);
        said.AddRange(new StepSentences(found, words).All());
        if (Math.Abs(Scale - 1) > 0.01 && movement.Measure.IsSum()) said.Add(words["The earlier window has another length: what it adds up to is shown as for one as long as this."]);
        // Tools, retrievals and nodes have no figures where their rows are gone; all else is left out for want of time alone.
        var (steps, unread) = (found.LeftOut.Where(name => name is "tool" or "retrieval" or "node").ToList(), found.LeftOut.Where(name => name is not ("tool" or "retrieval" or "node")).ToList());
        if (unread.Count > 0) said.Add(words.Say("There was no time to look at: {0}.", string.Join(", ", unread.Select(name => Naming.Dimension(name, words)))));
        if (steps.Count > 0) said.Add(words.Say("Not looked at: {0}.", string.Join(", ", steps.Select(name => Naming.Dimension(name, words)))));
        return said;
    }

    public IReadOnlyList<string> All() => [Headline(), .. Body(), .. Notes()];

    private string Whole()
    {
        var said = words.Say("{0} went from {1} to {2}.", Amounts.Name(movement.Measure, words), Amounts.Value(movement.Measure, movement.Before), Amounts.Value(movement.Measure, movement.After));
        var (before, after) = movement.Measure switch
        {
            Measure.Latency => (found.Before.LatencyMs.P95, found.After.LatencyMs.P95),
            Measure.Ttft => (found.Before.TtftMs.P95, found.After.TtftMs.P95),
            _ => (null, null),
        };
        return before is null || after is null ? said
            : said + " " + words.Say(movement.Measure == Measure.Ttft ? "95 of 100 calls began their answer within {0}, and do within {1} now." : "95 of 100 calls ended within {0}, and do within {1} now.", Figure.Duration(before), Figure.Duration(after));
    }

    private string Why(Explanation best)
    {
        var effect = best.Effect;
        if (best.IsNew) return New(best);
        if (movement.Measure == Measure.Calls) return words.Say("its calls went from {0} to {1}", Amounts.Value(Measure.Calls, effect.Before ?? 0), Amounts.Value(Measure.Calls, effect.After ?? 0));
        if (Math.Abs(effect.Rate) < Math.Abs(effect.Mix + effect.Volume)) return words.Say("not its calls changed but how many there are, from {0} to {1}", Figure.Count((long)Math.Round(effect.CallsBefore * Scale)), Figure.Count(effect.CallsAfter));
        return movement.Measure == Measure.Cost
            ? words.Say("a call of it cost {0} and costs {1} now", Figure.Money((decimal)(best.FactsBefore.CostPerCall ?? 0)), Figure.Money((decimal)(best.FactsAfter.CostPerCall ?? 0)))
            : words.Say("its own calls went from {0} to {1}", Amounts.Value(movement.Measure, effect.Before), Amounts.Value(movement.Measure, effect.After));
    }

    private string New(Explanation best)
    {
        var (calls, facts) = (Figure.Count(best.Effect.CallsAfter), best.FactsAfter);
        return movement.Measure switch
        {
            Measure.Latency or Measure.Ttft when best.Effect.After is { } average => words.Say("it is new, with {0} calls of {1} on average", calls, Amounts.Value(movement.Measure, average)),
            Measure.Errors when best.Effect.After is { } failing => words.Say("it is new, and of its {0} calls {1} fail", calls, Amounts.Value(Measure.Errors, failing)),
            Measure.Cost when facts.CostPerCall is { } each => words.Say("it is new, with {0} calls at {1} each", calls, Figure.Money((decimal)each)),
            _ => words.Say("it is new, with {0} calls", calls),
        };
    }

    // What is known of the same calls besides, where it changed much.
    private IEnumerable<string> Causes(Explanation best)
    {
        var (then, now) = (best.FactsBefore, best.FactsAfter);
        // What failed has no tokens: the rest of the figures says nothing then.
        if (best.IsNew || movement.Measure == Measure.Errors) then = new Facts(null, null, null, null, null, null, null);
        if (then.CachedShare is { } cached && now.CachedShare is { } still && Math.Abs(cached - still) >= 0.1)
            yield return words.Say("Of its input {0} came from the provider’s cache before, and {1} does now.", Amounts.Percent(cached), Amounts.Percent(still));
        if (then.OutputPerCall is > 0 and var answer && now.OutputPerCall is { } longer && Math.Abs((longer / answer) - 1) >= 0.2)
            yield return words.Say("Its answers went from {0} to {1} tokens.", Figure.Count((long)answer), Figure.Count((long)longer));
        if (then.InputPerCall is > 0 and var asked && now.InputPerCall is { } wider && Math.Abs((wider / asked) - 1) >= 0.2)
            yield return words.Say("Its prompts went from {0} to {1} tokens.", Figure.Count((long)asked), Figure.Count((long)wider));
        if (movement.Measure == Measure.Latency && then.TtftMs is { } first && now.TtftMs is { } later && then.LatencyMs is { } took && now.LatencyMs is { } takes && takes > took && (later - first) / (takes - took) is >= 0.4 and <= 1.2 and var share)
            yield return words.Say("{0} of that is time to first token.", Amounts.Percent(Math.Min(1, share)));
        if (movement.Measure != Measure.Errors && then.ErrorRate is { } failed && now.ErrorRate is { } fails && fails - failed >= 0.02)
            yield return words.Say("It also fails more: {0} instead of {1}.", Figure.Percent(fails), Figure.Percent(failed));
    }

    private string? Slowest()
    {
        if (found.Path is not { } path || path.Parts.MaxBy(part => part.AfterMs - part.BeforeMs) is not { } most || most.AfterMs - most.BeforeMs < 10 || path.AfterMs <= path.BeforeMs) return null;
        var what = most.Name is null ? PathWords.Name(most.Spending, words) : $"{PathWords.Name(most.Spending, words)} ({Visible.Line(most.Name, 60)})";
        return words.Say("On the critical path most was added by: {0}, {1} instead of {2} a trace.", what, Figure.Duration(most.AfterMs), Figure.Duration(most.BeforeMs));
    }

    private string Pattern(Explanation best)
    {
        var up = movement.Delta > 0;
        return movement.Measure switch
        {
            Measure.Latency => up ? "{0} is slower." : "{0} is faster.",
            Measure.Ttft => up ? "{0} is slower to begin its answers." : "{0} is faster to begin its answers.",
            Measure.Errors => up ? "{0} fails more." : "{0} fails less.",
            Measure.Cost => up ? "{0} costs more." : "{0} costs less.",
            _ when best.Effect.CallsAfter == 0 => "{0} has fallen silent.",
            _ => up ? "{0} is called more." : "{0} is called less.",
        };
    }

    private static string Upper(string sentence) => sentence.Length == 0 ? sentence : char.ToUpperInvariant(sentence[0]) + sentence[1..];
}

/// <summary>What time is spent on, in words.</summary>
public static class PathWords
{
    /// <summary>For a narrow column.</summary>
    public static string Short(string spending, Words words) => words[spending switch
    {
        "first_token" => "First token",
        "generating" => "Generating",
        "failed" => "Failed",
        "tools" => "Tools",
        _ => "Own code",
    }];

    public static string Name(string spending, Words words) => words[spending switch
    {
        "first_token" => "Waiting for the first token",
        "generating" => "Generating",
        "failed" => "What failed",
        "tools" => "Tools and requests",
        _ => "Own code",
    }];
}
