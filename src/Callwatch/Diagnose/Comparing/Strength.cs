using Callwatch.Query.Filters;

namespace Callwatch.Diagnose.Comparing;

/// <summary>How strongly a set of calls explains a change; see <see cref="Explaining"/>. What goes against the change has none.</summary>
internal sealed class Strength
{
    /// <summary>Chance is taken away this many times over: many values are looked at, and some move by chance alone.</summary>
    private const double Chance = 6;

    /// <summary>The same of sums, whose chance is counted generously already.</summary>
    private const double ChanceOfSums = 3;

    /// <summary>Calls do not come one by one: conversations and jobs bring many at once.</summary>
    private const double Bunches = 4;

    private readonly Measure measure;
    private readonly Sides all;
    private readonly double scale;
    private readonly double? guardScale;
    private readonly int[] directions;

    /// <param name="moved">False where the figure as a whole has not: then what rose and what fell may have hidden each other, and either counts.</param>
    public Strength(Measure measure, Sides all, double scale, double? guardScale, bool moved)
    {
        (this.measure, this.all, this.scale) = (measure, all, scale);
        Delta = Difference(guard: false, scale);
        directions = moved ? [Math.Sign(Delta)] : [1, -1];
        // Where the other window shows no such change it began before both: then it says nothing.
        if (guardScale is { } other && (!moved || (Difference(guard: true, other) is var also && Math.Sign(also) == Math.Sign(Delta) && Math.Abs(also) >= 0.3 * Math.Abs(Delta)))) this.guardScale = other;
    }

    public double Delta { get; }

    /// <summary>Of all calls taken together.</summary>
    public double OfEverything
    {
        get
        {
            if (!measure.IsSum()) return Delta * Delta;
            var middle = (Total(all.Before, scale) + all.After.Of(measure).Amount) / 2;
            return middle > 0 ? Delta * Delta / (middle * middle) : 0;
        }
    }

    /// <summary>True when next to none of these calls were there before.</summary>
    public static bool IsNew(Sides sides, double scale) => sides.After.Calls >= 10 && sides.Before.Calls * scale < 0.02 * sides.After.Calls;

    /// <param name="usual">What the calls that came would have had otherwise; null takes the mean of all before.</param>
    /// <param name="replacing">True of versions and releases: a new one takes the calls of an old one, which explains no more and no fewer calls.</param>
    public double Of(Sides sides, Func<(double Before, double Guard)?> usual, bool replacing) => directions.Max(direction =>
    {
        var own = Against(sides, direction, guard: false, scale, usual, replacing);
        return own <= 0 || guardScale is not { } other ? own : Math.Min(own, 2 * Against(sides, direction, guard: true, other, usual, replacing));
    });

    /// <summary>
    /// What was usual for calls of the same apps before, or for the same prompts: a new release of a slow app is not slow for being the slow app's.
    /// Asked by the number of a group of <paramref name="groups"/>.
    /// </summary>
    public Func<int, (double Before, double Guard)?> UsualOf(SideTable table, Dimension dimension, SideGroups groups)
    {
        var apps = table.By(table.Family.PlaceOf(dimension.Names[^1] == "prompt_version" ? FilterFields.Prompt : FilterFields.App));
        var means = new (double? Before, double? Guard)?[apps.Count];
        return group =>
        {
            if (measure == Measure.Calls) return null;
            var (before, guard, weight) = (0d, 0d, 0d);
            foreach (var cell in groups.CellsOf(group))
            {
                var own = (double)table.All[cell].After.WeightOf(measure);
                var app = apps.GroupOf(cell);
                var mean = means[app] ??= (Effect.Mean(measure, apps.SumOf(app).Before), Effect.Mean(measure, apps.SumOf(app).Guard));
                if (mean.Before is not { } usual) continue;
                before += own * usual;
                guard += own * (mean.Guard ?? usual);
                weight += own;
            }

            return weight > 0 ? (before / weight, guard / weight) : null;
        };
    }

    private double Difference(bool guard, double longer) => measure.IsSum()
        ? all.After.Of(measure).Amount - Total(all.Earlier(guard), longer)
        : (Effect.Value(measure, all.After) - Effect.Value(measure, all.Earlier(guard))) ?? 0;

    private double Total(Cell cell, double longer) => cell.Of(measure).Amount * longer;

    private double Against(Sides sides, int direction, bool guard, double longer, Func<(double Before, double Guard)?> usual, bool replacing) => measure.IsSum()
        ? replacing ? OfReplaced(sides.Earlier(guard), sides.After, all.Earlier(guard), direction, longer, guard, usual) : OfSum(sides.Earlier(guard), sides.After, all.Earlier(guard), direction, longer)
        : OfRatio(sides.Earlier(guard), sides.After, all.Earlier(guard), direction, guard, usual);

