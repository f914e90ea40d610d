namespace Callwatch.Client.Api;

/// <summary>What a month has cost so far, and what it will have cost.</summary>
public sealed record ApiMonthCost
{
    /// <summary>The month, as <c>2026-09</c>.</summary>
    public required string Month { get; init; }

    /// <summary>Zone whose clocks say when days and months begin.</summary>
    public required string Tz { get; init; }

    /// <summary>When the month began.</summary>
    public required string From { get; init; }

    /// <summary>Up to when costs are counted: now.</summary>
    public required string Until { get; init; }

    /// <summary>The day of the month under way.</summary>
    public required int Day { get; init; }

    /// <summary>How many days the month has.</summary>
    public required int Days { get; init; }

    /// <summary>Spent so far.</summary>
    public required decimal SpentUsd { get; init; }

    /// <summary>Spent in the month before up to the same moment of it; null when nothing is known of it.</summary>
    public decimal? BeforeUsd { get; init; }

    /// <summary>Calls of the month whose cost is not known; they are in none of the sums.</summary>
    public required long UnpricedCalls { get; init; }

    /// <summary>Null when fewer than three whole days are known.</summary>
    public ApiForecast? Forecast { get; init; }

    /// <summary>The days so far; the last one is under way.</summary>
    public required IReadOnlyList<ApiDayCost> ByDay { get; init; }
}

/// <summary>What a month will have cost if days go on as they went.</summary>
/// <param name="Usd">Spent so far, and the expected rest.</param>
/// <param name="LowUsd">Four of five months end between this and <paramref name="HighUsd"/>.</param>
/// <param name="DaysKnown">Whole days that it was derived from.</param>
public sealed record ApiForecast(decimal Usd, decimal LowUsd, decimal HighUsd, int DaysKnown, IReadOnlyList<ApiDayCost> Rest);

/// <summary>The cost of one day.</summary>
public sealed record ApiDayCost(string Day, decimal Usd);

/// <summary>The calls of a selection at the prices of another model.</summary>
public sealed record ApiWhatIf
{
    /// <summary>Provider whose prices were taken.</summary>
    public required string Provider { get; init; }

    /// <summary>Id of the price entry.</summary>
    public required string PriceId { get; init; }

    /// <summary>Version of the price book.</summary>
    public required string PriceBook { get; init; }

    /// <summary>Cost of the compared calls as stored.</summary>
    public required decimal NowUsd { get; init; }

    /// <summary>Cost of the same at the other prices.</summary>
    public required decimal ThenUsd { get; init; }

    /// <summary><c>then_usd</c> less <c>now_usd</c>.</summary>
    public required decimal DifferenceUsd { get; init; }

    /// <summary>Calls compared.</summary>
    public required long Calls { get; init; }

    /// <summary>Calls of other kinds, which are not compared.</summary>
    public required long LeftOut { get; init; }

    /// <summary>What the comparison cannot know: <c>other_tokens</c>, <c>other_cache</c>, <c>no_cache_price</c>, <c>reasoning</c>, <c>tiers</c>, <c>requests</c>, <c>extras</c>, <c>unpriced_now</c>, <c>other_kinds</c>, <c>more_models</c>.</summary>
    public required IReadOnlyList<string> Caveats { get; init; }

    /// <summary>By model and kind, the dearest first.</summary>
    public required IReadOnlyList<ApiWhatIfLine> Lines { get; init; }
}

/// <summary>The calls of one model and kind.</summary>
/// <param name="ThenUsd">Null for a kind that is not compared.</param>
public sealed record ApiWhatIfLine(string? Provider, string? Model, string Kind, long Calls, long InputTokens, long CacheReadTokens, long OutputTokens, decimal NowUsd, decimal? ThenUsd);

/// <summary>Where the provider's prompt cache stopped helping.</summary>
public sealed record ApiLostCaching
{
    /// <summary>From when on turns were compared.</summary>
    public required string LookedFrom { get; init; }

    /// <summary>Consecutive turns of sessions that were compared.</summary>
    public required long Turns { get; init; }

    /// <summary>Of them those in which the cache no longer helped.</summary>
    public required long TurnsLost { get; init; }

    /// <summary>Prompt tokens paid in full that the cache held, or usually holds.</summary>
    public required long LostTokens { get; init; }

    /// <summary>What that cost within the range, as far as prices are known.</summary>
    public required decimal LostUsd { get; init; }

    /// <summary>The same for a day.</summary>
    public required decimal UsdPerDay { get; init; }

    /// <summary>Apps, operations and models with losses that are not in the list: tokens and money are the sums of those that are.</summary>
    public int MoreItems { get; init; }

    /// <summary>By app, operation and model, the dearest first.</summary>
    public required IReadOnlyList<ApiLostStream> Items { get; init; }
}

/// <summary>The turns of one app, operation and model.</summary>
public sealed record ApiLostStream
{
    /// <summary>Name of the app.</summary>
    public required string App { get; init; }

    /// <summary>The function it serves.</summary>
    public string? Operation { get; init; }

    /// <summary>Folded provider.</summary>
    public string? Provider { get; init; }

