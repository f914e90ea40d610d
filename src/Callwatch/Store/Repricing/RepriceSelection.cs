using Callwatch.Spans;

namespace Callwatch.Store.Repricing;

/// <summary>Which calls are to be priced anew: those of a tenant that ended from one time to before another.</summary>
/// <param name="App">Name of the app; null is all.</param>
/// <param name="Model">The model that answered, or the one asked for; null is all.</param>
/// <param name="Q">A filter.</param>
public sealed record RepriceSelection(int TenantId, Timestamp From, Timestamp To, string? App, string? Model, string? Q);

/// <summary>A selection as a test of calls.</summary>
public abstract record RepriceTest
{
    private RepriceTest()
    {
    }

    public sealed record Of(Func<Span, bool> Holds) : RepriceTest;

    /// <param name="Offset">The character of the filter where the trouble is.</param>
    public sealed record Wrong(string Field, string Message, int? Offset) : RepriceTest;
}

/// <summary>Reads a selection; what names and filters mean is the reading side's to say.</summary>
public delegate RepriceTest RepriceTestOf(RepriceSelection selection);

/// <summary>The difference for one model.</summary>
public sealed record RepricedModel(string? Provider, string? Model, long Calls, decimal BeforeUsd, decimal AfterUsd);

/// <summary>What a repricing would change, or has changed.</summary>
public sealed record RepriceDifference
{
    /// <summary>Version of the price book.</summary>
    public required string Book { get; init; }

    /// <summary>All calls selected.</summary>
    public long Calls { get; init; }

    /// <summary>Of them those whose cost was given; it is never changed.</summary>
    public long Given { get; init; }

    /// <summary>Of them those whose cost changes.</summary>
    public long Touched { get; init; }

    /// <summary>Without a cost before, with one after.</summary>
    public long NewlyPriced { get; init; }

    /// <summary>With a cost before, without one after.</summary>
    public long NoLongerPriced { get; init; }

    /// <summary>Without a cost after, with the reasons.</summary>
    public required IReadOnlyDictionary<string, long> Unpriced { get; init; }

    public decimal BeforeUsd { get; init; }

    public decimal AfterUsd { get; init; }

    /// <summary>Of the calls touched, the greatest difference first.</summary>
    public required IReadOnlyList<RepricedModel> Models { get; init; }

    /// <summary>Ends before this have no rows any more: their figures keep their cost. Null when all of the range has rows.</summary>
    public Timestamp? RowsFrom { get; init; }

    /// <summary>Names exactly this change: to be given back to have it done.</summary>
    public required string Token { get; init; }
}
