using Callwatch.Spans;

namespace Callwatch.Settle;

/// <summary>How many revisions the traces settled last have, so that not each one is looked for in the files.</summary>
internal sealed class RecentRevisions
{
    private const int Most = 200_000;

    private readonly Dictionary<(int Tenant, TraceId Trace), int> revisions = [];
    private readonly Queue<(int Tenant, TraceId Trace)> order = new();

    public bool TryFind((int Tenant, TraceId Trace) key, out int revision) => revisions.TryGetValue(key, out revision);

    public void Put((int Tenant, TraceId Trace) key, int revision)
    {
        if (!revisions.ContainsKey(key)) order.Enqueue(key);
        revisions[key] = revision;
        while (order.Count > Most) revisions.Remove(order.Dequeue());
    }

    public void Clear()
    {
        revisions.Clear();
        order.Clear();
    }
}
