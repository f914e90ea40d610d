using System.Diagnostics;

namespace Callwatch.Testing;

/// <summary>Waits for what another thread is about to do, without a fixed pause; for things that announce themselves await those instead.</summary>
public static class Eventually
{
    public static async Task HoldsAsync(Func<bool> condition, string what, TimeSpan? within = null)
    {
        var started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(started) > (within ?? TimeSpan.FromSeconds(30))) throw new TimeoutException("Never happened: " + what);
            await Task.Yield();
        }
    }
}
