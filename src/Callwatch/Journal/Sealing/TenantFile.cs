using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Callwatch.Journal.Sealing;

/// <summary>Lays out one tenant's records of a window: the pieces app by app in their order, then the heads, which say where the pieces lie.</summary>
internal sealed class TenantFile(WindowPlan plan, int tenant, IReadOnlyList<SafeFileHandle> sources)
{
    /// <summary>Bytes of heads after which a frame ends: to find one record a whole frame of heads is inflated.</summary>
    private const int HeadsBytes = 128 * 1024;

    private readonly byte[] frame = new byte[FrameEntry.MostBytes];
    private byte[] payload = new byte[64 * 1024];
    private int bodies;

    public IReadOnlyList<AppEntry> Write(SealedWriter to)
    {
        var apps = new SortedDictionary<int, AppEntry>();
        foreach (var record in plan.Records)
            if (record.Header.TenantId == tenant) apps[record.Header.AppId] = apps.GetValueOrDefault(record.Header.AppId).With(record.Header);
        foreach (var app in apps.Keys.ToList()) apps[app] = apps[app] with { StoredBytes = Bodies(to, app) };
        Heads(to);
        return [.. apps.Values];
    }

    private long Bodies(SealedWriter to, int app)
    {
        var order = plan.Order(tenant, app);
        var pieces = CollectionsMarshal.AsSpan(plan.Pieces);
        var (used, stored) = (0, 0L);
        for (var i = 0; i < order.Length; i++)
        {
            ref var piece = ref pieces[order[i]];
            if (used > 0 && (used + piece.Length > frame.Length || BeginsGroupThatWantsRoom(order, i, used)))
            {
                stored += to.Write(FrameKind.Bodies, app, bodies++, frame.AsSpan(0, used)).Length;
                used = 0;
            }

            var record = plan.Records[piece.Record];
            Fetch(sources[record.Source], record.PayloadAt + piece.At, frame.AsSpan(used, piece.Length));
            piece = piece with { Frame = bodies, FrameOffset = used };
            used += piece.Length;
        }

        return used == 0 ? stored : stored + to.Write(FrameKind.Bodies, app, bodies++, frame.AsSpan(0, used)).Length;
    }

    /// <summary>A group that would be torn, but fits into a frame of its own, begins one: its second half would have to say again what the first has said.</summary>
    private bool BeginsGroupThatWantsRoom(int[] order, int at, int used)
    {
        if (used < frame.Length / 2) return false;
        var (first, previous) = (plan.Pieces[order[at]], plan.Pieces[order[at - 1]]);
        if (first.IsRest || (first.Group == previous.Group && !previous.IsRest)) return false;
        var sum = 0L;
        for (; at < order.Length && sum <= frame.Length; at++)
        {
            var piece = plan.Pieces[order[at]];
            if (piece.IsRest || piece.Group != first.Group) break;
            sum += piece.Length;
        }

        return used + sum > frame.Length && sum <= frame.Length;
    }

    private void Heads(SealedWriter to)
    {
        var buffer = new HeadBuffer();
        var placed = new List<PlacedPiece>();
        var (count, ordinal, first, last, received) = (0, 0, 0L, 0L, 0L);
        foreach (var record in plan.Records)
        {
            if (record.Header.TenantId != tenant) continue;
            if (buffer.Length >= HeadsBytes) Flush();
            if (count == 0) (first, last, received) = (record.Header.Number, record.Header.Number, 0);
            placed.Clear();
            for (var i = 0; i < record.PieceCount; i++)
            {
                var piece = plan.Pieces[record.FirstPiece + i];
                placed.Add(new PlacedPiece(piece.At, piece.Length, piece.IsItem, piece.GoesOn, piece.Frame, piece.FrameOffset));
            }

            if (payload.Length < record.Header.Length) payload = new byte[record.Header.Length];
            var bytes = payload.AsSpan(0, record.Header.Length);
            Fetch(sources[record.Source], record.PayloadAt, bytes);
            HeadWalk.Write(buffer, record.Header, last, received, bytes, CollectionsMarshal.AsSpan(placed));
            (last, received) = (record.Header.Number, record.Header.ReceivedAt.UnixNanoseconds);
            count++;
        }

        if (count > 0) Flush();

        void Flush()
        {
            to.Write(FrameKind.Heads, 0, ordinal++, buffer.Written, count, first, last);
            buffer.Clear();
            count = 0;
        }
    }

    private static void Fetch(SafeFileHandle source, long at, Span<byte> target)
    {
        for (var total = 0; total < target.Length;)
        {
            var read = RandomAccess.Read(source, target[total..], at + total);
            if (read == 0) throw new IOException("The segment ends early.");
            total += read;
        }
    }
}
