using System.Diagnostics;

namespace Callwatch.Testing;

/// <summary>Waits for what another thread or process is about to do; for things that announce themselves await those instead.</summary>
public static class Eventually
{
    // What comes within a moment is seen at once; for all else the processor is left to those who are waited for.
    private const int EagerLooks = 1_000, QuickLooks = 3_000;

    // A process that stood still has not looked: only what was looked at so often, and so long, never happens.
    private const int LeastLooks = 200;

    public static Task HoldsAsync(Func<bool> condition, string what, TimeSpan? within = null) =>
        ComesAsync(() => Task.FromResult(condition() ? "" : null), () => what, within);

    /// <summary>What was looked for, once it is there: until then the look finds null.</summary>
    /// <param name="what">What is waited for, and what there was instead.</param>
    public static async Task<T> ComesAsync<T>(Func<Task<T?>> look, Func<string> what, TimeSpan? within = null)
        where T : class
    {
        var started = Stopwatch.GetTimestamp();
        for (var looks = 1; ; looks++)
        {
            if (await look() is { } found) return found;
            if (looks > LeastLooks && Stopwatch.GetElapsedTime(started) > (within ?? Patience.Long)) throw new TimeoutException("Never happened: " + what());
            if (looks < EagerLooks) await Task.Yield();
            else await Task.Delay(looks < QuickLooks ? 1 : 15);
        }
    }

    /// <summary>The same for what is asked of a server or a process, where a look is work for the one that is waited for.</summary>
    public static async Task<T> AnswersAsync<T>(Func<Task<T?>> ask, Func<string> what, TimeSpan? within = null)
        where T : class
    {
        var started = Stopwatch.GetTimestamp();
        for (var asked = 1; ; asked++)
        {
            if (await ask() is { } found) return found;
            if (asked > 5 && Stopwatch.GetElapsedTime(started) > (within ?? Patience.Long)) throw new TimeoutException("Never happened: " + what());
            await Task.Delay(asked < 20 ? 5 : 50);
        }
    }
}
