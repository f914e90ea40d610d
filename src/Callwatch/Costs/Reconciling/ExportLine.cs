using System.Globalization;

namespace Callwatch.Costs.Reconciling;

/// <summary>A line of an export is not what it should be; never leaves <see cref="UsageExportReader"/>.</summary>
internal sealed class ExportLineException(string column, string message) : Exception(message)
{
    public string Column { get; } = column;
}

/// <summary>One line of an export, its fields by the folded names of their columns.</summary>
internal sealed class ExportLine(IReadOnlyDictionary<string, int> columns, IReadOnlyDictionary<string, string> titles, CsvLines csv)
{
    private static readonly string[] Days = ["yyyy-MM-dd", "yyyy/MM/dd", "yyyy-M-d", "yyyy/M/d"];

    /// <summary>Empty where the line, or the export, has none.</summary>
    public string Text(string column) => columns.TryGetValue(column, out var index) && index < csv.Fields.Count ? csv.Fields[index].Trim() : "";

    public bool IsBlank(string column) => Text(column).Length == 0;

    public void Fail(string column, string message) => throw new ExportLineException(titles.GetValueOrDefault(column, column), message);

    /// <summary>Spreadsheets and databases write whole numbers as 59200.0, and some with commas.</summary>
    public long? Count(string column)
    {
        if (Text(column) is not { Length: > 0 } text) return null;
        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowThousands | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number)
            && number == decimal.Truncate(number) && number is >= 0 and <= 1_000_000_000_000_000) return (long)number;
        Fail(column, "must be a whole number.");
        return null;
    }

    /// <summary>Credits are negative.</summary>
    public decimal? Money(string column)
    {
        if (Text(column) is not { Length: > 0 } text) return null;
        if (decimal.TryParse(text.TrimStart('$'), NumberStyles.AllowDecimalPoint | NumberStyles.AllowThousands | NumberStyles.AllowExponent | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && Math.Abs(number) <= 1_000_000_000) return number;
        Fail(column, "must be an amount in US dollars, as 12.34.");
        return null;
    }

    /// <summary>The UTC day of the first of these columns that is filled: a day, a time with its zone (or in UTC), or seconds since 1970.</summary>
    public DateOnly Day(params string[] named)
    {
        foreach (var column in named)
        {
            if (Text(column) is not { Length: > 0 } text) continue;
            if (DateOnly.TryParseExact(text, Days, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && IsPlausible(day)) return day;
            if (long.TryParse(text.EndsWith(".0", StringComparison.Ordinal) ? text[..^2] : text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and < 32_503_680_000)
                return DateOnly.FromDateTime(DateTimeOffset.FromUnixTimeSeconds(seconds).UtcDateTime);
            if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) && IsPlausible(DateOnly.FromDateTime(time.UtcDateTime)))
                return DateOnly.FromDateTime(time.UtcDateTime);
            Fail(column, "must be a day or a time, as 2026-09-17.");
        }

        Fail(named[0], "is empty; a day is needed.");
        return default;
    }

    private static bool IsPlausible(DateOnly day) => day.Year is >= 2000 and < 2262;
}
