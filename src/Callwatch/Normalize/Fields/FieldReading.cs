using Callwatch.Normalize.Reading;

namespace Callwatch.Normalize.Fields;

/// <summary>One field of a span: the first of its rules' values that can be read as what the field is.</summary>
internal static class FieldReading
{
    // Names and ids go into thin rows and dictionaries; the whole of a longer one is among the attributes.
    public const int LongestText = 1_000;

    public static string? Text(this SpanFacts facts, FieldRules rules)
    {
        foreach (var value in facts.All(rules))
            if (value.Text(facts.Space.Words) is { Length: > 0 } text) return Reading.Texts.Cut(text, LongestText);
        return null;
    }

    public static long? Count(this SpanFacts facts, FieldRules rules)
    {
        foreach (var value in facts.All(rules))
            if (value.Count() is { } count) return count;
        return null;
    }

    public static long? Integer(this SpanFacts facts, FieldRules rules)
    {
        foreach (var value in facts.All(rules))
            if (value.Integer() is { } integer) return integer;
        return null;
    }

    public static double? Number(this SpanFacts facts, FieldRules rules)
    {
        foreach (var value in facts.All(rules))
            if (value.Double() is { } number) return number;
        return null;
    }

    public static decimal? Money(this SpanFacts facts, FieldRules rules)
    {
        foreach (var value in facts.All(rules))
            if (value.Money() is { } money) return money;
        return null;
    }

    public static bool? Flag(this SpanFacts facts, FieldRules rules)
    {
        foreach (var value in facts.All(rules))
            if (value.Flag() is { } flag) return flag;
        return null;
    }

    /// <summary>An OTLP array, a JSON array, words between commas, or one word.</summary>
    public static IReadOnlyList<string> Texts(this SpanFacts facts, FieldRules rules)
    {
        foreach (var value in facts.All(rules))
            if (TextList.Of(facts, value) is { Count: > 0 } texts) return texts;
        return [];
    }

    public static bool Has(this SpanFacts facts, FieldRules rules) => facts.All(rules).MoveNext();
}
