namespace Callwatch.Forward.Lanes;

/// <summary>How long to wait before the next attempt: doubling from the base to the longest, less up to half by chance, so that lanes do not knock together.</summary>
internal sealed class Backoff(ForwardOptions options, Random chance)
{
    private int failures;

    public int Failures => failures;

    public void Succeeded() => failures = 0;

    /// <param name="asked">What the platform asked for; it counts where it is longer, up to <see cref="ForwardOptions.MaxRetryAfter"/>.</param>
    public TimeSpan Next(TimeSpan? asked)
    {
        var whole = options.BaseDelay * Math.Pow(2, Math.Min(failures++, 30));
        if (whole > options.MaxDelay) whole = options.MaxDelay;
        var wait = whole * (1 - (chance.NextDouble() / 2));
        if (asked is not { } given || given <= wait) return wait;
        return given < options.MaxRetryAfter ? given : options.MaxRetryAfter;
    }
}
