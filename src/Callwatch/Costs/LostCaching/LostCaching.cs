using Callwatch.Spans;

namespace Callwatch.Costs.LostCaching;

/// <summary>Where the provider's prompt cache stopped helping, and what that costs.</summary>
public sealed record LostCachingAnswer
{
    /// <summary>Streams with losses, the dearest first.</summary>
    public required IReadOnlyList<LostStream> Streams { get; init; }

    /// <summary>Streams with losses that are not in the list: the sums are of those that are.</summary>
    public int MoreStreams { get; init; }

    /// <summary>Consecutive turns of the range that were compared.</summary>
    public long Turns { get; init; }

    /// <summary>Of them those in which the cache no longer helped.</summary>
    public long TurnsLost { get; init; }

    public long LostTokens => Streams.Sum(stream => stream.LostTokens);

    /// <summary>Within the range, as far as prices are known.</summary>
    public decimal LostUsd => Streams.Sum(stream => stream.LostUsd ?? 0);

    /// <summary>The same for a day at this pace.</summary>
    public decimal UsdPerDay => Streams.Sum(stream => stream.UsdPerDay ?? 0);

    /// <summary>From when on turns were compared: later than the range begins where there were more than can be read in time.</summary>
    public required Timestamp LookedFrom { get; init; }
}

/// <summary>The turns of one app, operation and model.</summary>
public sealed record LostStream
{
    public required string App { get; init; }

    public string? Operation { get; init; }

    public string? Provider { get; init; }

    public string? Model { get; init; }

    public long Turns { get; init; }

    public long TurnsLost { get; init; }

    /// <summary>Prompt tokens that were paid in full although the cache had held them, or usually does.</summary>
    public long LostTokens { get; init; }

    /// <summary>Null without a price.</summary>
    public decimal? LostUsd { get; init; }

    public decimal? UsdPerDay { get; init; }

    /// <summary>Share of the turn before that is usually read from the cache, 0 to 1; null where too few turns say.</summary>
    public double? UsualShare { get; init; }

    /// <summary>The first turn of the range without help.</summary>
    public Timestamp FirstLost { get; init; }

    /// <summary>The last turn before that in which the cache helped; null when none was seen.</summary>
    public Timestamp? LastGood { get; init; }

    /// <summary>Turns whose text was compared.</summary>
    public required IReadOnlyList<LostTurn> Examples { get; init; }

    /// <summary>What most of the examples say; null when none was looked at.</summary>
    public CacheBreak? Cause { get; init; }

    /// <summary>How many of the examples say so.</summary>
    public int CauseCount { get; init; }
}

/// <summary>Two consecutive turns of a session, and what came between them and the cache.</summary>
public sealed record LostTurn
{
    public required string Session { get; init; }

    public required TraceId BeforeTrace { get; init; }

    public required SpanId BeforeSpan { get; init; }

    public required TraceId Trace { get; init; }

    public required SpanId Span { get; init; }

    /// <summary>End of the later turn.</summary>
    public required Timestamp At { get; init; }

    /// <summary>Between the end of the one and the start of the other.</summary>
    public required TimeSpan Gap { get; init; }

    public required long PromptBefore { get; init; }

    public required long Prompt { get; init; }

    public required long CachedBefore { get; init; }

    public required long Cached { get; init; }

    public required long LostTokens { get; init; }

    public required CacheBreak Cause { get; init; }
}

/// <summary>Why a prompt no longer began as the one before it. Providers cache prompts from their beginning: all behind the first difference is paid in full.</summary>
public abstract record CacheBreak
{
    private CacheBreak()
    {
    }

    /// <summary>The word of the API.</summary>
    public abstract string Word { get; }

    /// <summary>The tool definitions are others; they stand before the messages.</summary>
    /// <param name="Name">Of the first one that differs, where it has one.</param>
    public sealed record Tools(string? Name) : CacheBreak
    {
        public override string Word => "tools_changed";
    }

    /// <summary>A message is another one than it was.</summary>
    /// <param name="Place">Of the message, from 1.</param>
    /// <param name="Part">What of it: <c>text</c>, <c>tool_call</c>, <c>image</c>, ...</param>
    /// <param name="Character">Of the part's text, from 1.</param>
    /// <param name="Before">What stood there, a few words of it.</param>
    public sealed record Message(int Place, string Role, string Part, int Character, string Before, string After) : CacheBreak
    {
        public override string Word => "message_changed";
    }

    /// <summary>A message that was sent before was left out.</summary>
    public sealed record Dropped(int Place, string Role) : CacheBreak
    {
        public override string Word => "message_dropped";
    }

    /// <summary>What was sent begins with what was sent before: the provider let go of it.</summary>
    /// <param name="Late">Whether so much time had passed that caches are usually given up.</param>
    public sealed record NothingChanged(bool Late) : CacheBreak
    {
        public override string Word => Late ? "expired" : "same_prompt";
    }

    /// <summary>The later turn holds none of the earlier messages: only what is new was captured, or the provider keeps the conversation itself.</summary>
    public sealed record NotResent : CacheBreak
    {
        public override string Word => "not_resent";
    }

    /// <summary>The later prompt is as long as the earlier and ends differently: another question, not the next turn of a conversation.</summary>
    public sealed record NotContinued : CacheBreak
    {
        public override string Word => "not_continued";
    }

    /// <summary>The prompts cannot be compared. Said instead of guessed.</summary>
    public sealed record Unknown(ContentState Before, ContentState After) : CacheBreak
    {
        public override string Word => "unknown";
    }
}
