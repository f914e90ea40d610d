namespace Callwatch.Receive.Bodies;

/// <summary>
/// Memory that all requests in flight share: what does not fit is refused at once instead of waited for. Where there are several tenants,
/// none may come to hold more than three times what is left free: one that holds all it can leaves a quarter for the others, and a
/// second one a quarter of that, so that nobody who sends little is refused for what another holds.
/// </summary>
/// <param name="isShared">Whether there are several tenants; null for never.</param>
public sealed class InFlightBytes(long max, Func<bool>? isShared = null)
{
    private const int MostOfFree = 3;

    private readonly Lock gate = new();
    private readonly Dictionary<int, long> byTenant = [];
    private long held;

    /// <summary>Bytes held now.</summary>
    public long Held
    {
        get
        {
            lock (gate) return held;
        }
    }

    /// <summary>False, and nothing taken, when all together, or this tenant, would hold too much.</summary>
    /// <param name="hasTurn">It is the one large request of all that goes on now: it may need more than a tenant's share, and no other does so meanwhile.</param>
    public bool TryTake(int tenantId, long bytes, bool hasTurn = false)
    {
        lock (gate)
        {
            var own = byTenant.GetValueOrDefault(tenantId) + bytes;
            if (held + bytes > max || (!hasTurn && isShared?.Invoke() == true && own > (max - held - bytes) * MostOfFree)) return false;
            held += bytes;
            byTenant[tenantId] = own;
            return true;
        }
    }

    public void Give(int tenantId, long bytes)
    {
        lock (gate)
        {
            held -= bytes;
            if ((byTenant[tenantId] -= bytes) == 0) byTenant.Remove(tenantId);
        }
    }
}
