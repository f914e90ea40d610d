namespace Callwatch.Journal.Writing;

/// <summary>The last synced number, and a way to wait for the next without asking again and again.</summary>
internal sealed class HeadSignal(long number)
{
    private readonly Lock gate = new();
    private TaskCompletionSource? changed;
    private long number = number;

    public long Number => Volatile.Read(ref number);

    public void Publish(long newNumber)
    {
        TaskCompletionSource? waiting;
        lock (gate)
        {
            Volatile.Write(ref number, newNumber);
            (waiting, changed) = (changed, null);
        }

        waiting?.TrySetResult();
    }

    /// <summary>Completes once the head is beyond <paramref name="seen"/>.</summary>
    public Task BeyondAsync(long seen, CancellationToken cancel)
    {
        lock (gate)
        {
            if (number > seen) return Task.CompletedTask;
            changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return changed.Task.WaitAsync(cancel);
        }
    }
}
