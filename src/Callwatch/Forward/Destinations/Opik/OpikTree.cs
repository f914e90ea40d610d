using Callwatch.Spans;

namespace Callwatch.Forward.Destinations.Opik;

/// <summary>
/// Which span is the trace itself, and who hangs beneath whom. Opik has a row for the trace beside those of its spans: the root of a business record,
/// and a root that comes after its children were sent, is that row alone; the root of other traces is a span too, as with the platform's own clients.
/// </summary>
internal sealed class OpikTree
{
    private readonly TraceToSend trace;
    private readonly Anchor anchor;
    private readonly Dictionary<SpanId, Span> here;

    public OpikTree(TraceToSend trace, Anchor anchor)
    {
        (this.trace, this.anchor) = (trace, anchor);
        here = trace.Spans.GroupBy(span => span.Span.SpanId).ToDictionary(group => group.Key, group => group.Last().Span);
        LateRoot = trace.Revision.Seq == anchor.Seq ? null : trace.Spans.FirstOrDefault(span => IsLateRoot(span.Span.SpanId, span.Span.ParentSpanId));
        Root = LateRoot ?? trace.Spans.FirstOrDefault(span => span.Span.SpanId == anchor.RootSpanId);
    }

    /// <summary>The true root, where another span had to stand for it when the first part was sent.</summary>
    public SpanToSend? LateRoot { get; }

    /// <summary>The span that says what the trace is; null when it is not in this part.</summary>
    public SpanToSend? Root { get; }

    public bool IsTraceItself(Span span) => IsTraceItself(span.SpanId, span.ParentSpanId);

    public string IdOf(Span span) => OpikIds.Span(span.SpanId, span.Start, trace.Revision.Seq, anchor);

    /// <summary>Null beneath the trace itself, and where the parent was never seen.</summary>
    public string? ParentOf(Span span)
    {
        var parent = span.ParentSpanId;
        if (parent.IsNone || parent == span.SpanId) return null;
        if (here.TryGetValue(parent, out var beside)) return IsTraceItself(beside) ? null : IdOf(beside);
        if (!trace.Earlier.TryGetValue(parent, out var earlier) || IsTraceItself(parent, earlier.ParentSpanId)) return null;
        return OpikIds.Span(parent, earlier.Start, earlier.Seq, anchor);
    }

    private bool IsTraceItself(SpanId span, SpanId parent) => span == anchor.RootSpanId ? IsRecord(anchor.RootKind) && anchor.RootParentSpanId.IsNone : IsLateRoot(span, parent);

    private bool IsLateRoot(SpanId span, SpanId parent) => !anchor.RootParentSpanId.IsNone && span != anchor.RootSpanId && parent.IsNone;

    private static bool IsRecord(SpanKind kind) => kind is SpanKind.Message or SpanKind.Workflow or SpanKind.Conversation;
}
