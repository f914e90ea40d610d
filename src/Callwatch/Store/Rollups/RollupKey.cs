namespace Callwatch.Store.Rollups;

/// <summary>Widths of the buckets of rollups. The numbers are stored.</summary>
public enum RollupLevel
{
    Minute = 0,
    QuarterHour = 1,
    Day = 2,

    /// <summary>Made once the hour is over.</summary>
    Hour = 3,
}

public static class RollupLevels
{
    public static long Seconds(this RollupLevel level) => level switch
    {
        RollupLevel.Minute => 60,
        RollupLevel.QuarterHour => 900,
        RollupLevel.Hour => 3_600,
        _ => 86_400,
    };
}

/// <summary>Whose figures a row of rollups holds, within one bucket. Texts are ids of the partition's dictionary, 0 where there is none.</summary>
internal readonly record struct RollupDimensions(
    int Tenant, int App, long Environment, int Kind, long Operation, long Provider, long Model, int Outcome, long Asked);

/// <param name="Bucket">Where it begins, in seconds since 1970.</param>
internal readonly record struct RollupKey(RollupLevel Level, long Bucket, RollupDimensions Of);
