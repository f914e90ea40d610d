using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Callwatch.Client.Api;

/// <summary>Daily figures of applications, from their business traces: of chats by message, of workflows by run. docs/figures.md defines each.</summary>
public sealed record ApiReferenceFigures
{
    /// <summary>Width of the points: <c>1d</c>, a day as the clocks of the time zone have it.</summary>
    public required string Step { get; init; }

    /// <summary>The time zone in which days begin.</summary>
    [JsonPropertyName("tz")]
    public required string TimeZone { get; init; }

    /// <summary><c>rollups</c> or <c>rows</c>.</summary>
    public required string Source { get; init; }

    /// <summary>Where only rows could answer and retention has taken some of the range: the moment from which on they are all there. Null otherwise.</summary>
    public string? RowsFrom { get; init; }

    /// <summary>Of messages.</summary>
    public required ApiChatFigures Chat { get; init; }

    /// <summary>Of runs of workflows that are no part of a message or of another run.</summary>
    public required ApiWorkflowFigures Workflow { get; init; }
}

/// <summary>Figures of messages.</summary>
/// <param name="Total">Of the whole range: worked out from its messages, not from the days.</param>
/// <param name="Points">Of each day; all days are there.</param>
public sealed record ApiChatFigures(ApiChatDay Total, IReadOnlyList<ApiChatPoint> Points);

/// <summary>Figures of runs.</summary>
/// <param name="Total">Of the whole range: worked out from its runs, not from the days.</param>
/// <param name="Points">Of each day; all days are there.</param>
public sealed record ApiWorkflowFigures(ApiWorkflowDay Total, IReadOnlyList<ApiWorkflowPoint> Points);

/// <summary>What messages and runs have in common.</summary>
public abstract record ApiRecordDay
{
    /// <summary>Distinct users; null where they were not counted.</summary>
    public long? ActiveUsers { get; init; }

    /// <summary>True when users were estimated, within about 2 %.</summary>
    public bool ActiveUsersApproximate { get; init; }

    /// <summary>Input tokens of all calls beneath them, cached ones included.</summary>
    public long InputTokens { get; init; }

    /// <summary>Output tokens.</summary>
    public long OutputTokens { get; init; }

    /// <summary>Both.</summary>
    public long TotalTokens { get; init; }

    /// <summary>Known cost of these calls in US dollars.</summary>
    public decimal CostUsd { get; init; }

    /// <summary>Calls among them whose cost should be known and is not.</summary>
    public long UnpricedCalls { get; init; }

    /// <summary>Mean duration of those that succeeded, in milliseconds.</summary>
    public double? ResponseTimeMs { get; init; }

    /// <summary>95th percentile of the same.</summary>
    public double? ResponseTimeP95Ms { get; init; }

    /// <summary>Output tokens of the calls ÷ the time they took to give them; null where that is not known.</summary>
    public double? TokensPerSecond { get; init; }

    /// <summary>How many failed.</summary>
    public long Errors { get; init; }

    /// <summary>Success ÷ (success + errors), 0 to 1.</summary>
    public double? SuccessRate { get; init; }
}

/// <summary>Messages of a day, or of a range.</summary>
public record ApiChatDay : ApiRecordDay
{
    /// <summary>Messages, without those of somebody trying the app out.</summary>
    public long Messages { get; init; }

    /// <summary>Distinct conversations with a message; null where they were not counted.</summary>
    public long? Conversations { get; init; }

    /// <summary>True when conversations were estimated, within about 2 %.</summary>
    public bool ConversationsApproximate { get; init; }

    /// <summary>Messages that belong to a conversation ÷ conversations.</summary>
    public double? InteractionsPerSession { get; init; }

    /// <summary>Messages whose user liked the answer; each message counts once.</summary>
    public long Likes { get; init; }

    /// <summary>Messages whose user did not.</summary>
    public long Dislikes { get; init; }

    /// <summary>Likes ÷ messages, 0 to 1.</summary>
    public double? SatisfactionRate { get; init; }
}

/// <summary>Messages of one day.</summary>
public sealed record ApiChatPoint : ApiChatDay
{
    /// <summary>For JSON.</summary>
    public ApiChatPoint()
    {
    }

    /// <summary>The figures as those of a day.</summary>
    /// <param name="t">Beginning of the day.</param>
    /// <param name="figures">Its figures.</param>
    [SetsRequiredMembers]
    public ApiChatPoint(string t, ApiChatDay figures)
        : base(figures) => T = t;

    /// <summary>Beginning of the day, RFC 3339 in UTC.</summary>
    [JsonPropertyOrder(-1)]
    public required string T { get; init; }
}

/// <summary>Runs of a day, or of a range.</summary>
public record ApiWorkflowDay : ApiRecordDay
{
    /// <summary>Runs, without those of somebody trying the app out.</summary>
    public long Runs { get; init; }

    /// <summary>Runs with a known user ÷ users.</summary>
    public double? RunsPerUser { get; init; }
}

/// <summary>Runs of one day.</summary>
public sealed record ApiWorkflowPoint : ApiWorkflowDay
{
    /// <summary>For JSON.</summary>
    public ApiWorkflowPoint()
    {
    }

    /// <summary>The figures as those of a day.</summary>
    /// <param name="t">Beginning of the day.</param>
    /// <param name="figures">Its figures.</param>
    [SetsRequiredMembers]
    public ApiWorkflowPoint(string t, ApiWorkflowDay figures)
        : base(figures) => T = t;

    /// <summary>Beginning of the day, RFC 3339 in UTC.</summary>
    [JsonPropertyOrder(-1)]
    public required string T { get; init; }
}
