using Callwatch.Normalize.Pricing;
using Callwatch.Spans;
using Callwatch.Store.Rows;
using Callwatch.Store.Writing;

namespace Callwatch.Store.Repricing;

/// <summary>Prices stored calls by one book. Pure: pricing again what was priced by it changes nothing, so a repricing can be begun again anywhere.</summary>
internal sealed class NewPrices(PriceBooks prices, string book)
{
    private readonly TraceVerdicts verdicts = new(prices.PriceAgain);
    private readonly List<(SpanState State, Span Judged, bool Counts)> judged = [];

    /// <summary>The cost of a call that is judged as it came.</summary>
    public CallCost Of(Span span) => StoredForm.Of(Priced(span)).Call!.Cost;

    /// <summary>The same within its trace: usage and cost may be those of a span merged into it.</summary>
    public CallCost? Of(TraceState trace, SpanId call)
    {
        Revise(trace, new HashSet<SpanId> { call });
        verdicts.Judge(trace, judged);
        foreach (var (state, span, counts) in judged)
            if (state.Raw.SpanId == call) return counts ? span.Call?.Cost : null;
        return null;
    }

    /// <summary>Prices the calls, and the spans merged into them, before the trace is judged again.</summary>
    public void Revise(TraceState trace, IReadOnlySet<SpanId> calls)
    {
        foreach (var state in trace.Spans.Values)
        {
            if (state.Raw.Call is null || !(calls.Contains(state.Raw.SpanId) || (state.Stored?.Judged.MergedInto is { } into && calls.Contains(into)))) continue;
            var priced = StoredForm.Of(Priced(state.Raw));
            if (priced.Call!.Cost != state.Raw.Call.Cost) state.Raw = priced;
        }
    }

    /// <summary>True when nobody would see a difference; that another book says so is none.</summary>
    public static bool AreSame(CallCost before, CallCost after) => before with { PriceBook = null } == after with { PriceBook = null };

    /// <summary>True for a call whose cost follows from its own row alone, as long as no span was merged into it.</summary>
    public static bool IsPlain(SpanRow row) => row.Own is null || !row.Own.Contains("\"call\"", StringComparison.Ordinal);

    private Span Priced(Span span) => span with { Call = span.Call! with { Cost = prices.Price(span.Call, span.Kind, span.Outcome, span.Start, book) } };
}
