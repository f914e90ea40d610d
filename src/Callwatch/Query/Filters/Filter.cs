namespace Callwatch.Query.Filters;

/// <summary>A filter: all of its terms must hold. Empty holds for everything.</summary>
public sealed record Filter(IReadOnlyList<FilterTerm> Terms)
{
    public static readonly Filter Everything = new([]);

    /// <summary>The filter in its shortest usual spelling; reading it again gives the same filter.</summary>
    public override string ToString() => string.Join(' ', Terms.Select(FilterPrinter.Print));

    /// <summary>Both filters together.</summary>
    public Filter And(Filter other) => new([.. Terms, .. other.Terms]);
}

/// <summary>One term, with its place in the text it was read from.</summary>
public abstract record FilterTerm
{
    private FilterTerm()
    {
    }

    /// <summary>True for <c>-term</c> and <c>!=</c>. What is unknown does not match, so a negated term holds for it.</summary>
    public bool Negated { get; init; }

    /// <summary>First character in the text.</summary>
    public int Offset { get; init; }

    public int Length { get; init; }

    /// <summary>A field compared with one value, or equal to any of several.</summary>
    /// <param name="Key">The key of a metadata field; null for all others.</param>
    public sealed record Compare(FilterField Field, string? Key, Comparison Op, IReadOnlyList<FilterValue> Values) : FilterTerm
    {
        /// <summary>The field as written in a filter, metadata with its key.</summary>
        public string Name => Key is null ? Field.Name : Field.Name + "." + Key;
    }

    /// <summary>Text somewhere in the names, ids, previews and error texts, whatever the case.</summary>
    public sealed record FreeText(string Text) : FilterTerm;
}

/// <summary>How a field is compared.</summary>
public enum Comparison
{
    Equal, Less, LessOrEqual, Greater, GreaterOrEqual,
}

/// <summary>What a field is compared with.</summary>
public abstract record FilterValue
{
    private FilterValue()
    {
    }

    /// <summary>Exactly this text; for fields with a closed list of words, one of them.</summary>
    public sealed record Text(string Value) : FilterValue;

    /// <summary>Text with <c>*</c> for any run of characters.</summary>
    public sealed record Pattern(string Glob) : FilterValue;

    /// <summary>Written <c>*</c>: any known value.</summary>
    public sealed record Known : FilterValue;

    /// <summary>A number in the field's stored unit: nanoseconds for durations and times, US dollars for money, else as it stands.</summary>
    public sealed record Number(decimal Value) : FilterValue;

    /// <summary>Numbers from one up to but without the other: <c>5xx</c>, or a date for a time.</summary>
    public sealed record Range(decimal From, decimal To) : FilterValue;
}

/// <summary>How reading a filter ended.</summary>
public abstract record FilterResult
{
    private FilterResult()
    {
    }

    public sealed record Parsed(Filter Filter) : FilterResult;

    /// <summary>Why the text is no filter, and which characters are to blame.</summary>
    public sealed record Wrong(int Offset, int Length, string Message) : FilterResult;
}
