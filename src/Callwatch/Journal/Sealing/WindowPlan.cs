using Callwatch.Journal.Segments;

namespace Callwatch.Journal.Sealing;

/// <summary>
/// What a window holds and in which order it is to lie: its records, and the pieces their payloads are cut into. A record whose spans are all of one session
/// stays whole; else each larger span is a piece of its own, and what lies between is the rest, which stays in the order of arrival.
/// </summary>
internal sealed class WindowPlan
{
    /// <summary>Records or pieces after which no further segment is taken into a window: what bounds the memory of sealing.</summary>
    public const int MostEntries = 300_000;

    private const int LeastItem = 512;

    // A trace without session or user: mostly many small spans, which gain nothing from being moved.
    private const int LeastTraceItem = 2048;

    // Shorter bytes between pieces are kept with the head of their record, up to so many of one record.
    private const int MostInline = 256, MostInlineOfRecord = 64 * 1024;

    private readonly List<ScannedItem> items = [];
    private readonly Dictionary<(int Tenant, ulong Trace), ulong> sessionOf = [];

    public List<PlannedRecord> Records { get; } = [];

    public List<PlannedPiece> Pieces { get; } = [];

    public bool IsFull => Records.Count >= MostEntries || Pieces.Count >= MostEntries;

    public void Add(in RecordHeader header, ReadOnlySpan<byte> payload, int source, long payloadAt)
    {
        var first = Pieces.Count;
        var record = Records.Count;
        // So that not even a record of the greatest size has more pieces than its head has room for.
        ItemScan.Items(payload, header.Signal, Math.Max(LeastItem, payload.Length / 8192), items);
        items.RemoveAll(static item => item.Owner == 0 && item.Length < LeastTraceItem);
        foreach (var item in items)
            if (item.OwnerIsSession && item.Trace != 0 && sessionOf.Count < MostEntries) sessionOf.TryAdd((header.TenantId, item.Trace), item.Owner);
        if (IsOfOneKind(payload.Length)) Cut(record, 0, payload.Length, items[0], isItem: false);
        else CutItems(record, payload.Length);
        Records.Add(new PlannedRecord(header, source, payloadAt, first, Pieces.Count - first));
    }

    /// <summary>To be called once all is in: spans that name no session join those of their trace that do.</summary>
    public void Settle()
    {
        for (var i = 0; i < Pieces.Count; i++)
        {
            var piece = Pieces[i];
            if (piece.IsRest) continue;
            var owner = piece.Trace != 0 && sessionOf.TryGetValue((Records[piece.Record].Header.TenantId, piece.Trace), out var session) ? session : piece.Group;
            Pieces[i] = piece with { Group = owner != 0 ? owner : piece.Trace | 1 };
        }
    }

    /// <summary>The pieces of one tenant's app in the order they are to lie: the rest first, then group by group as they first came, each by time.</summary>
    public int[] Order(int tenant, int app)
    {
        var ranks = new Dictionary<ulong, int>();
        var places = new List<Place>();
        for (var i = 0; i < Pieces.Count; i++)
        {
            var piece = Pieces[i];
            var header = Records[piece.Record].Header;
            if (header.TenantId != tenant || header.AppId != app) continue;
            var rank = 0;
            if (!piece.IsRest && !ranks.TryGetValue(piece.Group, out rank)) ranks.Add(piece.Group, rank = ranks.Count + 1);
            places.Add(new Place(rank, piece.IsRest ? 0 : piece.Time, i));
        }

        places.Sort();
        return [.. places.Select(place => place.Piece)];
    }

    /// <summary>Whether all that counts in the payload belongs together, so that it can lie in one piece.</summary>
    private bool IsOfOneKind(int length)
    {
        if (items.Count == 0) return false;
        var (first, sum) = (items[0], 0L);
        foreach (var item in items)
        {
            sum += item.Length;
            if (item.Owner != first.Owner || (item.Owner == 0 && item.Trace != first.Trace)) return false;
        }

        return sum * 4 >= length * 3L;
    }

    private void CutItems(int record, int length)
    {
        var (at, inline) = (0, 0);
        foreach (var item in items)
        {
            Rest(record, at, item.At, ref inline);
            Cut(record, item.At, item.Length, item, isItem: true);
            at = item.At + item.Length;
        }

        Rest(record, at, length, ref inline);
    }

    private void Rest(int record, int from, int to, ref int inline)
    {
        if (to - from <= MostInline && inline + (to - from) <= MostInlineOfRecord) inline += to - from;
        else Cut(record, from, to - from, default, isItem: false);
    }

    private void Cut(int record, int at, int length, in ScannedItem item, bool isItem)
    {
        for (var done = 0; done < length; done += FrameEntry.MostBytes)
        {
            Pieces.Add(new PlannedPiece
            {
                Record = record,
                At = at + done,
                Length = Math.Min(length - done, FrameEntry.MostBytes),
                IsItem = isItem,
                IsRest = item.Length == 0,
                GoesOn = done > 0,
                Group = item.Owner,
                Trace = item.Trace,
                Time = item.Time,
            });
        }
    }

    private readonly record struct Place(int Rank, long Time, int Piece) : IComparable<Place>
    {
        public int CompareTo(Place other) =>
            Rank != other.Rank ? Rank.CompareTo(other.Rank) : Time != other.Time ? Time.CompareTo(other.Time) : Piece.CompareTo(other.Piece);
    }
}

/// <param name="Source">Which segment of the window.</param>
/// <param name="PayloadAt">Where in its file.</param>
internal readonly record struct PlannedRecord(RecordHeader Header, int Source, long PayloadAt, int FirstPiece, int PieceCount);

internal readonly record struct PlannedPiece
{
    public required int Record { get; init; }

    public required int At { get; init; }

    public required int Length { get; init; }

    public required bool IsItem { get; init; }

    public required bool IsRest { get; init; }

    public required bool GoesOn { get; init; }

    public required ulong Group { get; init; }

    public required ulong Trace { get; init; }

    public required long Time { get; init; }

    /// <summary>Where it has been put.</summary>
    public int Frame { get; init; }

    public int FrameOffset { get; init; }
}
