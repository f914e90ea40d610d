using System.Text.Json;
using Callwatch.Settle;
using Callwatch.Spans;

namespace Callwatch.Forward;

/// <summary>Makes anchors and keeps them: durable before the first request of their trace goes out.</summary>
internal sealed class Anchors(ForwardDb db, TimeProvider time)
{
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(10);

    /// <summary>The anchors of the traces, made where there is none, durable on return.</summary>
    public Dictionary<TraceId, Anchor> Freeze(int destination, IReadOnlyList<TraceToSend> traces)
    {
        while (true)
        {
            var draft = new AnchorDraft(this, destination);
            var anchors = new Dictionary<TraceId, Anchor>(traces.Count);
            foreach (var trace in traces) anchors[trace.Revision.TraceId] = draft.Of(trace);
            if (draft.Write().Count == 0) return anchors;
        }
    }

    /// <summary>What is stored of the trace, and its very bytes.</summary>
    internal (Anchor? Anchor, byte[]? Facts) Stored(int destination, TraceId trace) => db.Read(_ => Looked(destination, trace) is { } facts ? (Read(facts, trace), facts) : ((Anchor?)null, (byte[]?)null));

    /// <summary>Those that stand as they were when they were looked at.</summary>
    /// <param name="wanted">With what was stored then.</param>
    internal (HashSet<TraceId> Others, List<(TraceId Trace, byte[] Facts)> Written) Write(int destination, IReadOnlyDictionary<TraceId, (byte[]? Stored, Anchor Anchor)> wanted) => db.Write(_ =>
    {
        var (others, written) = (new HashSet<TraceId>(), new List<(TraceId, byte[])>(wanted.Count));
        foreach (var (id, (stored, anchor)) in wanted)
        {
            var now = Looked(destination, id);
            if ((now is null) != (stored is null) || !now.AsSpan().SequenceEqual(stored)) others.Add(id);
            else written.Add((id, Put(destination, anchor)));
        }

        return (others, written);
    });

    /// <summary>Whether something of the trace has gone to the destination before: then all that comes of it later goes too.</summary>
    public Anchor? Find(int destination, TraceId trace) => db.Read(_ => Looked(destination, trace) is { } facts ? Read(facts, trace) : null);

    /// <summary>Keeps other forms of anchors that are there.</summary>
    public void Replace(int destination, IReadOnlyList<Anchor> anchors) => db.Write(_ =>
    {
        foreach (var anchor in anchors) Put(destination, anchor);
        return true;
    });

    // Ids that hold a time are good for revisions that go out soon after the first; later ones have a time of their own.
    internal Anchor Attempted(Anchor anchor, long seq)
    {
        var isOfFirst = seq >= anchor.Seq && seq <= anchor.FirstThrough;
        if (seq == anchor.Seq || isOfFirst || anchor.Later.Any(later => later.Seq == seq)) return anchor;
        var now = Timestamp.From(time.GetUtcNow());
        return seq > anchor.FirstThrough && now <= anchor.FirstAttemptAt.Plus(Soon)
            ? anchor with { FirstThrough = seq } : anchor with { Later = [.. anchor.Later, new LaterAttempt(seq, now)] };
    }

    internal Anchor Make(TraceToSend trace)
    {
        // The local root: the first in order has no parent here; of several the one that began first.
        var ids = trace.Spans.Select(span => span.Span.SpanId).ToHashSet();
        var root = trace.Spans.Where(span => span.Span.ParentSpanId.IsNone).DefaultIfEmpty(null).MinBy(span => span?.Span.Start.UnixNanoseconds)
            ?? trace.Spans.Where(span => !ids.Contains(span.Span.ParentSpanId)).DefaultIfEmpty(trace.Spans[0]).MinBy(span => span.Span.Start.UnixNanoseconds)!;
        return new Anchor
        {
            TraceId = trace.Revision.TraceId,
            Seq = trace.Revision.Seq,
            FirstThrough = trace.Revision.Seq,
            RootSpanId = root.Span.SpanId,
            RootParentSpanId = root.Span.ParentSpanId,
            RootKind = root.Span.Kind,

            // One that was called from another process settles as a root, though it has a parent.
            RootIsMissing = !root.Span.ParentSpanId.IsNone && trace.Revision.Reason != SettleReason.RootEnded,
            Start = root.Span.Start,
            FirstAttemptAt = Timestamp.From(time.GetUtcNow()),
            Name = root.Span.DisplayName,
            App = root.App,
            UserId = root.Span.UserId ?? trace.Spans.Select(span => span.Span.UserId).FirstOrDefault(user => user is not null),
            SessionId = root.Span.SessionId ?? trace.Spans.Select(span => span.Span.SessionId).FirstOrDefault(session => session is not null),
            Environment = root.Span.Environment,
            Release = root.Span.Release,
            Tags = [.. RecordTags(trace).Concat(trace.Spans.SelectMany(span => span.Span.Tags)).Distinct(StringComparer.Ordinal).Take(50)],
            Metadata = root.Span.Metadata,
        };
    }

