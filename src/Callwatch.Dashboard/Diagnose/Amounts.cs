using System.Globalization;
using Callwatch.Dashboard.Language;
using Callwatch.Dashboard.Show;
using Callwatch.Diagnose.Comparing;

namespace Callwatch.Dashboard.Diagnose;

/// <summary>The figures of a comparison as people read them.</summary>
public static class Amounts
{
    public static string Name(Measure measure, Words words) => measure switch
    {
        Measure.Latency => words["Average latency"],
        Measure.Ttft => words["Average time to first token"],
        Measure.Errors => words["Error rate"],
        Measure.Cost => words["Cost"],
        _ => words["Calls"],
    };

    /// <summary>For a switch.</summary>
    public static string Short(Measure measure, Words words) => measure switch
    {
        Measure.Latency => words["Latency"],
        Measure.Ttft => words["First token"],
        Measure.Errors => words["Errors"],
        Measure.Cost => words["Cost"],
        _ => words["Calls"],
    };

    public static Figure Value(Measure measure, double? value) => value is not { } number ? Figure.Unknown : measure switch
    {
        Measure.Latency or Measure.Ttft => Figure.Duration(number),
        Measure.Errors => Figure.Percent(number),
        Measure.Cost => Figure.Money(Usd(number)),
        _ => Figure.Whole((long)Math.Round(number)),
    };

    /// <summary>With its sign; of rates in points.</summary>
    public static string Change(Measure measure, double change, Words words) => IsNothing(measure, change) ? "0" : measure switch
    {
        Measure.Latency or Measure.Ttft => Sign(change) + Figure.Duration(Math.Abs(change)),
        Measure.Errors => words.Say("{0} points", Figure.Signed(change * 100, "0.00")),
        Measure.Cost => Sign(change) + Figure.Money(Usd(Math.Abs(change))),
        _ => Sign(change) + Figure.Count((long)Math.Round(Math.Abs(change))),
    };

    /// <summary>Against what it was, in percent; null where that says nothing.</summary>
    public static string? Relative(Movement movement) => movement is { Before: > 0 and var before, After: { } after } && movement.Measure != Measure.Errors
        ? Figure.Signed(((after / before) - 1) * 100, Math.Abs((after / before) - 1) < 0.9995 ? "0.0" : "N0") + " %"
        : null;

    public static string Percent(double share) => Math.Abs(share) < 0.005 ? "0 %" : Math.Round(share * 100).ToString("N0", CultureInfo.InvariantCulture).Replace('-', '−') + " %";

    // Less than anybody could see.
    private static bool IsNothing(Measure measure, double change) => Math.Abs(change) < measure switch
    {
        Measure.Latency or Measure.Ttft => 0.05,
        Measure.Errors => 0.00005,
        Measure.Cost => 0.000001,
        _ => 0.5,
    };

    private static string Sign(double change) => change < 0 ? "−" : "+";

    private static decimal Usd(double usd) => double.IsFinite(usd) && Math.Abs(usd) < 1e15 ? (decimal)usd : 0;
}
