namespace Callwatch.Store;

/// <summary>What changes the store at large, one at a time: a rebuilding would put costs back that a repricing changes meanwhile.</summary>
public sealed class StoreWork
{
    private readonly Lock gate = new();

    /// <summary>What is being done, in words; null when nothing is.</summary>
    public string? Doing { get; private set; }

    /// <summary>Null when something else is being done.</summary>
    internal IDisposable? TryBegin(string what)
    {
        lock (gate)
        {
            if (Doing is not null) return null;
            Doing = what;
            return new Turn(this);
        }
    }

    private sealed class Turn(StoreWork work) : IDisposable
    {
        public void Dispose()
        {
            lock (work.gate) work.Doing = null;
        }
    }
}