    // As people know the traces of business records: by what they are, and the mode of the conversation.
    private static IEnumerable<string> RecordTags(TraceToSend trace)
    {
        foreach (var span in trace.Spans.Where(span => span.Span.Kind is SpanKind.Message or SpanKind.Workflow))
        {
            yield return span.Span.Kind.Word();
            if (span.Content.Attributes["callwatch.conversation_mode"]?.ToString() is { Length: > 0 } mode) yield return mode;
        }
    }

    private static Anchor? Read(byte[] facts, TraceId trace)
    {
        try
        {
            return JsonSerializer.Deserialize(facts, AnchorJson.Default.AnchorFacts)?.ToAnchor(trace);
        }
        catch (JsonException)
        {
            // Damaged: frozen anew, which is better than a lane that stands still over one trace.
            return null;
        }
    }

    private byte[]? Looked(int destination, TraceId trace)
    {
        var find = db.Prepared("SELECT facts FROM anchors WHERE destination = ?1 AND trace = ?2").Bind(1, destination).BindBlob(2, trace.ToBytes());
        if (!find.Step()) return null;
        var facts = find.Blob(0).ToArray();
        find.Reset();
        return facts;
    }

    private byte[] Put(int destination, Anchor anchor)
    {
        var facts = JsonSerializer.SerializeToUtf8Bytes(AnchorFacts.Of(anchor), AnchorJson.Default.AnchorFacts);
        db.Prepared("INSERT OR REPLACE INTO anchors (destination, trace, made, facts) VALUES (?1, ?2, ?3, ?4)")
            .Bind(1, destination).BindBlob(2, anchor.TraceId.ToBytes()).Bind(3, Timestamp.From(time.GetUtcNow()).UnixNanoseconds).BindUtf8(4, facts).Run();
        return facts;
    }
}

/// <summary>An anchor as it is stored.</summary>
internal sealed record AnchorFacts(
    long Seq, ulong Root, long Start, long Attempt, string Name, string App, string? User, string? Session, string? Environment, string? Release,
    IReadOnlyList<string> Tags, IReadOnlyDictionary<string, string> Metadata, string? Form, ulong RootParent = 0, string? RootKind = null, IReadOnlyList<AttemptFacts>? Later = null, long Through = 0, bool RootIsMissing = false)
{
    public static AnchorFacts Of(Anchor anchor) => new(
        anchor.Seq, anchor.RootSpanId.Value, anchor.Start.UnixNanoseconds, anchor.FirstAttemptAt.UnixNanoseconds, anchor.Name, anchor.App, anchor.UserId, anchor.SessionId,
        anchor.Environment, anchor.Release, anchor.Tags, anchor.Metadata, anchor.Form, anchor.RootParentSpanId.Value, anchor.RootKind.Word(),
        anchor.Later.Count == 0 ? null : [.. anchor.Later.Select(later => new AttemptFacts(later.Seq, later.At.UnixNanoseconds, later.Form))], anchor.FirstThrough, anchor.RootIsMissing);

    public Anchor ToAnchor(TraceId trace) => new()
    {
        TraceId = trace,
        Seq = Seq,
        RootSpanId = new SpanId(Root),
        RootParentSpanId = new SpanId(RootParent),
        RootKind = RootKind is { } word && SpanKinds.TryParse(word, out var kind) ? kind : SpanKind.Other,
        RootIsMissing = RootIsMissing,
        Start = new Timestamp(Start),
        FirstAttemptAt = new Timestamp(Attempt),
        Name = Name,
        App = App,
        UserId = User,
        SessionId = Session,
        Environment = Environment,
        Release = Release,
        Tags = Tags,
        Metadata = Metadata,
        Form = Form,
        FirstThrough = Math.Max(Seq, Through),
        Later = Later is null ? [] : [.. Later.Select(later => new LaterAttempt(later.Seq, new Timestamp(later.At), later.Form))],
    };
}

internal sealed record AttemptFacts(long Seq, long At, string? Form);

[System.Text.Json.Serialization.JsonSerializable(typeof(AnchorFacts))]
internal sealed partial class AnchorJson : System.Text.Json.Serialization.JsonSerializerContext;
