namespace Callwatch;

/// <summary>
/// Keeps files of the data folder where they are while a backup copies them. Whoever deletes or replaces a file that somebody may still need
/// (retention, sealing, closing, reindex) asks first, for the moment of doing it; adding and appending is always allowed. Thread-safe.
/// </summary>
public sealed class DataHold : IDisposable
{
    private readonly object gate = new();
    private CancellationTokenSource? broken;
    private int removing;

    /// <summary>
    /// To be held while one file, or a few that belong together, are removed or replaced; null while a backup copies: leave them and come again.
    /// </summary>
    public IDisposable? TryRemove()
    {
        lock (gate)
        {
            if (broken is not null) return null;
            removing++;
            return new Leaving(this);
        }
    }

    /// <summary>The disk has no room left and files must go: the backup gives up as soon as it can. Nothing happens when there is none.</summary>
    public void Break()
    {
        CancellationTokenSource? held;
        lock (gate) held = broken;
        held?.Cancel();
    }

    /// <summary>From now on nothing is removed, until disposed of; waits for what is being removed at the moment. One at a time.</summary>
    public Held Take()
    {
        lock (gate)
        {
            if (broken is not null) throw new InvalidOperationException("Two backups at the same time.");
            broken = new CancellationTokenSource();
            while (removing > 0) Monitor.Wait(gate);
            return new Held(this, broken.Token);
        }
    }

    public void Dispose() => broken?.Dispose();

    private void Left()
    {
        lock (gate)
        {
            removing--;
            Monitor.PulseAll(gate);
        }
    }

    private void Release()
    {
        // Not disposed of: the one who breaks it may have it in hand. It holds nothing but memory.
        lock (gate) broken = null;
    }

    /// <summary>While it lives no file is removed.</summary>
    public sealed class Held : IDisposable
    {
        private readonly DataHold hold;

        internal Held(DataHold hold, CancellationToken broken) => (this.hold, Broken) = (hold, broken);

        /// <summary>Cancelled when the room is needed: <see cref="Break"/>.</summary>
        public CancellationToken Broken { get; }

        public void Dispose() => hold.Release();
    }

    private sealed class Leaving(DataHold hold) : IDisposable
    {
        private DataHold? hold = hold;

        public void Dispose() => Interlocked.Exchange(ref hold, null)?.Left();
    }
}
