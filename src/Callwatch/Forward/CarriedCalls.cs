using Callwatch.Normalize;
using Callwatch.Spans;

namespace Callwatch.Forward;

/// <summary>
/// Calls whose tokens have gone with an earlier revision of the trace. A model's call often comes before what tells of it once more: the agent
/// with the sum of its calls, the library around another one, a trace record with its usage. Platforms add up what they are sent and take
/// nothing back, so what tells of a call once more goes without tokens and cost. Pure.
/// </summary>
internal static class CarriedCalls
{
    /// <param name="before">Spans of earlier revisions, as normalised.</param>
    /// <param name="now">Those of this one.</param>
    /// <param name="verdicts">Of these alone.</param>
    public static IReadOnlyList<Verdict> Without(IReadOnlyList<Span> before, IReadOnlyList<Span> now, IReadOnlyList<Verdict> verdicts)
    {
        if (before.Count == 0) return verdicts;
        var together = TraceJudge.Judge([.. before, .. now]);
        var carriedBy = new Dictionary<SpanId, SpanId>();
        for (var i = 0; i < before.Count; i++)
            if (before[i].Call is { Usage.IsUnknown: false }) carriedBy.TryAdd(together[i].MergedInto ?? before[i].SpanId, before[i].SpanId);
        return [.. verdicts.Select((own, i) => Of(own, together[before.Count + i]))];

        Verdict Of(Verdict own, Verdict whole)
        {
            if (!own.Counts) return own;

            // What is the same as a call that has gone is no call of its own: of a model without tokens some platforms make up their own.
            if (carriedBy.TryGetValue(whole.MergedInto ?? own.SpanId, out var gone)) return own with { Counts = false, Call = null, MergedInto = whole.MergedInto ?? gone };

            // An agent with a call beneath it.
            return whole.Counts || whole.MergedInto is not null ? own : own with { Counts = false, Call = null };
        }
    }
}
