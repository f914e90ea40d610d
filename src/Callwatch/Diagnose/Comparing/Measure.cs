namespace Callwatch.Diagnose.Comparing;

/// <summary>The figures whose change can be explained.</summary>
public enum Measure
{
    /// <summary>Average duration of successful calls, ms.</summary>
    Latency,

    /// <summary>Average time to first token of successful calls, ms.</summary>
    Ttft,

    /// <summary>Errors ÷ (successes + errors).</summary>
    Errors,

    /// <summary>US dollars over the whole window.</summary>
    Cost,

    /// <summary>How many calls.</summary>
    Calls,
}

public static class Measures
{
    public static readonly IReadOnlyList<Measure> All = Enum.GetValues<Measure>();

    /// <summary>As <c>figure</c> in the API.</summary>
    public static string Word(this Measure measure) => measure switch
    {
        Measure.Latency => "latency",
        Measure.Ttft => "ttft",
        Measure.Errors => "errors",
        Measure.Cost => "cost",
        _ => "calls",
    };

    public static Measure? Find(string? word) => All.Where(measure => measure.Word() == word).Select(measure => (Measure?)measure).FirstOrDefault();

    /// <summary>True of what is added up over the window; the others are quotients of two sums.</summary>
    public static bool IsSum(this Measure measure) => measure is Measure.Cost or Measure.Calls;
}
