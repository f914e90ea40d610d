namespace Callwatch.Query.Filters;

/// <summary>What the values of a field are; decides how they are written and which comparisons make sense.</summary>
public enum FieldType
{
    /// <summary>Free text, compared exactly; <c>*</c> stands for any run of characters.</summary>
    Text,

    /// <summary>One of a closed list of words.</summary>
    Word,

    /// <summary>True or false.</summary>
    Flag,

    /// <summary>Hexadecimal id of a trace (32 digits) or span (16).</summary>
    Id,

    /// <summary>Whole number; <c>10k</c> and <c>2M</c> are understood.</summary>
    Count,

    /// <summary>Number with decimals.</summary>
    Number,

    /// <summary>With a unit: <c>800ms</c>, <c>2s</c>, <c>1m30s</c>. Stored in nanoseconds.</summary>
    Duration,

    /// <summary>US dollars.</summary>
    Money,

    /// <summary>RFC 3339, or a date, which is its UTC day. Stored in nanoseconds since 1970.</summary>
    Time,
}

/// <summary>One row of the field table: how a field is called in filters and in the API, and what its values are.</summary>
public sealed record FilterField
{
    /// <summary>Its name in filters, and as the printer writes it.</summary>
    public required string Name { get; init; }

    /// <summary>Its name in the API's JSON, dotted where it lies inside an object; null for what the API has no field for.</summary>
    public required string? ApiName { get; init; }

    public required FieldType Type { get; init; }

    /// <summary>Other spellings that are understood.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>The closed list of a <see cref="FieldType.Word"/>, each with its other spellings.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Words { get; init; } = NoWords;

    /// <summary>True for the facts of model calls; a span that is no call does not have them.</summary>
    public bool OfCalls { get; init; }

    /// <summary>True when figures can be grouped by it.</summary>
    public bool Groups { get; init; }

    /// <summary>True when completion offers its known values.</summary>
    public bool Facet { get; init; }

    /// <summary>True for <c>metadata</c>, which needs a key.</summary>
    public bool Keyed { get; init; }

    /// <summary>A term that shows how it is used.</summary>
    public required string Example { get; init; }

    public bool IsNumeric => Type is FieldType.Count or FieldType.Number or FieldType.Duration or FieldType.Money or FieldType.Time;

    public bool Equals(FilterField? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);

    private static readonly IReadOnlyDictionary<string, IReadOnlyList<string>> NoWords = new Dictionary<string, IReadOnlyList<string>>();
}
