namespace Callwatch.Journal.Sealing;

/// <summary>The frames inflated last, so that the spans of a trace, or the calls of a session, cost one inflating together. Bounded by bytes.</summary>
internal sealed class FrameCache(long mostBytes)
{
    private readonly Lock gate = new();
    private readonly Dictionary<(SealedFile File, long At), LinkedListNode<((SealedFile File, long At) Key, byte[] Bytes)>> frames = [];
    private readonly LinkedList<((SealedFile File, long At) Key, byte[] Bytes)> recent = [];
    private long bytes;

    public byte[]? Find(SealedFile file, long at)
    {
        lock (gate)
        {
            if (!frames.TryGetValue((file, at), out var node)) return null;
            recent.Remove(node);
            recent.AddFirst(node);
            return node.Value.Bytes;
        }
    }

    public void Add(SealedFile file, long at, byte[] frame)
    {
        lock (gate)
        {
            if (frame.Length > mostBytes || frames.ContainsKey((file, at))) return;
            frames[(file, at)] = recent.AddFirst(((file, at), frame));
            bytes += frame.Length;
            while (bytes > mostBytes && recent.Last is { } oldest)
            {
                recent.RemoveLast();
                frames.Remove(oldest.Value.Key);
                bytes -= oldest.Value.Bytes.Length;
            }
        }
    }
}
