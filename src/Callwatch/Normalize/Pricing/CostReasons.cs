using Callwatch.Spans;

namespace Callwatch.Normalize.Pricing;

/// <summary>Why a cost is unknown, or what to know of a computed one: the closed list of <see cref="CallCost.Reason"/>.</summary>
public static class CostReasons
{
    /// <summary>The wire carried no counts.</summary>
    public const string NoUsage = "no_usage";

    /// <summary>Failed without counts: presumably nobody was billed.</summary>
    public const string NotBillable = "not_billable";

    /// <summary>Neither response nor request named a model.</summary>
    public const string NoModel = "no_model";

    /// <summary>The price book does not know the provider, and none is guessed where one is named.</summary>
    public const string UnknownProvider = "unknown_provider";

    /// <summary>The provider's prices know neither model name.</summary>
    public const string UnknownModel = "unknown_model";

    /// <summary>No input count, though input costs something.</summary>
    public const string NoInputCount = "no_input_count";

    /// <summary>No output count, though output costs something and there was some.</summary>
    public const string NoOutputCount = "no_output_count";

    /// <summary>Something was used for which the model has no price.</summary>
    public const string NoUnitPrice = "no_unit_price";

    /// <summary>Parts exceed their whole, or a count is no count.</summary>
    public const string ContradictoryUsage = "contradictory_usage";

    /// <summary>Neither a model call nor counted as one.</summary>
    public const string NoCall = "no_call";

    /// <summary>Computed at the standard price, though the call ran in another service tier.</summary>
    public const string StandardPriceForTier = "standard_price_for_tier";

    /// <summary>True when the operator should know: the call was used and its cost is missing from the sums (cost specification, rules 2 and 3).</summary>
    public static bool IsUnpriced(CallCost cost) => cost is { TotalUsd: null, Reason: not (NotBillable or NoCall) };
}
