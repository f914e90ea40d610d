namespace Callwatch.Client.Api;

/// <summary>How long things are kept, in whole days; <c>null</c> inherits: an app from its tenant, a tenant from the instance.</summary>
public record ApiRetentionDays
{
    /// <summary>What was received, with prompts and answers.</summary>
    public int? JournalDays { get; init; }

    /// <summary>Rows of spans, calls and traces.</summary>
    public int? RowsDays { get; init; }

    /// <summary>Figures by the minute.</summary>
    public int? MinuteDays { get; init; }

    /// <summary>Figures by the quarter hour, at least as long as those by the minute. Figures by the day are kept for ever.</summary>
    public int? QuarterHourDays { get; init; }
}

/// <summary>How long things of one app are kept, where it differs from its tenant.</summary>
public sealed record ApiAppRetention : ApiRetentionDays
{
    /// <summary>The app's name.</summary>
    public string? App { get; init; }
}

/// <summary>The rules of retention.</summary>
public sealed record ApiRetention
{
    /// <summary>What holds for the instance where nobody says otherwise; never <c>null</c> within.</summary>
    public required ApiRetentionDays Instance { get; init; }

    /// <summary>What was said for the tenant.</summary>
    public required ApiRetentionDays Tenant { get; init; }

    /// <summary>Apps with rules of their own.</summary>
    public required IReadOnlyList<ApiAppRetention> Apps { get; init; }

    /// <summary>What holds for the tenant's other apps, with what is inherited.</summary>
    public required ApiRetentionDays InForce { get; init; }
}

/// <summary>Asks for other rules. What is left out stays; a part that is given replaces what was said for it before.</summary>
public sealed record ApiNewRetention
{
    /// <summary>For the instance; the operator's to change.</summary>
    public ApiRetentionDays? Instance { get; init; }

    /// <summary>For the tenant.</summary>
    public ApiRetentionDays? Tenant { get; init; }

    /// <summary>For single apps; those not named stay as they are, and one with nothing but its name inherits everything again.</summary>
    public IReadOnlyList<ApiAppRetention>? Apps { get; init; }
}
