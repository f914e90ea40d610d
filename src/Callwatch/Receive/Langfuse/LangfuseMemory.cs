namespace Callwatch.Receive.Langfuse;

/// <summary>
/// What has come of Langfuse's traces and of observations that have not ended: an update that comes in a later request tells only what is new, and a
/// span is written whole. All of it is on disk as far as it was told; what falls out of here takes no further updates. It is bounded; the oldest use of the
/// tenant that has most goes first, so that nobody's updates are lost for what another sends.
/// </summary>
public sealed class LangfuseMemory
{
    private const int MostEntries = 20_000;
    private const long MostBytes = 64 << 20;
    private const int LargestEntry = 1 << 20;

    private readonly Lock gate = new();
    private readonly Dictionary<Key, LinkedListNode<Entry>> entries = [];
    private readonly Dictionary<int, Share> shares = [];
    private long bytes;

    internal LangfuseEntity? Find(Key key)
    {
        lock (gate)
        {
            if (!entries.TryGetValue(key, out var node)) return null;
            var byUse = shares[key.Tenant].ByUse;
            byUse.Remove(node);
            byUse.AddFirst(node);
            return node.Value.Entity;
        }
    }

    internal void Keep(Key key, LangfuseEntity entity)
    {
        var size = entity.Bytes;
        lock (gate)
        {
            Drop(key);
            if (size > LargestEntry) return;
            if (!shares.TryGetValue(key.Tenant, out var share)) shares[key.Tenant] = share = new Share();
            entries[key] = share.ByUse.AddFirst(new Entry(key, entity, size));
            share.Bytes += size;
            bytes += size;
            while (bytes > MostBytes) Drop(shares.Values.MaxBy(one => one.Bytes)!.ByUse.Last!.Value.Key);
            while (entries.Count > MostEntries) Drop(shares.Values.MaxBy(one => one.ByUse.Count)!.ByUse.Last!.Value.Key);
        }
    }

    internal void Forget(Key key)
    {
        lock (gate) Drop(key);
    }

    private void Drop(Key key)
    {
        if (!entries.Remove(key, out var node)) return;
        var share = shares[key.Tenant];
        share.ByUse.Remove(node);
        share.Bytes -= node.Value.Bytes;
        if (share.ByUse.Count == 0) shares.Remove(key.Tenant);
        bytes -= node.Value.Bytes;
    }

    internal readonly record struct Key(int Tenant, int? App, bool IsTrace, string Id);

    private sealed record Entry(Key Key, LangfuseEntity Entity, int Bytes);

    /// <summary>What one tenant has here.</summary>
    private sealed class Share
    {
        public LinkedList<Entry> ByUse { get; } = [];

        public long Bytes { get; set; }
    }
}
