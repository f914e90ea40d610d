namespace Callwatch.Receive.Langfuse;

/// <summary>
/// What has come of Langfuse's traces, and of observations that have not ended or whose trace has not been told: an update that comes in a later request
/// tells only what is new, and a span is written whole. All of it is on disk as far as it was told; what falls out of here takes no further updates. It is
/// bounded; the oldest use of the tenant that has most goes first, so that nobody's updates are lost for what another sends. Requests that work at the same time see what the others have told, before any of it is on disk.
/// </summary>
public sealed class LangfuseMemory
{
    private const int MostEntries = 20_000;
    private const long MostBytes = 64 << 20;
    private const int LargestEntry = 1 << 20;

    private readonly Dictionary<Key, LinkedListNode<Entry>> entries = [];
    private readonly Dictionary<Key, HashSet<Key>> byTrace = [];
    private readonly Dictionary<int, Share> shares = [];
    private long bytes;
    private long versions;

    /// <summary>Held while several things must go together.</summary>
    internal Lock Gate { get; } = new();

    /// <summary>Whether a trace was told of by the older ingestion, as far as is remembered.</summary>
    public bool Knows(int tenantId, int? appId, string traceId) => Find(new Key(tenantId, appId, IsTrace: true, traceId)) is not null;

    internal LangfuseEntity? Find(Key key)
    {
        lock (Gate)
        {
            if (!entries.TryGetValue(key, out var node)) return null;
            var byUse = shares[key.Tenant].ByUse;
            byUse.Remove(node);
            byUse.AddFirst(node);
            return node.Value.Entity;
        }
    }

    /// <summary>Puts it in the place of what is known, and is told who writes it: it stays at least until <see cref="LetGo"/>, if there is room.</summary>
    /// <param name="trace">Of an observation: its trace's.</param>
    /// <returns>With its version, a new one if it is not as it was.</returns>
    internal LangfuseEntity Keep(Key key, LangfuseEntity entity, Key? trace = null)
    {
        lock (Gate)
        {
            var writers = entries.TryGetValue(key, out var known) ? known.Value.Writers : 0;
            if (entity.IsLost || known?.Value.Entity != entity) entity = entity with { Version = ++versions, IsLost = false };
            Drop(key);
            var size = entity.Bytes;
            if (size > LargestEntry) return entity;
            if (!shares.TryGetValue(key.Tenant, out var share)) shares[key.Tenant] = share = new Share();
            entries[key] = share.ByUse.AddFirst(new Entry(key, entity, size, trace) { Writers = writers + 1 });
            share.Bytes += size;
            bytes += size;
            if (trace is { } of)
            {
                if (!byTrace.TryGetValue(of, out var all)) byTrace[of] = all = [];
                all.Add(key);
            }

            while (bytes > MostBytes) Drop(shares.Values.MaxBy(one => one.Bytes)!.ByUse.Last!.Value.Key);
            while (entries.Count > MostEntries) Drop(shares.Values.MaxBy(one => one.ByUse.Count)!.ByUse.Last!.Value.Key);
            return entity;
        }
    }

    /// <summary>Observations of a trace that were written before what they share was as it is now; the first of them, as far as <paramref name="mostBytes"/> reach.</summary>
    internal IReadOnlyList<LangfuseEntity> Overtaken(Key trace, int facts, int mostBytes)
    {
        lock (Gate)
        {
            if (!byTrace.TryGetValue(trace, out var all)) return [];
            var late = new List<LangfuseEntity>();
            foreach (var key in all)
            {
                var entry = entries[key].Value;
                if ((entry.Entity.Facts >= facts && !entry.Entity.IsLost) || (mostBytes -= entry.Bytes) < 0) continue;
                late.Add(entry.Entity);
            }

            return late;
        }
    }

    /// <summary>One who wrote it is done. What nobody needs any more is forgotten.</summary>
    internal void LetGo(Key key, bool isOnDisk)
    {
        lock (Gate)
        {
            if (!entries.TryGetValue(key, out var node)) return;
            if (!isOnDisk) node.Value.Entity = node.Value.Entity with { IsLost = true };
            if (--node.Value.Writers > 0 || !isOnDisk || node.Value.Entity.IsOpen || node.Value.Trace is not { } of) return;
            if (entries.TryGetValue(of, out var trace) && !trace.Value.Entity.IsNamed) return;
            Drop(key);
        }
    }

    private void Drop(Key key)
    {
        if (!entries.Remove(key, out var node)) return;
        var share = shares[key.Tenant];
        share.ByUse.Remove(node);
        share.Bytes -= node.Value.Bytes;
        if (share.ByUse.Count == 0) shares.Remove(key.Tenant);
        bytes -= node.Value.Bytes;
        if (node.Value.Trace is not { } of || !byTrace.TryGetValue(of, out var all)) return;
        all.Remove(key);
        if (all.Count == 0) byTrace.Remove(of);
    }

    internal readonly record struct Key(int Tenant, int? App, bool IsTrace, string Id);

    private sealed class Entry(Key key, LangfuseEntity entity, int bytes, Key? trace)
    {
        public Key Key => key;

        public LangfuseEntity Entity { get; set; } = entity;

        public int Bytes => bytes;

        public Key? Trace => trace;

        /// <summary>Requests that are not done with it.</summary>
        public int Writers { get; set; }
    }

    /// <summary>What one tenant has here.</summary>
    private sealed class Share
    {
        public LinkedList<Entry> ByUse { get; } = [];

        public long Bytes { get; set; }
    }
}
