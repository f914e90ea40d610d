namespace Callwatch.Diagnose.Comparing;

/// <summary>
/// What one value has to do with the change of a figure: how much of it is because its own calls became different (<c>Rate</c>), because their
/// share of all calls became another (<c>Mix</c>), and, of sums, because there were more or fewer calls altogether (<c>Volume</c>). The effects
/// of all values of a field add up to the change.
/// </summary>
internal readonly record struct Effect(double Rate, double Mix, double Volume)
{
    public double Delta => Rate + Mix + Volume;

    /// <param name="before">The value's calls in the earlier window.</param>
    /// <param name="allBefore">All calls of it.</param>
    /// <param name="scale">How much longer the later window is.</param>
    public static Effect Of(Measure measure, Cell before, Cell after, Cell allBefore, Cell allAfter, double scale) => measure.IsSum()
        ? OfSum(measure, before.Of(measure), after.Of(measure), allBefore.Calls, allAfter.Calls, scale)
        : OfRatio(before.Of(measure), after.Of(measure), allBefore.Of(measure), allAfter.Of(measure));

    /// <summary>
    /// With w the share of calls and m the mean, before and after: rate = (w₀ + w₁) ÷ 2 · (m₁ − m₀), mix = (w₁ − w₀) · ((m₀ + m₁) ÷ 2 − M₀),
    /// M₀ the mean of all before. Summed over all values what is halved and what M₀ takes away cancel out, so that nothing is left over.
    /// </summary>
    public static Effect OfRatio((double Amount, double Weight) before, (double Amount, double Weight) after, (double Amount, double Weight) allBefore, (double Amount, double Weight) allAfter)
    {
        if (allBefore.Weight <= 0 || allAfter.Weight <= 0) return default;
        var (w0, w1) = (before.Weight / allBefore.Weight, after.Weight / allAfter.Weight);
        // What was not there before, or is not any more, has one mean only: all of its effect is that it came, or went.
        var m0 = before.Weight > 0 ? before.Amount / before.Weight : after.Weight > 0 ? after.Amount / after.Weight : 0;
        var m1 = after.Weight > 0 ? after.Amount / after.Weight : m0;
        return new Effect((w0 + w1) / 2 * (m1 - m0), (w1 - w0) * (((m0 + m1) / 2) - (allBefore.Amount / allBefore.Weight)), 0);
    }

    private static Effect OfSum(Measure measure, (double Amount, double Weight) before, (double Amount, double Weight) after, double callsBefore, double callsAfter, double scale)
    {
        var (n0, n1) = (before.Weight * scale, after.Weight);
        var growth = callsBefore > 0 ? (callsAfter / (callsBefore * scale)) - 1 : 0;
        var grown = n0 * growth;
        if (measure == Measure.Calls) return new Effect(0, n1 - n0 - grown, grown);
        var u0 = before.Weight > 0 ? before.Amount / before.Weight : after.Weight > 0 ? after.Amount / after.Weight : 0;
        var u1 = after.Weight > 0 ? after.Amount / after.Weight : u0;
        var (unit, calls) = ((u0 + u1) / 2, (n0 + n1) / 2);
        return new Effect(calls * (u1 - u0), unit * (n1 - n0 - grown), unit * grown);
    }

    /// <summary>Of one call; null where there are none.</summary>
    public static double? Mean(Measure measure, Cell cell) => cell.Of(measure) is var (amount, weight) && weight > 0 ? amount / weight : null;

    /// <summary>The figure itself; null where it has no meaning.</summary>
    public static double? Value(Measure measure, Cell cell, double scale = 1)
    {
        var (amount, weight) = cell.Of(measure);
        return measure.IsSum() ? amount * scale : weight > 0 ? amount / weight : null;
    }
}
