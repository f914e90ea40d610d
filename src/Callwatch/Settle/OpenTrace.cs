using Callwatch.Spans;

namespace Callwatch.Settle;

/// <summary>What has come of a trace and is not settled: ids and places, no bodies.</summary>
internal sealed class OpenTrace(int tenantId, TraceId traceId, long firstNumber, Timestamp receivedAt)
{
    private readonly List<SettledPlace> spans = [];
    private readonly List<SettledPlace> logs = [];
    private Dictionary<SpanId, int>? places;
    private bool hasJudgements;

    // Most traces are small: looking through a few spans is quicker than hashing them.
    private const int FewSpans = 16;

    public int TenantId => tenantId;

    public TraceId TraceId => traceId;

    public long FirstNumber { get; } = firstNumber;

    public long LastNumber { get; private set; } = firstNumber;

    /// <summary>Within the last record, of the last span or log record that came.</summary>
    public int LastOffset { get; private set; }

    public Timestamp FirstReceivedAt { get; private set; } = receivedAt;

    public Timestamp LastReceivedAt { get; private set; } = receivedAt;

    public int Count => spans.Count;

    public long Bytes { get; private set; }

    /// <summary>There is something to carry: spans, or judgements of spans that earlier revisions carried.</summary>
    public bool HasNews => spans.Count > 0 || hasJudgements;

    /// <summary>A span without a parent, or one whose parent is in another process and so never comes here, has ended.</summary>
    public bool RootHasEnded { get; private set; }

    /// <summary>Its place in the list of open traces, oldest first.</summary>
    public LinkedListNode<OpenTrace>? Node { get; set; }

    public bool IsSettled { get; set; }

    public void Add(SpanId span, long number, int offset, int length, bool isRoot, Timestamp at)
    {
        Came(number, offset, at);
        Bytes += length;
        RootHasEnded |= isRoot;
        var place = new SettledPlace(span, number, offset);
        if (PlaceOf(span) is var index and >= 0) spans[index] = place;
        else Append(place);
    }

    /// <param name="isJudgement">It is of use without its span in the same revision.</param>
    public void AddLog(SpanId span, long number, int offset, Timestamp at, bool isJudgement)
    {
        Came(number, offset, at);
        hasJudgements |= isJudgement;
        logs.Add(new SettledPlace(span, number, offset));
    }

    /// <summary>The clock that said when it came was wrong.</summary>
    public void CameAt(Timestamp now) => (FirstReceivedAt, LastReceivedAt) = (now, now);

    /// <summary>When it settles if nothing more comes.</summary>
    public Timestamp DueAt(SettleOptions options)
    {
        var quiet = LastReceivedAt.Plus(RootHasEnded ? options.QuietAfterRoot : options.Quiet);
        var longest = FirstReceivedAt.Plus(options.Longest);
        return quiet < longest ? quiet : longest;
    }

    public SettleReason ReasonAt(Timestamp now, SettleOptions options) =>
        now < LastReceivedAt.Plus(RootHasEnded ? options.QuietAfterRoot : options.Quiet) ? SettleReason.Long : RootHasEnded ? SettleReason.RootEnded : SettleReason.Quiet;

    public SettledRevision Settle(long seq, int revision, SettleReason reason, Timestamp now) => new()
    {
        Seq = seq,
        TenantId = tenantId,
        TraceId = traceId,
        Revision = revision,
        Reason = reason,
        SettledAt = now,
        FirstReceivedAt = FirstReceivedAt,
        LastReceivedAt = LastReceivedAt,
        FirstNumber = FirstNumber,
        LastNumber = LastNumber,
        Spans = spans,
        Logs = logs,
    };

    private void Came(long number, int offset, Timestamp at)
    {
        (LastNumber, LastOffset) = (number, offset);
        if (at > LastReceivedAt) LastReceivedAt = at;
    }

    private int PlaceOf(SpanId span)
    {
        if (spans.Count <= FewSpans) return spans.FindIndex(place => place.SpanId == span);
        places ??= spans.Select((place, index) => (place.SpanId, index)).ToDictionary(pair => pair.SpanId, pair => pair.index);
        return places.TryGetValue(span, out var known) ? known : -1;
    }

    private void Append(SettledPlace place)
    {
        places?.Add(place.SpanId, spans.Count);
        spans.Add(place);
    }
}
