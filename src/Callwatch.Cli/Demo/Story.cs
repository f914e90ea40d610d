using Callwatch.Spans;

namespace Callwatch.Cli.Demo;

/// <summary>
/// What happens when. 48 minutes before the demo begins, prompt <c>support-answer</c> v7 puts the time of day in front: no two prompts share a
/// beginning any more, the provider's cache stops helping, latency and cost rise, and the uncached tokens use up the rate limit.
/// 40 minutes after the beginning v8 puts it right. Elsewhere slow and overloaded spells come and go.
/// </summary>
/// <param name="told">The moment the demo began.</param>
/// <param name="calm">True for the week before, when none of it happened.</param>
internal sealed class Story(Timestamp told, bool calm)
{
    private static readonly TimeSpan NewPrompt = TimeSpan.FromMinutes(-48);
    private static readonly TimeSpan PutRight = TimeSpan.FromMinutes(40);

    public int AnswerPromptVersion(Timestamp at) => At(at) < NewPrompt ? 6 : At(at) < PutRight ? 7 : 8;

    public bool CacheHelps(Timestamp at) => AnswerPromptVersion(at) != 7;

    /// <summary>Share of calls to gpt-4.1 that meet the deployment's token limit; it begins three minutes after the prompt.</summary>
    public double RateLimited(Timestamp at) =>
        CacheHelps(at) || At(at) < NewPrompt + TimeSpan.FromMinutes(3) ? 0.001 : 0.06;

    /// <summary>Share of calls to the order service that fail; a trouble of its own that has nothing to do with the prompt.</summary>
    public double OrderServiceFails(Timestamp at) => !calm && Within(at, -35, 25) ? 0.25 : 0.02;

    public bool AnthropicIsOverloaded(Timestamp at) => !calm && Spell(at, everyMinutes: 95, lastsMinutes: 7, shift: 20);

    /// <summary>How many times as long as usual gpt-4.1-mini takes.</summary>
    public double MiniSlowness(Timestamp at) => !calm && Spell(at, everyMinutes: 140, lastsMinutes: 9, shift: 60) ? 3.2 : 1;

    /// <summary>A key that was rotated and not rolled out everywhere.</summary>
    public bool OldKeyInUse(Timestamp at) => !calm && Within(at, -55, -49);

    /// <summary>How much is going on: 1 is the average. It swells over the day and is never quite even.</summary>
    public double Traffic(Timestamp at)
    {
        var hours = at.UnixSeconds / 3600d;
        var day = 1 + (0.22 * Math.Sin(2 * Math.PI * (hours - 8) / 24));
        var ripple = 1 + (0.08 * Math.Sin(hours * 11)) + (0.05 * Math.Sin(hours * 29));
        return day * ripple * (calm ? 0.96 : 1);
    }

    // The week before shares no spell with this one.
    private TimeSpan At(Timestamp at) => calm ? TimeSpan.MinValue : TimeSpan.FromTicks((at.UnixNanoseconds - told.UnixNanoseconds) / 100);

    private bool Within(Timestamp at, double fromMinutes, double toMinutes) => At(at).TotalMinutes >= fromMinutes && At(at).TotalMinutes < toMinutes;

    private bool Spell(Timestamp at, double everyMinutes, double lastsMinutes, double shift)
    {
        var minutes = (At(at).TotalMinutes + shift) % everyMinutes;
        return (minutes < 0 ? minutes + everyMinutes : minutes) < lastsMinutes;
    }
}