    /// <summary>The model that answered.</summary>
    public string? Model { get; init; }

    /// <summary>Consecutive turns compared.</summary>
    public required long Turns { get; init; }

    /// <summary>Of them those without the cache's help.</summary>
    public required long TurnsLost { get; init; }

    /// <summary>Prompt tokens paid in full.</summary>
    public required long LostTokens { get; init; }

    /// <summary>Null without a price.</summary>
    public decimal? LostUsd { get; init; }

    /// <summary>Null without a price.</summary>
    public decimal? UsdPerDay { get; init; }

    /// <summary>Share of the prompt before that is usually read from the cache; null where too few turns say.</summary>
    public double? UsualShare { get; init; }

    /// <summary>The first turn of the range without help.</summary>
    public required string FirstLost { get; init; }

    /// <summary>The last turn before that with help; null when none was seen.</summary>
    public string? LastGood { get; init; }

    /// <summary>What most of the examples say; null when none was looked at.</summary>
    public ApiCacheBreak? Cause { get; init; }

    /// <summary>How many of the examples say so.</summary>
    public required int CauseCount { get; init; }

    /// <summary>Turns whose prompts were compared.</summary>
    public required IReadOnlyList<ApiLostTurn> Examples { get; init; }
}

/// <summary>Why a prompt no longer began as the one before.</summary>
public sealed record ApiCacheBreak
{
    /// <summary><c>tools_changed</c>, <c>message_changed</c>, <c>message_dropped</c>, <c>expired</c>, <c>same_prompt</c>, <c>not_resent</c>, <c>not_continued</c> or <c>unknown</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Place of the first message that differs, from 1.</summary>
    public int? Message { get; init; }

    /// <summary>Its role.</summary>
    public string? Role { get; init; }

    /// <summary>The part of it: <c>text</c>, <c>tool_call</c>, ...</summary>
    public string? Part { get; init; }

    /// <summary>The first character that differs, from 1.</summary>
    public int? Character { get; init; }

    /// <summary>What stood there, a few words of it. Content.</summary>
    public string? Before { get; init; }

    /// <summary>What stands there. Content.</summary>
    public string? After { get; init; }

    /// <summary>The tool whose definition differs.</summary>
    public string? Tool { get; init; }

    /// <summary>Of <c>unknown</c>: whether the earlier and the later text could be had, as <c>content</c> of spans.</summary>
    public IReadOnlyList<string>? Content { get; init; }
}

/// <summary>Two consecutive turns.</summary>
public sealed record ApiLostTurn
{
    /// <summary>The session.</summary>
    public required string SessionId { get; init; }

    /// <summary>Trace of the earlier turn.</summary>
    public required string BeforeTraceId { get; init; }

    /// <summary>Span of the earlier turn.</summary>
    public required string BeforeSpanId { get; init; }

    /// <summary>Trace of the later turn.</summary>
    public required string TraceId { get; init; }

    /// <summary>Span of the later turn.</summary>
    public required string SpanId { get; init; }

    /// <summary>End of the later turn.</summary>
    public required string At { get; init; }

    /// <summary>Time between the two.</summary>
    public required double GapMs { get; init; }

    /// <summary>Prompt of the earlier turn.</summary>
    public required long InputTokensBefore { get; init; }

    /// <summary>Prompt of the later turn.</summary>
    public required long InputTokens { get; init; }

    /// <summary>Read from the cache by the earlier turn.</summary>
    public required long CacheReadTokensBefore { get; init; }

    /// <summary>Read from the cache by the later turn.</summary>
    public required long CacheReadTokens { get; init; }

    /// <summary>What the cache should have given besides.</summary>
    public required long LostTokens { get; init; }

    /// <summary>What came between.</summary>
    public required ApiCacheBreak Cause { get; init; }
}

/// <summary>How much of what applications asked models was told as calls.</summary>
public sealed record ApiCoverage
{
    /// <summary>HTTP requests of applications for a model's answer.</summary>
    public required long ModelRequests { get; init; }

    /// <summary>Of them those without a call in their trace.</summary>
    public required long WithoutCall { get; init; }

    /// <summary>UTC days of the range of which not everything was counted: an older version stored them, and <c>reindex</c> counts them; or, asked by environment, nobody counted by it then.</summary>
    public required IReadOnlyList<string> NotCountedDays { get; init; }

    /// <summary>By app and provider, most without a call first.</summary>
    public required IReadOnlyList<ApiCoverageOf> Items { get; init; }
}

/// <summary>The same as a whole, beside other figures.</summary>
/// <param name="ModelRequests">HTTP requests of applications for a model's answer.</param>
/// <param name="WithoutCall">Of them those without a call in their trace: they are in no other figure.</param>
/// <param name="NotCountedDays">How many UTC days of the range were not, or not wholly, counted.</param>
public sealed record ApiCoverageTotal(long ModelRequests, long WithoutCall, int NotCountedDays);

/// <summary>The requests of one app to one provider.</summary>
/// <param name="Provider">Folded; <c>other</c> for a host that nobody knows, asked by a known protocol.</param>
public sealed record ApiCoverageOf(string App, string Provider, long ModelRequests, long WithoutCall);
