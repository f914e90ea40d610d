namespace Callwatch.Diagnose.Comparing;

/// <summary>From the sums of the windows to how every figure moved and what explains it. Pure: no clock, no store.</summary>
internal sealed class Movements(IReadOnlyList<SideTable> tables, Sides all, double scale, double? guardScale, Subject? of = null)
{
    /// <summary>Fewer calls than these in a window are too few to say anything.</summary>
    public const int EnoughCalls = 30;

    private const int EnoughErrors = 5;

    private readonly Subject subject = of ?? Subject.Calls;

    public bool Enough => all.Before.Calls >= EnoughCalls && all.After.Calls >= EnoughCalls;

    public IReadOnlyList<Movement> Of(IEnumerable<Measure> measures) => [.. measures.Select(Of)];

    /// <summary>The one that has moved most; the errors first where they have, nobody cares for the latency of what fails.</summary>
    public static Measure Most(IReadOnlyList<Movement> movements)
    {
        var growth = movements.FirstOrDefault(movement => movement.Measure == Measure.Calls) is { Before: > 0 and var before, After: > 0 and var after } ? Math.Log(after / before) : 0;
        return movements.MaxBy(movement => (movement.Moved, Felt(movement, growth), -(int)movement.Measure))!.Measure;
    }

    private Movement Of(Measure measure)
    {
        var (before, after) = (Effect.Value(measure, all.Before, scale), Effect.Value(measure, all.After));
        var change = after - before ?? 0;
        var moved = Enough && HasMoved(measure, before, after, change);
        var explains = Enough ? new Explaining(subject, measure, tables, all, scale, guardScale, moved).Find() : ([], false);
        var timed = measure is Measure.Latency or Measure.Ttft && subject.KnowsSlow;
        return new Movement
        {
            Measure = measure,
            Before = before,
            After = after,
            Delta = change,
            Moved = moved,
            SlowBefore = timed ? Share(all.Before.SlowOf(measure)) : null,
            SlowAfter = timed ? Share(all.After.SlowOf(measure)) : null,
            Explanations = explains.Item1,
            Broad = explains.Item2,
            Breakdowns = [.. from dimension in subject.Singles
                             let table = tables.FirstOrDefault(table => table.Family.Name == dimension.Family)
                             where table is not null
                             select Breaking.By(measure, dimension, table, all, scale, change)],
            Classes = measure == Measure.Cost ? Classes() : [],
        };
    }

    private IReadOnlyList<ClassChange> Classes() =>
        [.. all.Before.Cost.ByClass.Zip(all.After.Cost.ByClass).Select(pair => new ClassChange(pair.First.Class, pair.First.Usd * scale, pair.Second.Usd))];

    private static double? Share((double Amount, double Weight) of) => of.Weight > 0 ? of.Amount / of.Weight : null;

    // More than chance, and enough that somebody would notice.
    private bool HasMoved(Measure measure, double? before, double? after, double change)
    {
        if (before is null || after is null) return false;
        var larger = Math.Max(Math.Abs(before.Value), Math.Abs(after.Value));
        if (larger <= 0) return false;
        if (measure.IsSum())
        {
            var unit = measure == Measure.Calls ? 1 : larger / Math.Max(all.Before.Calls * scale, all.After.Calls);
            var chance = 4 * unit * Math.Sqrt((all.Before.Calls * scale * scale) + all.After.Calls);
            return Math.Abs(change) > chance && Math.Abs(change) >= 0.1 * larger;
        }

        var (n0, n1) = (all.Before.Of(measure).Weight, all.After.Of(measure).Weight);
        if (n0 <= 0 || n1 <= 0 || (measure == Measure.Errors && Math.Max(all.Before.Errors, all.After.Errors) < EnoughErrors)) return false;
        var error = Math.Sqrt((all.Before.Variance(measure) / n0) + (all.After.Variance(measure) / n1));
        return Math.Abs(change) > 4 * error && (measure == Measure.Errors ? Math.Abs(change) >= 0.005 : Math.Abs(change) >= 0.05 * larger && Math.Abs(change) >= 10);
    }

    /// <param name="growth">Of the number of calls, as a logarithm.</param>
    private static double Felt(Movement movement, double growth)
    {
        if (movement.Before is not { } before || movement.After is not { } after) return 0;
        if (movement.Measure == Measure.Errors) return Math.Abs(after - before) * 20;
        if (Math.Min(before, after) <= 0) return Math.Max(before, after) > 0 ? 2 : 0;
        var change = Math.Log(after / before);
        var ratio = Math.Abs(change);
        return movement.Measure switch
        {
            Measure.Latency => ratio,
            Measure.Ttft => ratio * 0.5,
            // What a call costs is felt; that more of them cost more says no more than that there are more.
            Measure.Cost => Math.Max(Math.Abs(change - growth) * 0.8, ratio * 0.25),
            // That more people came is seldom what is wrong; that they stay away is more often.
            _ => change < 0 ? ratio * 0.5 : ratio * 0.3,
        };
    }
}
