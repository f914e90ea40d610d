using Callwatch.Spans;

namespace Callwatch.Dashboard.Charts;

/// <summary>How a series is drawn.</summary>
public enum Stroke
{
    Line, Thin, Thick, Dashed, Area, Bars,
}

/// <summary>One series of a chart; a value for each bucket, null where there is none.</summary>
/// <param name="Color">The class that sets its colour: <c>c1</c> to <c>c6</c>, <c>c-calm</c>, <c>c-bad</c>, <c>c-ghost</c>.</param>
public sealed record Series(string Name, string Color, Stroke Stroke, IReadOnlyList<double?> Values)
{
    /// <summary>Where what it stands for is listed; null for nowhere.</summary>
    public string? Href { get; init; }
}

/// <summary>Something that happened at a moment and may explain a change.</summary>
public sealed record ChartMark(Timestamp Time, string Name);

/// <summary>A stretch of time that is spoken of.</summary>
/// <param name="IsBefore">True of the earlier of two that are compared.</param>
public sealed record ChartBand(Timestamp From, Timestamp To, string Name, bool IsBefore);

/// <summary>Figures over time. Buckets are of equal width and begin at <see cref="Times"/>.</summary>
public sealed record TimeChart
{
    public required string Title { get; init; }

    /// <summary>What the numbers at the side are, beside the title.</summary>
    public required string Unit { get; init; }

    public required Timestamp From { get; init; }

    public required Timestamp To { get; init; }

    public required TimeSpan Step { get; init; }

    public required IReadOnlyList<Timestamp> Times { get; init; }

    /// <summary>From the bottom of a stack upwards.</summary>
    public required IReadOnlyList<Series> Series { get; init; }

    /// <summary>Areas stand on each other; lines stay where they are.</summary>
    public bool Stacked { get; init; }

    /// <summary>Whether a stretch of it can be picked for the page.</summary>
    public bool Zoomable { get; init; } = true;

    public bool WholeNumbers { get; init; }

    /// <summary>The unit behind a value under the pointer: <c>s</c>, <c>$</c>, or nothing.</summary>
    public string ValueUnit { get; init; } = "";

    public IReadOnlyList<ChartMark> Marks { get; init; } = [];

    public IReadOnlyList<ChartBand> Bands { get; init; } = [];

    /// <summary>The chart in words, for those who do not see it.</summary>
    public required string Spoken { get; init; }

    public bool IsEmpty => Series.All(series => series.Values.All(value => value is null or 0));

    /// <summary>Where a moment stands, 0 to 1.</summary>
    public double Place(Timestamp time) =>
        (double)(time.UnixNanoseconds - From.UnixNanoseconds) / Math.Max(1, To.UnixNanoseconds - From.UnixNanoseconds);

    /// <summary>Where a bucket is drawn: at its middle.</summary>
    public double Middle(int bucket) => Place(Times[bucket].Plus(Step / 2));

    /// <summary>The values as drawn: in a stack each with all below it.</summary>
    public IReadOnlyList<IReadOnlyList<double?>> Heights()
    {
        if (!Stacked) return [.. Series.Select(series => series.Values)];
        var below = new double[Times.Count];
        return [.. Series.Select(series => Pile(series.Values, below))];
    }

    private static double?[] Pile(IReadOnlyList<double?> values, double[] below)
    {
        var tops = new double?[below.Length];
        for (var i = 0; i < below.Length; i++) tops[i] = below[i] += values[i] ?? 0;
        return tops;
    }
}
