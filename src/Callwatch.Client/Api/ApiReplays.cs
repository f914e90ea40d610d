namespace Callwatch.Client.Api;

/// <summary>Asks for what was received in a range to be sent again.</summary>
public sealed record ApiReplayWish
{
    /// <summary>First moment of receipt, RFC 3339 or a date.</summary>
    public string? From { get; init; }

    /// <summary>End of the range, itself not within it. Default: now.</summary>
    public string? To { get; init; }

    /// <summary>True where the platform may then show what it already has twice: kinds that do not deduplicate ask for it.</summary>
    public bool? ConfirmDuplicates { get; init; }
}

/// <summary>A replay.</summary>
public sealed record ApiReplay
{
    /// <summary>Its number, within its destination.</summary>
    public required int Id { get; init; }

    /// <summary><c>running</c>, <c>done</c>, or <c>ended</c> (by a person, before it was done).</summary>
    public required string State { get; init; }

    /// <summary>First moment of receipt, RFC 3339 in UTC.</summary>
    public required string From { get; init; }

    /// <summary>End of the range.</summary>
    public required string To { get; init; }

    /// <summary>The last number of the settled sequence it is done with.</summary>
    public required long Position { get; init; }

    /// <summary>The number it ends at.</summary>
    public required long Until { get; init; }

    /// <summary>Items that the platform has taken.</summary>
    public required long Sent { get; init; }

    /// <summary>Items that it has refused for good.</summary>
    public required long Refused { get; init; }

    /// <summary>Items that were gone from the journal, or could not be delivered in time.</summary>
    public required long Expired { get; init; }

    /// <summary>When it was begun, RFC 3339 in UTC.</summary>
    public required string CreatedAt { get; init; }

    /// <summary>Null while it runs.</summary>
    public string? EndedAt { get; init; }
}
