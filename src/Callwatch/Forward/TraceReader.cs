using System.Collections.Concurrent;
using Callwatch.Control;
using Callwatch.Journal;
using Callwatch.Normalize;
using Callwatch.Receive.Otlp;
using Callwatch.Settle;
using Callwatch.Spans;

namespace Callwatch.Forward;

/// <summary>
/// Reads the spans of a settled revision back from the journal and makes of them what a mapping sees. Lanes of one tenant mostly stand near
/// each other, so what one has read the next finds in memory, up to a bound.
/// </summary>
/// <param name="settled">Where earlier revisions are found; without it none are.</param>
internal sealed class TraceReader(IJournal journal, SpanNormalizer normalizer, Apps apps, long sharedBytes, ISettledLog? settled = null)
{
    // Deeper than people nest; a hostile tower ends here.
    private const int MostAncestors = 100;

    // A trace that goes on for ever would be read again and again from its beginning.
    private const int MostBefore = 2_000;

    private readonly RecentRecords records = new(journal, sharedBytes / 2, ahead: sharedBytes);
    private readonly Lock gate = new();
    private readonly Dictionary<long, LinkedListNode<Held>> held = [];
    private readonly LinkedList<Held> order = [];
    private readonly ConcurrentDictionary<int, int> readers = new();
    private long bytes;

    /// <summary>The revision with what the journal still holds of it, and how many of its spans are gone.</summary>
    public (TraceToSend Trace, int Gone) Read(SettledRevision revision)
    {
        lock (gate)
        {
            if (held.TryGetValue(revision.Seq, out var known)) return (known.Value.Trace, known.Value.Gone);
        }

        var read = ReadAgain(revision);
        Keep(revision.TenantId, revision.Seq, read);
        return (read.Trace, read.Gone);
    }

    /// <summary>A lane of the tenant begins to read.</summary>
    public void Join(int tenantId) => readers.AddOrUpdate(tenantId, 1, (_, count) => count + 1);

    public void Leave(int tenantId) => readers.AddOrUpdate(tenantId, 0, (_, count) => count - 1);

    /// <summary>The record of logs or metrics that the revision stands for; null when the journal no longer holds it.</summary>
    public JournalRecord? Record(SettledRevision revision) =>
        journal.Find(revision.FirstNumber) is { } record && record.TenantId == revision.TenantId ? record : null;

    private Held ReadAgain(SettledRevision revision)
    {
        var logs = revision.Logs.Count == 0 ? null : revision.Logs.GroupBy(log => log.SpanId).ToDictionary(group => group.Key, group => group.ToList());
        var spans = new List<SpanToSend>(revision.Spans.Count);
        long size = 0;
        foreach (var place in revision.Spans)
        {
            if (ReadAt(place, revision, Logs(logs?.GetValueOrDefault(place.SpanId), revision.TenantId)) is not { } span) continue;
            spans.Add(span);
            size += span.Body.Length + 2_000;
        }

        return new Held(revision.Seq, new TraceToSend { Revision = revision, Spans = InOrder(Judged(revision, spans)), Earlier = EarlierOf(revision, spans), Scored = ScoredBy(revision, logs) }, revision.Spans.Count - spans.Count, size * 3);
    }

    // Where the spans lie that earlier revisions carried; of a span sent twice the latest copy.
    private Dictionary<SpanId, (SettledPlace Place, long Seq)> PlacesBefore(SettledRevision revision)
    {
        var places = new Dictionary<SpanId, (SettledPlace Place, long Seq)>();
        foreach (var before in settled!.Of(revision.TenantId, revision.TraceId).Where(before => before.Seq < revision.Seq))
            foreach (var place in before.Spans) places[place.SpanId] = (place, before.Seq);
        return places;
    }

    private Dictionary<SpanId, EarlierSpan> EarlierOf(SettledRevision revision, List<SpanToSend> spans)
    {
        var earlier = new Dictionary<SpanId, EarlierSpan>();
        if (revision.Revision <= 1 || settled is null) return earlier;
        var here = spans.Select(span => span.Span.SpanId).ToHashSet();
        var wanted = new Stack<SpanId>(spans.Select(span => span.Span.ParentSpanId).Where(parent => !parent.IsNone && !here.Contains(parent)));
        if (wanted.Count == 0) return earlier;
        var places = PlacesBefore(revision);
        while (earlier.Count < MostAncestors && wanted.TryPop(out var id))
        {
            if (earlier.ContainsKey(id) || !places.TryGetValue(id, out var found) || ReadAt(found.Place, revision, []) is not { Span: var span }) continue;
            earlier[id] = new EarlierSpan(found.Seq, span.Start, span.ParentSpanId, span.Kind);
            if (!span.ParentSpanId.IsNone && !here.Contains(span.ParentSpanId)) wanted.Push(span.ParentSpanId);
        }

        return earlier;
    }

    // Feedback comes when people have read the answer: long after its span was settled and sent.
    private List<ScoredSpan> ScoredBy(SettledRevision revision, Dictionary<SpanId, List<SettledPlace>>? logs)
    {
        List<ScoredSpan> scored = [];
        if (logs is null || revision.Revision <= 1 || settled is null) return scored;
        var here = revision.Spans.Select(place => place.SpanId).ToHashSet();
        if (logs.Keys.All(here.Contains)) return scored;
        var places = PlacesBefore(revision);
        foreach (var (id, judgements) in logs)
        {
            if (here.Contains(id) || !places.TryGetValue(id, out var found) || ReadAt(found.Place, revision, Logs(judgements, revision.TenantId)) is not { Span.Scores.Count: > 0 } span) continue;

            // Those the span came with have gone with it.
            var own = ReadAt(found.Place, revision, [])?.Span.Scores.ToList() ?? [];
            Score[] fresh = [.. span.Span.Scores.Where(score => !own.Remove(score))];
            if (fresh.Length > 0) scored.Add(new ScoredSpan(found.Seq, span with { Span = span.Span with { Scores = fresh } }));
        }

        return scored;
    }

