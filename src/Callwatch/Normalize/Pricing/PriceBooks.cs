using Callwatch.Spans;

namespace Callwatch.Normalize.Pricing;

/// <summary>The prices in force: the operator's own entries first, then the built-in book. Thread-safe; swapped as a whole when prices change.</summary>
public sealed class PriceBooks
{
    /// <summary>What the call cost, by the rules of the cost specification; <paramref name="start"/> decides dated prices.</summary>
    public CallCost Price(LlmCall call, SpanKind kind, Outcome outcome, Timestamp start) => throw new NotSupportedException(call.Model + kind + outcome + start);
}
