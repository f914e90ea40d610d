using Callwatch.Spans;

namespace Callwatch.Forward.Lanes;

/// <summary>
/// The requests that one sender may have on their way at the same time: as many streams, in each one thing after the other. All items of a
/// trace go by the same one, so that they arrive in order. Thread-safe.
/// </summary>
internal sealed class Streams(int count)
{
    private readonly Lock gate = new();
    private readonly Task[] last = [.. Enumerable.Repeat(Task.CompletedTask, Math.Max(1, count))];

    public int Of(TraceId trace) => (int)(trace.Low % (ulong)last.Length);

    /// <summary>Begins the work when everything that was put into the stream before it has ended; does not begin it when that has failed.</summary>
    public Task Then(int stream, Func<Task> work)
    {
        lock (gate) return last[stream] = AfterAsync(last[stream], work);
    }

    private static async Task AfterAsync(Task before, Func<Task> work)
    {
        // Never on the thread that only wanted to queue it.
        await before.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await work();
    }
}
