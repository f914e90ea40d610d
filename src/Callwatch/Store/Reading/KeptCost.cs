using Callwatch.Normalize.Pricing;
using Callwatch.Spans;
using Callwatch.Store.Writing;

namespace Callwatch.Store.Reading;

/// <summary>
/// A stored cost does not change because prices did: a call that is normalised again keeps it as it is while nothing has changed that a
/// price depends on, and is otherwise priced by the book that priced it before.
/// </summary>
internal static class KeptCost
{
    /// <param name="again">As normalised now.</param>
    /// <param name="stored">As it stands in its row, before judging.</param>
    public static Span On(Span again, Span stored, Timestamp receivedAt, PriceBooks prices)
    {
        if (again.Call is not { Cost.Source: not "given" } call || stored.Call is not { } before) return again;
        if (before.Cost.Source != "given" && IsSameToPrice(StoredForm.Of(again), stored)) return With(before.Cost);
        return (before.Cost.PriceBook ?? prices.InForceAt(receivedAt)) is { } book ? With(prices.Price(call, again.Kind, again.Outcome, again.Start, book)) : again;

        Span With(CallCost cost) => again with { Call = call with { Cost = cost } };
    }

    private static bool IsSameToPrice(Span a, Span b)
    {
        var (x, y) = (a.Call!, b.Call!);
        return a.Kind == b.Kind && a.Outcome == b.Outcome && a.Start == b.Start && x.Provider == y.Provider && x.ServerAddress == y.ServerAddress
            && x.RequestModel == y.RequestModel && x.ResponseModel == y.ResponseModel && x.ServiceTier == y.ServiceTier && x.Given == y.Given
            && x.TtftNanoseconds is null == y.TtftNanoseconds is null && IsSame(x.Usage, y.Usage);
    }

    private static bool IsSame(TokenUsage a, TokenUsage b) =>
        a with { Others = b.Others } == b && a.Others.Count == b.Others.Count && a.Others.All(other => b.Others.TryGetValue(other.Key, out var count) && count == other.Value);
}
