namespace Callwatch.Store.Rollups;

/// <summary>Figures by few dimensions, beside tenant, app and outcome. The numbers are stored.</summary>
internal enum Cut
{
    Totals = 0,

    /// <summary>Model that answered, model asked for, provider.</summary>
    Model = 1,

    /// <summary>Operation, model asked for.</summary>
    Operation = 2,

    /// <summary>This and those up to the tags are bounded per bucket and app: the rest is counted together.</summary>
    User = 3,
    Release = 4,

    /// <summary>Prompt, version.</summary>
    Prompt = 5,

    /// <summary>A call counts once for each of its tags, and once without a tag if it has none.</summary>
    Tag = 6,

    /// <summary>Environment, model asked for, provider: what the frame of every page can be narrowed to. Not bounded.</summary>
    Environment = 7,

    /// <summary>Not of calls, as all others, but of messages: environment. By hours and days only; so the next.</summary>
    Message = 8,

    /// <summary>Of runs of workflows: environment.</summary>
    Run = 9,
}

internal static class Cuts
{
    /// <summary>Most values of a bounded cut that are kept apart, per hour and app; of a day five times as many.</summary>
    public const int MostOfHour = 200;

    public const int MostOfDay = 1_000;

    /// <summary>Stands for the values past the bound.</summary>
    public const long Rest = -1;

    /// <summary>Whether it counts business records, not calls.</summary>
    public static bool IsOfRecords(this Cut cut) => cut is Cut.Message or Cut.Run;

    public static bool IsBounded(this Cut cut) => cut is >= Cut.User and <= Cut.Tag;

    /// <summary>Whether the cut has rows of a level beside hours and days.</summary>
    public static bool Has(this Cut cut, RollupLevel level) => level switch
    {
        RollupLevel.Minute => cut <= Cut.Model,
        RollupLevel.QuarterHour => cut is <= Cut.Operation or Cut.Environment,
        _ => true,
    };
}

/// <param name="Bucket">Where it begins, in seconds since 1970.</param>
internal readonly record struct CutKey(Cut Cut, RollupLevel Level, long Bucket, int Tenant, int App, int Outcome, long A, long B, long C);