    // A journal that was replaced has other records by these numbers: nothing of them is what was settled.
    // A copy: a part of the record would hold all of it in memory, and with it the spans of many other traces.
    private SpanToSend? ReadAt(SettledPlace place, SettledRevision revision, List<JoinedLog> joined)
    {
        if (records.Find(place.Number, revision.TenantId) is not { } record || record.TenantId != revision.TenantId || !OtlpSpan.TryAt(record.Payload.Span, place.Offset, out var otlp)
            || otlp.TraceId != revision.TraceId || otlp.SpanId != place.SpanId) return null;
        var (span, content) = normalizer.Whole(otlp, new SpanOrigin(record.TenantId, record.AppId, record.ReceivedAt), joined);
        return new SpanToSend(span, content, apps.NameOf(record.AppId), otlp.Resource.ToArray(), otlp.Scope.ToArray(), otlp.Body.ToArray());
    }

    private List<Span> Before(SettledRevision revision, Span[] now)
    {
        if (settled is null) return [];
        var places = PlacesBefore(revision);
        foreach (var span in now) places.Remove(span.SpanId);
        return places.Count > MostBefore ? [] : [.. places.Values.Select(before => SpanAt(before.Place, revision)).OfType<Span>().OrderBy(span => span.SpanId)];
    }

    private Span? SpanAt(SettledPlace place, SettledRevision revision) =>
        records.Find(place.Number, revision.TenantId) is { } record && record.TenantId == revision.TenantId && OtlpSpan.TryAt(record.Payload.Span, place.Offset, out var otlp)
            && otlp.TraceId == revision.TraceId && otlp.SpanId == place.SpanId
            ? normalizer.Normalize(otlp, new SpanOrigin(record.TenantId, record.AppId, record.ReceivedAt), []) : null;

    private List<JoinedLog> Logs(List<SettledPlace>? places, int tenantId)
    {
        List<JoinedLog> logs = [];
        foreach (var place in places ?? [])
            if (records.Find(place.Number, tenantId) is { Signal: Signal.Logs } record && record.TenantId == tenantId) logs.Add(new JoinedLog(record.Payload, place.Offset));
        return logs;
    }

    private List<SpanToSend> Judged(SettledRevision revision, List<SpanToSend> spans)
    {
        Span[] now = [.. spans.Select(span => span.Span)];
        var verdicts = TraceJudge.Judge(now);
        if (revision.Revision > 1 && verdicts.Any(verdict => verdict.Call is { Usage.IsUnknown: false })) verdicts = CarriedCalls.Without(Before(revision, now), now, verdicts);
        return [.. spans.Select((span, i) => span with { Span = Judged(span.Span, verdicts[i]) })];
    }

    private static Span Judged(Span span, Normalize.Verdict verdict) => span with
    {
        MergedInto = verdict.MergedInto,
        HttpStatus = verdict.HttpStatus,
        UserId = verdict.UserId,
        SessionId = verdict.SessionId,
        Environment = verdict.Environment,
        Tags = verdict.Tags,

        // Tokens and cost go with the calls that count, and with no other span: platforms add them up.
        Call = verdict.Counts ? verdict.Call : span.Call is null ? null : span.Call with { Usage = TokenUsage.Unknown, Cost = CallCost.Unknown("counted_elsewhere") },
    };

    // Parents before their children, however deep; siblings by start.
    private static List<SpanToSend> InOrder(List<SpanToSend> spans)
    {
        var ids = spans.Select(span => span.Span.SpanId).ToHashSet();
        var children = spans.ToLookup(span => ids.Contains(span.Span.ParentSpanId) && span.Span.ParentSpanId != span.Span.SpanId ? span.Span.ParentSpanId : default);
        var ordered = new List<SpanToSend>(spans.Count);
        var seen = new HashSet<SpanId>(spans.Count);
        var next = new Stack<SpanToSend>(Siblings(default));
        while (next.TryPop(out var span))
        {
            if (!seen.Add(span.Span.SpanId)) continue;
            ordered.Add(span);
            foreach (var child in Siblings(span.Span.SpanId)) next.Push(child);
        }

        // Spans that are each other's parents hang beneath nobody.
        ordered.AddRange(spans.Where(span => !seen.Contains(span.Span.SpanId)));
        return ordered;

        IEnumerable<SpanToSend> Siblings(SpanId parent) => children[parent].OrderByDescending(span => span.Span.Start).ThenByDescending(span => span.Span.SpanId);
    }

    private void Keep(int tenantId, long seq, Held read)
    {
        // For one alone nobody would come for it, and what is held for a moment is what costs the collector most.
        if (readers.GetValueOrDefault(tenantId) < 2) return;
        lock (gate)
        {
            if (held.ContainsKey(seq) || read.Bytes > sharedBytes / 8) return;
            held[seq] = order.AddLast(read);
            bytes += read.Bytes;
            while (bytes > sharedBytes / 2 && order.First is { } oldest)
            {
                order.RemoveFirst();
                held.Remove(oldest.Value.Seq);
                bytes -= oldest.Value.Bytes;
            }
        }
    }

    private sealed record Held(long Seq, TraceToSend Trace, int Gone, long Bytes);
}
