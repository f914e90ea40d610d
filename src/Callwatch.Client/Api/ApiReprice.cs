namespace Callwatch.Client.Api;

/// <summary>Asks for calls to be priced by the book in force now.</summary>
public sealed record ApiRepriceWish
{
    /// <summary>First moment of the range of their ends, RFC 3339 or a date.</summary>
    public string? From { get; init; }

    /// <summary>End of the range, itself not within it.</summary>
    public string? To { get; init; }

    /// <summary>Only this app.</summary>
    public string? App { get; init; }

    /// <summary>Only this model: the one that answered, or the one asked for.</summary>
    public string? Model { get; init; }

    /// <summary>Only what meets this filter.</summary>
    public string? Q { get; init; }

    /// <summary>True, the default: show the difference and change nothing.</summary>
    public bool? DryRun { get; init; }

    /// <summary>The <c>expect</c> of the difference that was shown; needed to have it done.</summary>
    public string? Expect { get; init; }
}

/// <summary>What pricing calls anew changes, or has changed.</summary>
public sealed record ApiReprice
{
    /// <summary>Number of the change; null while it was only shown.</summary>
    public long? Id { get; init; }

    /// <summary><c>shown</c>, <c>running</c>, <c>done</c> or <c>failed</c>.</summary>
    public required string State { get; init; }

    /// <summary>First moment of the range.</summary>
    public required string From { get; init; }

    /// <summary>End of the range.</summary>
    public required string To { get; init; }

    /// <summary>Only this app.</summary>
    public string? App { get; init; }

    /// <summary>Only this model.</summary>
    public string? Model { get; init; }

    /// <summary>Only what meets this filter.</summary>
    public string? Q { get; init; }

    /// <summary>Version of the price book.</summary>
    public required string PriceBook { get; init; }

    /// <summary>Calls selected.</summary>
    public required long Calls { get; init; }

    /// <summary>Of them, those whose sender gave the cost: it is never changed.</summary>
    public required long Given { get; init; }

    /// <summary>Of them, those whose cost changes.</summary>
    public required long Touched { get; init; }

    /// <summary>Without a cost before, with one after.</summary>
    public required long NewlyPriced { get; init; }

    /// <summary>With a cost before, without one after.</summary>
    public required long NoLongerPriced { get; init; }

    /// <summary>Without a cost after.</summary>
    public required long StillUnpriced { get; init; }

    /// <summary>Why, with how many calls.</summary>
    public required IReadOnlyDictionary<string, long> UnpricedReasons { get; init; }

    /// <summary>Sum of all calls selected, before.</summary>
    public required decimal BeforeUsd { get; init; }

    /// <summary>The same after.</summary>
    public required decimal AfterUsd { get; init; }

    /// <summary>After less before.</summary>
    public required decimal DifferenceUsd { get; init; }

    /// <summary>The calls touched by model, the greatest difference first.</summary>
    public required IReadOnlyList<ApiRepricedModel> Models { get; init; }

    /// <summary>Rows that ended before this are gone; their figures keep their cost. Null when all of the range has rows.</summary>
    public string? RowsFrom { get; init; }

    /// <summary>Names exactly this change: give it back as <c>expect</c> with <c>dry_run: false</c>.</summary>
    public string? Expect { get; init; }

    /// <summary>Who wanted it.</summary>
    public string? Who { get; init; }

    /// <summary>RFC 3339 in UTC.</summary>
    public string? StartedAt { get; init; }

    /// <summary>Null while it goes on.</summary>
    public string? EndedAt { get; init; }

    /// <summary>Why it did not come to its end.</summary>
    public string? Reason { get; init; }
}

/// <summary>The difference for one model.</summary>
/// <param name="Provider">Its provider.</param>
/// <param name="Model">Its name.</param>
/// <param name="Calls">Calls touched.</param>
/// <param name="BeforeUsd">What they cost before.</param>
/// <param name="AfterUsd">What they cost after.</param>
/// <param name="DifferenceUsd">After less before.</param>
public sealed record ApiRepricedModel(string? Provider, string? Model, long Calls, decimal BeforeUsd, decimal AfterUsd, decimal DifferenceUsd);
