using System.Text.Json;
using Callwatch.Settle;
using Callwatch.Spans;

namespace Callwatch.Forward;

/// <summary>Makes anchors and keeps them: durable before the first request of their trace goes out.</summary>
internal sealed class Anchors(ForwardDb db, TimeProvider time)
{
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(10);

    /// <summary>The anchors of the traces, made where there is none, in one synced transaction.</summary>
    public Dictionary<TraceId, Anchor> Freeze(int destination, IReadOnlyList<TraceToSend> traces) => db.Write(connection =>
    {
        var anchors = new Dictionary<TraceId, Anchor>(traces.Count);
        foreach (var trace in traces)
        {
            var id = trace.Revision.TraceId;
            if ((anchors.GetValueOrDefault(id) ?? Find(connection, destination, id)) is { } known)
            {
                anchors[id] = Attempted(known, trace.Revision.Seq);
                if (anchors[id] == known) continue;
            }
            else
            {
                anchors[id] = Make(trace);
            }

            Put(connection, destination, anchors[id]);
        }

        return anchors;
    });

    /// <summary>Whether something of the trace has gone to the destination before: then all that comes of it later goes too.</summary>
    public Anchor? Find(int destination, TraceId trace) => db.Read(connection => Find(connection, destination, trace));

    /// <summary>Keeps other forms of anchors that are there.</summary>
    public void Replace(int destination, IReadOnlyList<Anchor> anchors) => db.Write(connection =>
    {
        foreach (var anchor in anchors) Put(connection, destination, anchor);
        return true;
    });

    // Ids that hold a time are good for revisions that go out soon after the first; later ones have a time of their own.
    private Anchor Attempted(Anchor anchor, long seq)
    {
        var isOfFirst = seq >= anchor.Seq && seq <= anchor.FirstThrough;
        if (seq == anchor.Seq || isOfFirst || anchor.Later.Any(later => later.Seq == seq)) return anchor;
        var now = Timestamp.From(time.GetUtcNow());
        return seq > anchor.FirstThrough && now <= anchor.FirstAttemptAt.Plus(Soon)
            ? anchor with { FirstThrough = seq } : anchor with { Later = [.. anchor.Later, new LaterAttempt(seq, now)] };
    }

    private Anchor Make(TraceToSend trace)
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

    private static Anchor? Find(Microsoft.Data.Sqlite.SqliteConnection connection, int destination, TraceId trace)
    {
        using var command = ForwardDb.Command(connection, "SELECT facts FROM anchors WHERE destination = $1 AND trace = $2", destination, trace.ToBytes());
        if (command.ExecuteScalar() is not string facts) return null;
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

    private void Put(Microsoft.Data.Sqlite.SqliteConnection connection, int destination, Anchor anchor)
    {
        var facts = JsonSerializer.Serialize(AnchorFacts.Of(anchor), AnchorJson.Default.AnchorFacts);
        using var command = ForwardDb.Command(
            connection, "INSERT OR REPLACE INTO anchors (destination, trace, made, facts) VALUES ($1, $2, $3, $4)",
            destination, anchor.TraceId.ToBytes(), Timestamp.From(time.GetUtcNow()).UnixNanoseconds, facts);
        command.ExecuteNonQuery();
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
