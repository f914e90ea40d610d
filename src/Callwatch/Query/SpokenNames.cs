using Callwatch.Spans;

namespace Callwatch.Query;

/// <summary>The words of small closed families, as filters and the API spell them.</summary>
public static class SpokenNames
{
    public static string Word(this ContentState state) => state switch
    {
        ContentState.Present => "present",
        ContentState.Expired => "expired",
        ContentState.Masked => "masked",
        _ => "not_captured",
    };

    public static string Word(this MediaState state) => state switch
    {
        MediaState.Present => "present",
        MediaState.Expired => "expired",
        _ => "not_kept",
    };

    public static string Word(this CallSource source) => source switch
    {
        CallSource.Summary => "summary",
        CallSource.Synthetic => "synthetic",
        _ => "recorded",
    };

    public static string Word(this AnswerSource source) => source == AnswerSource.Rollups ? "rollups" : "rows";

    public static string Word(this Step step) => step switch
    {
        Step.Minute => "1m",
        Step.QuarterHour => "15m",
        Step.Hour => "1h",
        Step.Day => "1d",
        _ => "auto",
    };
}
