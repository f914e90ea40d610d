using Callwatch.Settle;
using Callwatch.Spans;

namespace Callwatch.Forward.Lanes;

/// <summary>Settled numbers in a row, with what of them goes to the platform: filled, sent, and in the end stepped over by the cursor as a whole.</summary>
internal sealed class Batch(AnchorDraft anchors)
{
    public const int MostRevisions = 256;
    public const long MostBytes = 4L << 20;

    // What is remembered of an item beside its payload.
    private const int BytesBeside = 400;
    private const int BytesOfRevision = 500;

    // Two by two they prove a poison item.
    private const int LeftForProofs = 24;

    private const int Untouched = 0;
    private const int Begun = 1;
    private const int GivenBack = 2;

    private readonly List<SettledRevision> revisions = [];
    private readonly HashSet<TraceId> traces = [];
    private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Outgoing[] mapped = [];
    private int hold;

    /// <summary>The last settled number of it, once it is complete.</summary>
    public long Through { get; private set; }

    /// <summary>Of its traces; on disk before anything of it is sent.</summary>
    public AnchorDraft Anchors => anchors;

    /// <summary>Those of which something goes.</summary>
    public IReadOnlyList<SettledRevision> Revisions => revisions;

    public IReadOnlySet<TraceId> Traces => traces;

    /// <summary>What is on its way, with what becomes of it; for whoever sends it, and once that has ended.</summary>
    public List<Outgoing> Items { get; } = [];

    public List<LaneLoss> Losses { get; } = [];

    public int Count => revisions.Count;

    public long Bytes { get; private set; }

    public bool IsFull => Bytes >= MostBytes || revisions.Count >= MostRevisions;

    public Timestamp? Oldest => revisions is [var first, ..] ? first.LastReceivedAt : null;

    /// <summary>Completes when the cursor has stepped over it; fails with whatever kept it from that.</summary>
    public Task Done => done.Task;

    /// <summary>The first number with something that has no answer; null when all of it has.</summary>
    public long? FirstUnanswered => Items.Where(item => item.Fate is Fate.Waiting or Fate.OtherForm).Select(item => (long?)item.Seq).Min();

    /// <param name="items">What the platform is to get of it; the bodies they were made of are let go of.</param>
    public void Add(SettledRevision revision, IReadOnlyList<Outgoing> items)
    {
        revisions.Add(revision);
        if (!revision.TraceId.IsNone) traces.Add(revision.TraceId);
        Put(items);
    }

    /// <summary>Other items for a number, in the place of those it had.</summary>
    public void Replace(long seq, IReadOnlyList<Outgoing> items)
    {
        Bytes -= Items.Where(item => item.Seq == seq).Sum(BytesOf);
        Items.RemoveAll(item => item.Seq == seq);
        Put(items);
    }

    /// <summary>Nothing is added any more.</summary>
    public void Close(long through) => (Through, mapped) = (through, [.. Items]);

    /// <summary>It was read ahead and has been let go of: nothing of it was sent, and it is read again.</summary>
    public bool IsGivenBack => Volatile.Read(ref hold) == GivenBack;

    /// <summary>Something of it is about to be sent; false when it has been let go of.</summary>
    public bool TryBegin() => Interlocked.CompareExchange(ref hold, Begun, Untouched) != GivenBack;

    /// <summary>Lets go of what it holds, if nothing of it has been begun.</summary>
    public bool TryGiveBack()
    {
        if (Interlocked.CompareExchange(ref hold, GivenBack, Untouched) != Untouched) return false;
        foreach (var item in mapped) item.LetGo();
        return true;
    }

    /// <summary>All items of a few traces, for one who asks before their turn; each is given once. Only while the stream of them has not come to this batch.</summary>
    /// <param name="few">So many traces.</param>
    /// <param name="inHealth">A quarter of what waits, where that is more, beside some that are left for further proofs.</param>
    public IReadOnlyList<Outgoing> TakeBefore(Func<TraceId, bool> isOfStream, int few, bool inHealth)
    {
        var waiting = mapped.Where(item => item is { Fate: Fate.Waiting, IsTaken: false } && isOfStream(item.Item.TraceId)).Select(item => item.Item.TraceId).Distinct().ToList();
        var wanted = waiting.Take(inHealth ? Math.Max(few, (waiting.Count - LeftForProofs) / 4) : few).ToHashSet();
        if (wanted.Count == 0 || !TryBegin()) return [];
        List<Outgoing> taken = [.. mapped.Where(item => item is { Fate: Fate.Waiting, IsTaken: false } && wanted.Contains(item.Item.TraceId))];
        foreach (var item in taken) item.IsTaken = true;
        return taken;
    }

    private void Put(IReadOnlyList<Outgoing> items)
    {
        Items.AddRange(items);
        Bytes += BytesOfRevision + items.Sum(BytesOf);
    }

    private static long BytesOf(Outgoing item) => item.Item.Payload.Length + item.Item.Head.Length + BytesBeside;

    /// <param name="fault">Null when it has gone well.</param>
    public void End(Exception? fault)
    {
        if (fault is null) done.SetResult();
        else done.SetException(fault);
    }

    /// <summary>Leaves out what belongs to this number or a later one: it is looked at again.</summary>
    public void CutBefore(long seq)
    {
        Items.RemoveAll(item => item.Seq >= seq);
        Losses.RemoveAll(loss => loss.Seq >= seq);
    }
}
