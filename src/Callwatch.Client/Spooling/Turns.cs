namespace Callwatch.Client.Spooling;

/// <summary>Lets a caller wait until all that was taken before has had its turn; thread-safe.</summary>
internal sealed class Turns
{
    private readonly Lock gate = new();
    private readonly List<(long Upto, TaskCompletionSource Done)> waiters = [];
    private long taken;
    private long handled;

    public void Taken() => Interlocked.Increment(ref taken);

    public void Handled(int count = 1) => Reach(() => handled + count);

    /// <summary>Nothing is handled any more: nobody waits for it.</summary>
    public void End() => Reach(() => long.MaxValue / 2);

    public async Task ReachedAsync(CancellationToken cancel)
    {
        TaskCompletionSource done;
        lock (gate)
        {
            var upto = Interlocked.Read(ref taken);
            if (handled >= upto) return;
            done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiters.Add((upto, done));
        }

        await done.Task.WaitAsync(cancel).ConfigureAwait(false);
    }

    private void Reach(Func<long> now)
    {
        lock (gate)
        {
            handled = now();
            foreach (var (upto, done) in waiters)
                if (handled >= upto) done.TrySetResult();
            waiters.RemoveAll(waiter => handled >= waiter.Upto);
        }
    }
}
