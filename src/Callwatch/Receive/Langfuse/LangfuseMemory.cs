namespace Callwatch.Receive.Langfuse;

/// <summary>
/// What has come of Langfuse's traces and of observations that have not ended: an update that comes in a later request tells only what is new, and a
/// span is written whole. All of it is on disk as far as it was told; what falls out of here (bounded, oldest use first) takes no further updates.
/// </summary>
public sealed class LangfuseMemory
{
    private const int MostEntries = 20_000;
    private const long MostBytes = 64 << 20;
    private const int LargestEntry = 1 << 20;

    private readonly Lock gate = new();
    private readonly Dictionary<Key, LinkedListNode<(Key Key, LangfuseEntity Entity, int Bytes)>> entries = [];
    private readonly LinkedList<(Key Key, LangfuseEntity Entity, int Bytes)> byUse = [];
    private long bytes;

    internal LangfuseEntity? Find(Key key)
    {
        lock (gate)
        {
            if (!entries.TryGetValue(key, out var node)) return null;
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
            entries[key] = byUse.AddFirst((key, entity, size));
            bytes += size;
            while (entries.Count > MostEntries || bytes > MostBytes) Drop(byUse.Last!.Value.Key);
        }
    }

    internal void Forget(Key key)
    {
        lock (gate) Drop(key);
    }

    private void Drop(Key key)
    {
        if (!entries.Remove(key, out var node)) return;
        byUse.Remove(node);
        bytes -= node.Value.Bytes;
    }

    internal readonly record struct Key(int Tenant, int? App, bool IsTrace, string Id);
}
