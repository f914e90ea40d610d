namespace Callwatch.Control;

/// <summary>How long what an app sent is kept. Figures by the day are kept for ever.</summary>
public sealed record RetentionRules
{
    /// <summary>What was received, with its bodies. Default 14 days.</summary>
    public TimeSpan Journal { get; init; } = TimeSpan.FromDays(14);

    /// <summary>Rows of spans, calls and traces. Default 90 days.</summary>
    public TimeSpan Rows { get; init; } = TimeSpan.FromDays(90);

    /// <summary>Figures by the minute. Default 14 days.</summary>
    public TimeSpan Minutes { get; init; } = TimeSpan.FromDays(14);

    /// <summary>Figures by the quarter hour, never shorter than those by the minute. Default 400 days.</summary>
    public TimeSpan QuarterHours { get; init; } = TimeSpan.FromDays(400);

    /// <summary>These, except where somebody has said otherwise.</summary>
    internal RetentionRules With(RetentionWish? wish)
    {
        if (wish is null) return this;
        var minutes = Days(wish.MinuteDays) ?? Minutes;
        var quarters = Days(wish.QuarterHourDays) ?? QuarterHours;
        return new RetentionRules
        {
            Journal = Days(wish.JournalDays) ?? Journal,
            Rows = Days(wish.RowsDays) ?? Rows,
            Minutes = minutes,
            QuarterHours = quarters < minutes ? minutes : quarters,
        };

        static TimeSpan? Days(int? days) => days is { } number ? TimeSpan.FromDays(number) : null;
    }

    /// <summary>The longer of each.</summary>
    internal RetentionRules OrLonger(RetentionRules other) => Each(other, static (one, two) => one > two ? one : two);

    /// <summary>The shorter of each.</summary>
    internal RetentionRules OrShorter(RetentionRules other) => Each(other, static (one, two) => one < two ? one : two);

    private RetentionRules Each(RetentionRules other, Func<TimeSpan, TimeSpan, TimeSpan> choose) => new()
    {
        Journal = choose(Journal, other.Journal),
        Rows = choose(Rows, other.Rows),
        Minutes = choose(Minutes, other.Minutes),
        QuarterHours = choose(QuarterHours, other.QuarterHours),
    };
}

/// <summary>What somebody has said of retention, in whole days; null inherits.</summary>
public sealed record RetentionWish(int? JournalDays, int? RowsDays, int? MinuteDays, int? QuarterHourDays)
{
    public const int MostDays = 36_500;

    public bool IsEmpty => this is { JournalDays: null, RowsDays: null, MinuteDays: null, QuarterHourDays: null };

    /// <summary>The field that is wrong and what would be right; null when all is well.</summary>
    public (string Field, string Message)? Wrong()
    {
        foreach (var (field, days) in ((string, int?)[])[("journal_days", JournalDays), ("rows_days", RowsDays), ("minute_days", MinuteDays), ("quarter_hour_days", QuarterHourDays)])
            if (days is < 1 or > MostDays) return (field, $"It is from 1 to {MostDays} days, or null to inherit.");
        return QuarterHourDays < MinuteDays ? ("quarter_hour_days", "Figures by the quarter hour are kept at least as long as those by the minute.") : null;
    }
}
