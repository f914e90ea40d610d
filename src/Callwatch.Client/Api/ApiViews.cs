namespace Callwatch.Client.Api;

/// <summary>A list that somebody has saved.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Page"><c>overview</c>, <c>calls</c>, <c>traces</c>, <c>errors</c>, <c>cost</c> or <c>diagnose</c>.</param>
/// <param name="Name">Its name; one of a kind on its page.</param>
/// <param name="Query">The state of the page's address: <c>app=shop&amp;from=-3h&amp;q=outcome%3Aerror</c>.</param>
/// <param name="MadeBy">Who made it, or changed it last.</param>
/// <param name="CreatedAt">RFC 3339 in UTC.</param>
/// <param name="UpdatedAt">RFC 3339 in UTC.</param>
public sealed record ApiView(long Id, string Page, string Name, string Query, string MadeBy, string CreatedAt, string UpdatedAt);

/// <summary>Asks for a view; in a change, what is left out or null stays.</summary>
public sealed record ApiViewWish
{
    /// <summary>1 to 80 characters.</summary>
    public string? Name { get; init; }

    /// <summary><c>overview</c>, <c>calls</c>, <c>traces</c>, <c>errors</c>, <c>cost</c> or <c>diagnose</c>.</summary>
    public string? Page { get; init; }

    /// <summary>The state of the page's address; a place within a list (<c>cursor</c>, <c>call</c>) is left out.</summary>
    public string? Query { get; init; }
}

/// <summary>A sign-in of a browser.</summary>
/// <param name="Id">Names it.</param>
/// <param name="Key">The number of the key it was begun with; null for the link that a start prints.</param>
/// <param name="Agent">The browser in its own words.</param>
/// <param name="CreatedAt">RFC 3339 in UTC.</param>
/// <param name="ExpiresAt">RFC 3339 in UTC.</param>
public sealed record ApiSignIn(string Id, int? Key, string? Agent, string CreatedAt, string ExpiresAt);

/// <summary>Somebody has changed something.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Time">RFC 3339 in UTC.</param>
/// <param name="Who">Who it was.</param>
/// <param name="What">What was done.</param>
/// <param name="Detail">With what; never a secret.</param>
public sealed record ApiAuditRow(long Id, string Time, string Who, string What, System.Text.Json.JsonElement Detail);
