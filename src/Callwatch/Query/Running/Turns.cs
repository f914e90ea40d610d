namespace Callwatch.Query.Running;

/// <summary>
/// Whose turn it is: a bounded number of questions at once, in the order asked for one tenant and in turn among several, so that what one
/// tenant asks makes no other wait for all of it. Bounded too is how many wait; past that a question is refused at once.
/// </summary>
internal sealed class Turns(int places, int mostWaiting, TimeProvider time)
{
    /// <summary>How long a tenant counts as present after its last question.</summary>
    private static readonly TimeSpan Presence = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly Dictionary<int, Tenant> tenants = [];
    private long served;

    public int Running { get; private set; }

    public int Waiting { get; private set; }

    private sealed class Tenant
    {
        public int Running { get; set; }
        public long LastServed { get; set; }
        public long LastAsked { get; set; }
        public LinkedList<TaskCompletionSource> Waiting { get; } = [];
    }

    /// <summary>Completes when it is this question's turn; false at once when too many of the tenant wait already. After true comes <see cref="Leave"/>.</summary>
    /// <exception cref="OperationCanceledException">The caller went away first.</exception>
    public async ValueTask<bool> EnterAsync(int tenantId, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        TaskCompletionSource mine;
        LinkedListNode<TaskCompletionSource> node;
        Tenant tenant;
        lock (gate)
        {
            if (!tenants.TryGetValue(tenantId, out tenant!)) tenants[tenantId] = tenant = new Tenant();
            tenant.LastAsked = time.GetTimestamp();
            if (tenant.Waiting.Count == 0 && MayRun(tenant))
            {
                Start(tenant);
                return true;
            }

            if (tenant.Waiting.Count >= mostWaiting) return false;
            mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            node = tenant.Waiting.AddLast(mine);
            Waiting++;
        }

        await using var gone = cancel.Register(() => GiveUp(tenant, node, cancel));
        await mine.Task;
        return true;
    }

    public void Leave(int tenantId)
    {
        lock (gate)
        {
            tenants[tenantId].Running--;
            Running--;
            while (Next() is { } tenant)
            {
                var first = tenant.Waiting.First!;
                tenant.Waiting.RemoveFirst();
                Waiting--;
                Start(tenant);
                first.Value.SetResult();
            }

            Forget();
        }
    }

    private void GiveUp(Tenant tenant, LinkedListNode<TaskCompletionSource> node, CancellationToken cancel)
    {
        lock (gate)
        {
            // Its turn may have come in this very moment.
            if (node.List is null) return;
            tenant.Waiting.Remove(node);
            Waiting--;
        }

        node.Value.TrySetCanceled(cancel);
    }

    private void Start(Tenant tenant)
    {
        Running++;
        tenant.Running++;
        tenant.LastServed = ++served;
    }

    // Who runs least comes first, then who was served longest ago.
    private Tenant? Next() => tenants.Values.Where(tenant => tenant.Waiting.Count > 0 && MayRun(tenant)).MinBy(tenant => (tenant.Running, tenant.LastServed));

    // While others are about, one place is left for them: a question of theirs must not wait until a slow one has ended.
    private bool MayRun(Tenant tenant) =>
        Running < places && (places == 1 || tenant.Running < places - 1 || !tenants.Values.Any(other => other != tenant && IsPresent(other)));

    private bool IsPresent(Tenant tenant) => time.GetElapsedTime(tenant.LastAsked) < Presence;

    private void Forget()
    {
        if (tenants.Count < 100) return;
        foreach (var gone in tenants.Where(entry => entry.Value is { Running: 0, Waiting.Count: 0 } && !IsPresent(entry.Value)).ToList()) tenants.Remove(gone.Key);
    }
}
