using Callwatch.Spans;

namespace Callwatch.Query.Traces;

/// <summary>
/// The same thing tried again: neighbours of one name, kind and model, one after the other, of which all but the last have failed. They
/// are shown as one line, that of the last, with the others beneath it.
/// </summary>
internal static class Attempts
{
    /// <summary>Who waits longer before trying again does something else.</summary>
    private static readonly long MostApart = (long)TimeSpan.FromMinutes(5).TotalNanoseconds;

    /// <summary>Puts failed attempts beneath the last one.</summary>
    /// <param name="siblings">In order of start; what is put elsewhere is taken out.</param>
    public static void Fold(List<SpanNode> siblings)
    {
        if (siblings.Count < 2 || siblings.TrueForAll(node => node.Span.Outcome != Outcome.Error)) return;
        var kept = new List<SpanNode>(siblings.Count);
        for (var at = 0; at < siblings.Count; at++)
        {
            var last = at;
            while (last + 1 < siblings.Count && IsTriedAgain(siblings[last], siblings[last + 1])) last++;
            if (last > at) Group(siblings.GetRange(at, last - at), siblings[last]);
            kept.Add(siblings[last]);
            at = last;
        }

        if (kept.Count == siblings.Count) return;
        siblings.Clear();
        siblings.AddRange(kept);
    }

    private static void Group(List<SpanNode> failed, SpanNode last)
    {
        last.Attempts = failed.Count + 1;
        for (var i = 0; i < failed.Count; i++)
        {
            failed[i].Attempt = i + 1;
            failed[i].Parent = last;
            last.Children.Add(failed[i]);
        }
    }

    // What has steps of its own is looked at step by step.
    private static bool IsTriedAgain(SpanNode one, SpanNode next) =>
        one.Span.Outcome == Outcome.Error && one.Children.Count == 0 && next.Children.Count == 0
        && one.Span.Kind == next.Span.Kind && Repeats(one.Span.Kind)
        && string.Equals(one.Span.DisplayName, next.Span.DisplayName, StringComparison.Ordinal)
        && string.Equals(one.Span.Call?.RequestModel, next.Span.Call?.RequestModel, StringComparison.Ordinal)
        && next.Span.Start >= one.Span.End && next.Span.Start.UnixNanoseconds - one.Span.End.UnixNanoseconds <= MostApart;

    private static bool Repeats(SpanKind kind) => kind.IsCall() || kind is SpanKind.Tool or SpanKind.Retrieval or SpanKind.Http or SpanKind.Db or SpanKind.Moderation or SpanKind.Guardrail;
}
