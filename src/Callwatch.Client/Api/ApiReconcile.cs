namespace Callwatch.Client.Api;

/// <summary>A provider's export that was imported.</summary>
public sealed record ApiReconcileImport
{
    /// <summary>Its number.</summary>
    public required long Id { get; init; }

    /// <summary>As it was named, or the file was.</summary>
    public required string Name { get; init; }

    /// <summary>Whose export it is: <c>openai</c>, <c>anthropic</c>.</summary>
    public required string Provider { get; init; }

    /// <summary><c>usage</c> or <c>cost</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>First UTC day in it.</summary>
    public required string FirstDay { get; init; }

    /// <summary>Last UTC day in it.</summary>
    public required string LastDay { get; init; }

    /// <summary>Lines of the file.</summary>
    public required int Lines { get; init; }

    /// <summary>Who imported it.</summary>
    public required string Who { get; init; }

    /// <summary>When.</summary>
    public required string Time { get; init; }
}

/// <summary>An import beside what is here.</summary>
public sealed record ApiReconciliation
{
    /// <summary>The import.</summary>
    public required ApiReconcileImport Import { get; init; }

    /// <summary>By UTC day and model.</summary>
    public required IReadOnlyList<ApiReconcileLine> Items { get; init; }

    /// <summary>All of it.</summary>
    public required ApiReconcileTotals Total { get; init; }
}

/// <summary>Both sides of all lines.</summary>
public sealed record ApiReconcileTotals(decimal? TheirUsd, decimal OurUsd, long? TheirInputTokens, long OurInputTokens, long? TheirOutputTokens, long OurOutputTokens, long? TheirRequests, long OurCalls);

/// <summary>One day and model.</summary>
public sealed record ApiReconcileLine
{
    /// <summary>The UTC day.</summary>
    public required string Day { get; init; }

    /// <summary>The name both use, else what their names have in common; empty where the export names none.</summary>
    public required string Model { get; init; }

    /// <summary>Null where the export has nothing.</summary>
    public ApiReconcileSide? Theirs { get; init; }

    /// <summary>Null where nothing came here.</summary>
    public ApiReconcileSide? Ours { get; init; }

    /// <summary>Why they differ; <c>agrees</c> where they do not.</summary>
    public required IReadOnlyList<ApiReconcileReason> Reasons { get; init; }
}

/// <summary>What one side has. Null is what it does not say.</summary>
public sealed record ApiReconcileSide
{
    /// <summary>The models, as this side names them.</summary>
    public required IReadOnlyList<string> Models { get; init; }

    /// <summary>Requests, or calls.</summary>
    public long? Calls { get; init; }

    /// <summary>All prompt tokens.</summary>
    public long? InputTokens { get; init; }

    /// <summary>Of them read from the cache.</summary>
    public long? CacheReadTokens { get; init; }

    /// <summary>Of them written to it.</summary>
    public long? CacheWriteTokens { get; init; }

    /// <summary>All tokens that came out.</summary>
    public long? OutputTokens { get; init; }

    /// <summary>In US dollars.</summary>
    public decimal? Usd { get; init; }

    /// <summary>Ours only: calls without a price.</summary>
    public long? UnpricedCalls { get; init; }

    /// <summary>Ours only: successful calls without token counts; null when they could not be counted in time.</summary>
    public long? CallsWithoutUsage { get; init; }
}

/// <summary>A reason for a difference.</summary>
/// <param name="Code"><c>agrees</c>, <c>before_first</c>, <c>other_keys</c>, <c>not_in_export</c>, <c>sampled</c>, <c>unpriced</c>, <c>missing_usage</c>, <c>without_call</c>, <c>utc_days</c>, <c>failed</c>, <c>credits</c>, <c>prices</c> or <c>unexplained</c>.</param>
/// <param name="Calls">How many calls it is about, where that is known.</param>
/// <param name="Share">Of <c>sampled</c>: the part that is here.</param>
public sealed record ApiReconcileReason(string Code, long? Calls, double? Share);
