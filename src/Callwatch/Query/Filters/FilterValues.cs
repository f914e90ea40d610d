using System.Buffers;
using System.Globalization;
using Callwatch.Spans;

namespace Callwatch.Query.Filters;

internal abstract record ReadValue
{
    public sealed record Good(FilterValue Value) : ReadValue;

    public sealed record Bad(string Message) : ReadValue;
}

/// <summary>Reads one value by the type of its field.</summary>
internal static class FilterValues
{
    // Beyond this no stored number lies, and arithmetic on it stays within decimal and Int64.
    private const decimal Largest = 9_000_000_000_000_000_000m;

    private static readonly SearchValues<char> DigitsAndDot = SearchValues.Create("0123456789.");

    private static readonly (string Unit, decimal Nanoseconds)[] Units =
        [("ns", 1), ("us", 1_000), ("µs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000)];

    public static ReadValue Read(FilterField field, string name, Comparison op, string text, bool quoted)
    {
        if (!quoted && text.Contains('*')) text = Fold(text);
        if (!quoted && text == "*" && op == Comparison.Equal) return new ReadValue.Good(new FilterValue.Known());
        return field.Type switch
        {
            FieldType.Text => Good(quoted || !text.Contains('*') ? new FilterValue.Text(text) : new FilterValue.Pattern(text)),
            FieldType.Word => Word(field, name, text),
            FieldType.Flag => Flag(name, text),
            FieldType.Id => Id(field, name, text),
            FieldType.Count => Count(field, name, op, text),
            FieldType.Number => Decimal(text) is { } number ? Good(new FilterValue.Number(number)) : Bad($"'{name}' is a number: {field.Example}."),
            FieldType.Duration => Duration(field, name, text),
            FieldType.Money => Decimal(text.StartsWith('$') ? text[1..] : text) is { } money ? Good(new FilterValue.Number(money)) : Bad($"'{name}' is an amount in US dollars: {field.Example}."),
            _ => Time(field, name, op, text),
        };
    }

    /// <summary>Neighbouring stars say no more than one, and would cost time.</summary>
    private static string Fold(string glob)
    {
        while (glob.Contains("**", StringComparison.Ordinal)) glob = glob.Replace("**", "*", StringComparison.Ordinal);
        return glob;
    }

    private static ReadValue Word(FilterField field, string name, string text)
    {
        foreach (var (word, aliases) in field.Words)
            if (word.Equals(text, StringComparison.OrdinalIgnoreCase) || aliases.Contains(text, StringComparer.OrdinalIgnoreCase)) return Good(new FilterValue.Text(word));
        var near = NearestWord.Of(text, field.Words.Keys);
        return Bad(near is null ? $"'{name}' is one of {string.Join(", ", field.Words.Keys)}." : $"'{name}' has no value '{text}'. Did you mean '{near}'?");
    }

    private static ReadValue Flag(string name, string text) => text.ToLowerInvariant() switch
    {
        "true" or "yes" or "1" => Good(new FilterValue.Text("true")),
        "false" or "no" or "0" => Good(new FilterValue.Text("false")),
        _ => Bad($"'{name}' is true or false."),
    };

    private static ReadValue Id(FilterField field, string name, string text)
    {
        var digits = text.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();
        var length = field == FilterFields.Trace ? 32 : 16;
        return digits.Length == length && digits.All(char.IsAsciiHexDigit)
            ? Good(new FilterValue.Text(digits))
            : Bad($"'{name}' is an id of {length} hexadecimal digits.");
    }

    private static ReadValue Count(FilterField field, string name, Comparison op, string text)
    {
        if (field == FilterFields.HttpStatus && op == Comparison.Equal && text.Length == 3 && char.IsAsciiDigit(text[0]) && text[1..] is "xx" or "XX" && text[0] is >= '1' and <= '5')
        {
            var hundred = (text[0] - '0') * 100;
            return Good(new FilterValue.Range(hundred, hundred + 100));
        }

        var factor = text.Length == 0 ? 1 : text[^1] switch { 'k' or 'K' => 1_000m, 'm' or 'M' => 1_000_000m, _ => 1m };
        return Decimal(factor == 1 ? text : text[..^1]) is { } count && count * factor <= Largest && decimal.IsInteger(count * factor)
            ? Good(new FilterValue.Number(decimal.Truncate(count * factor)))
            : Bad($"'{name}' is a whole number: {field.Example}.");
    }

    private static ReadValue Duration(FilterField field, string name, string text)
    {
        // A name that ends in _ms has said the unit; any other number without one could mean anything.
        if (Decimal(text) is { } bare)
        {
            if (name.EndsWith("_ms", StringComparison.OrdinalIgnoreCase)) return InRange(bare * 1_000_000);
            if (bare != 0) return Bad($"'{name}' needs a unit: {text}s or {text}ms.");
        }

        var total = 0m;
        var rest = text.AsSpan();
        if (rest.IsEmpty) return Bad($"'{name}' is a duration: {field.Example}.");
        if (Decimal(text) == 0) return Good(new FilterValue.Number(0));
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(DigitsAndDot);
            if (digits <= 0 || Decimal(rest[..digits].ToString()) is not { } number) return Bad($"'{name}' is a duration: {field.Example}.");
            rest = rest[digits..];
            var letters = rest.IndexOfAny(DigitsAndDot);
            var unit = (letters < 0 ? rest : rest[..letters]).ToString();
            var nanoseconds = Array.Find(Units, known => known.Unit.Equals(unit, StringComparison.OrdinalIgnoreCase)).Nanoseconds;
            if (nanoseconds == 0) return Bad($"'{unit}' is no unit of time; ns, us, ms, s, m and h are.");
            if (number > Largest / nanoseconds) return Bad($"'{name}' is too long a time.");
            total += number * nanoseconds;
            rest = letters < 0 ? [] : rest[letters..];
        }

        return InRange(total);

        ReadValue InRange(decimal value) => value > Largest ? Bad($"'{name}' is too long a time.") : Good(new FilterValue.Number(Math.Round(value)));
    }

    private static ReadValue Time(FilterField field, string name, Comparison op, string text)
    {
        if (Timestamp.TryParse(text, out var time)) return Good(new FilterValue.Number(time.UnixNanoseconds));
        if (!DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) || date.Year is < 1970 or > 2261)
            return Bad($"'{name}' is a time with a zone, or a date: {field.Example}.");
        var day = Timestamp.From(new DateTimeOffset(date, TimeOnly.MinValue, TimeSpan.Zero));
        return Good(op == Comparison.Equal
            ? new FilterValue.Range(day.UnixNanoseconds, day.Plus(TimeSpan.FromDays(1)).UnixNanoseconds)
            : new FilterValue.Number(day.UnixNanoseconds));
    }

    private static decimal? Decimal(string text) =>
        text.Length is > 0 and <= 28 && decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value <= Largest ? value : null;

    private static ReadValue.Good Good(FilterValue value) => new(value);

    private static ReadValue.Bad Bad(string message) => new(message);
}
