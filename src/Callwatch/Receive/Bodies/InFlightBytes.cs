namespace Callwatch.Receive.Bodies;

/// <summary>Memory that all requests in flight share: what does not fit is refused at once instead of waited for.</summary>
public sealed class InFlightBytes(long max)
{
    private long held;

    /// <summary>Bytes held now.</summary>
    public long Held => Interlocked.Read(ref held);

    /// <summary>False, and nothing taken, when all together would hold too much.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref held, bytes) <= max) return true;
        Interlocked.Add(ref held, -bytes);
        return false;
    }

    public void Give(long bytes) => Interlocked.Add(ref held, -bytes);
}