    private double OfRatio(Cell before, Cell after, Cell allBefore, int direction, bool guard, Func<(double Before, double Guard)?> usual)
    {
        if (before.WeightOf(measure) + after.WeightOf(measure) < 5) return 0;
        var ((a0, n0), (a1, n1)) = (before.Of(measure), after.Of(measure));
        var (total0, total1) = (allBefore.Of(measure).Weight, all.After.Of(measure).Weight);
        if (total0 <= 0 || total1 <= 0) return 0;
        var (w0, w1) = (n0 / total0, n1 / total1);
        var variance = ((before.Variance(measure) * n0) + (after.Variance(measure) * n1)) / (n0 + n1);
        var found = 0d;
        if (n0 >= 5 && n1 >= 5)
        {
            var moved = (a1 / n1) - (a0 / n0);
            if (Math.Sign(moved) == direction) found += (w0 + w1) / 2 * Like(allBefore, (a0 + a1) / (n0 + n1)) * Math.Max(0, (moved * moved) - (Chance * variance * ((1 / n0) + (1 / n1))));
        }

        var middle = (w0 + w1) / 2;
        // What was not there at all has not come by chance.
        var shift = Math.Abs(w1 - w0) - (n0 < 0.02 * n1 ? 0 : 2 * Math.Sqrt(Bunches * middle * (1 - middle) * ((1 / total0) + (1 / total1))));
        if (shift <= 0) return found;
        var mean = n0 > 0 && n1 > 0 ? ((a0 / n0) + (a1 / n1)) / 2 : n1 > 0 ? a1 / n1 : a0 / n0;
        var told = usual();
        var like = guard ? told?.Guard : told?.Before;
        var apart = mean - (like ?? Effect.Value(measure, allBefore) ?? 0);
        // What took the place of its like is the same calls become different: it is weighed as these are.
        var weighed = like is { } was ? Like(allBefore, (mean + was) / 2) : 1;
        if (Math.Sign(apart * (w1 - w0)) == direction) found += shift * weighed * Math.Max(0, (apart * apart) - (Chance * variance / (n0 + n1)));
        return found;
    }

    // Times grow by a factor rather than by so many seconds: what is slow by nature is not to blame for growing by more of them.
    private double Like(Cell allBefore, double mean) =>
        measure is Measure.Latency or Measure.Ttft && mean > 0 && Effect.Value(measure, allBefore) is { } before && Effect.Value(measure, all.After) is { } after ? (before + after) / 2 / mean : 1;

    private double OfSum(Cell before, Cell after, Cell allBefore, int direction, double longer)
    {
        if (before.Calls + after.Calls < 5) return 0;
        var (amount0, amount1) = (Total(before, longer), after.Of(measure).Amount);
        var moved = amount1 - amount0;
        var (middle, middleOfAll) = ((amount0 + amount1) / 2, (Total(allBefore, longer) + all.After.Of(measure).Amount) / 2);
        if (Math.Sign(moved) != direction || middle <= 0 || middleOfAll <= 0) return 0;
        var chance = Bunches * ((Each(before) * before.Calls * longer * longer) + (Each(after) * after.Calls));
        return Math.Max(0, (moved * moved) - (ChanceOfSums * chance)) / (middle * middleOfAll);
    }

    // Only what each call costs more or less than its like did.
    private double OfReplaced(Cell before, Cell after, Cell allBefore, int direction, double longer, bool guard, Func<(double Before, double Guard)?> usual)
    {
        if (measure == Measure.Calls || after.Calls < 5 || Effect.Mean(measure, after) is not { } now) return 0;
        var isNew = before.Calls * longer < 0.02 * after.Calls;
        // Several apps may call their releases the same: what is usual goes by the calls there are now.
        var told = usual();
        if (((guard ? told?.Guard : told?.Before) ?? (isNew ? null : Effect.Mean(measure, before))) is not { } then) return 0;
        var calls = isNew ? after.Calls : ((before.Calls * longer) + after.Calls) / 2;
        var (moved, middle) = (calls * (now - then), calls * (now + then) / 2);
        var middleOfAll = (Total(allBefore, longer) + all.After.Of(measure).Amount) / 2;
        if (Math.Sign(moved) != direction || middle <= 0 || middleOfAll <= 0) return 0;
        return Math.Max(0, (moved * moved) - (ChanceOfSums * calls * ((now * now) + (then * then)))) / (middle * middleOfAll);
    }

    // What one call more or less is, squared.
    private double Each(Cell cell)
    {
        if (measure == Measure.Calls || cell.Calls == 0) return 1;
        var unit = cell.Of(measure).Amount / cell.Calls;
        return unit * unit;
    }
}
