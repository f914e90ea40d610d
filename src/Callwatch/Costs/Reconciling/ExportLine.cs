using System.Globalization;

namespace Callwatch.Costs.Reconciling;

/// <summary>A line of an export is not what it should be; never leaves <see cref="UsageExportReader"/>.</summary>
internal sealed class ExportLineException(string column, string message) : Exception(message)
{
    public string Column { get; } = column;
}

/// <summary>One line of an export, its fields by the folded names of their columns.</summary>
/// <param name="looks">True while it is only found out how the file writes numbers and days.</param>
internal sealed class ExportLine(IReadOnlyDictionary<string, int> columns, IReadOnlyDictionary<string, string> titles, CsvLines csv, WrittenForms forms, bool looks)
{
    private const decimal MostMoney = 1_000_000_000;
    private const decimal MostCount = 1_000_000_000_000_000;

    private static readonly string[] Days = ["yyyy-MM-dd", "yyyy/MM/dd", "yyyy-M-d", "yyyy/M/d"];

    // As spreadsheets number days: from the last days of 1899 on.
    private static readonly DateOnly SpreadsheetBegin = new(1899, 12, 30);

    /// <summary>Empty where the line, or the export, has none.</summary>
    public string Text(string column) => columns.TryGetValue(column, out var index) && index < csv.Fields.Count ? csv.Fields[index].Trim() : "";

    public bool IsBlank(string column) => Text(column).Length == 0;

    public void Fail(string column, string message) => throw new ExportLineException(titles.GetValueOrDefault(column, column), message);

    /// <summary>Spreadsheets and databases write whole numbers as 59200.0, and some with commas.</summary>
    public long? Count(string column)
    {
        if (Text(column) is not { Length: > 0 } text) return null;
        if (looks) forms.SeeNumber(text, isWhole: true, csv.Line, titles.GetValueOrDefault(column, column));
        else if (forms.Number(text) is { } number && number == decimal.Truncate(number) && number is >= 0 and <= MostCount) return (long)number;
        else Fail(column, "must be a whole number.");
        return null;
    }

    /// <summary>Credits are negative, with a sign or in brackets.</summary>
    public decimal? Money(string column)
    {
        if (Text(column) is not { Length: > 0 } text) return null;
        var amount = Amount(text);
        if (looks) forms.SeeNumber(amount, isWhole: false, csv.Line, titles.GetValueOrDefault(column, column));
        else if (forms.Number(amount) is { } number && Math.Abs(number) <= MostMoney) return number;
        else Fail(column, "must be an amount in US dollars, as 12.34.");
        return null;
    }

    /// <summary>
    /// The day of the first of these columns that is filled: a day, a time with its zone (or in UTC), or seconds since 1970. A day that begins
    /// at midnight of its own zone is that day, as it stands there.
    /// </summary>
    public DateOnly Day(params string[] named)
    {
        foreach (var column in named)
        {
            if (Text(column) is not { Length: > 0 } text) continue;
            if (looks) forms.SeeDay(text, csv.Line, titles.GetValueOrDefault(column, column));
            if (DayOf(text) is { } day && day.Year is >= 2000 and < 2262) return day;
            if (looks) return default;
            Fail(column, "must be a day or a time, as 2026-09-17.");
        }

        if (!looks) Fail(named[0], "is empty; a day is needed.");
        return default;
    }

    // "05/09/", "5. 9. ", "05-09-": day and month, and nobody says which comes first.
    private static bool BeginsInFigures(string text)
    {
        var rest = text.AsSpan();
        for (var part = 0; part < 2; part++)
        {
            var digits = rest.IndexOfAnyExceptInRange('0', '9');
            if (digits is < 1 or > 2) return false;
            rest = rest[digits..].TrimStart();
            if (rest.IsEmpty || rest[0] is not ('.' or '/' or '-')) return false;
            rest = rest[1..].TrimStart();
        }

        return true;
    }

    private DateOnly? DayOf(string text)
    {
        if (DateOnly.TryParseExact(text, Days, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)) return day;
        if (forms.Day(text) is { } spoken) return spoken;
        if (long.TryParse(text.EndsWith(".0", StringComparison.Ordinal) ? text[..^2] : text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number switch
            {
                > 36_000 and < 80_000 => SpreadsheetBegin.AddDays((int)number),
                > 100_000_000 and < 32_503_680_000 => DateOnly.FromDateTime(DateTimeOffset.FromUnixTimeSeconds(number).UtcDateTime),
                > 100_000_000_000 and < 32_503_680_000_000 => DateOnly.FromDateTime(DateTimeOffset.FromUnixTimeMilliseconds(number).UtcDateTime),
                _ => null,
            };
        }

        // What could be read with the month first or the day first is not left to chance, whatever follows it.
        if (BeginsInFigures(text)) return null;
        if (char.IsAsciiDigit(text[0]) && (text.Length < 5 || text.AsSpan(0, 4).ContainsAnyExceptInRange('0', '9')) && !text.AsSpan().ContainsAnyInRange('A', 'z')) return null;
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)) return null;
        return DateOnly.FromDateTime(time.TimeOfDay == TimeSpan.Zero ? time.DateTime : time.UtcDateTime);
    }

    // "$12.34", "-$12.34", "(12.34)", "12.34 USD", "12.34-" are all amounts in dollars.
    private static string Amount(string text)
    {
        var amount = text.Replace('\u2212', '-');
        var isNegative = amount.StartsWith('(') && amount.EndsWith(')');
        if (isNegative) amount = amount[1..^1].Trim();
        foreach (var sign in (string[])["-", ""])
        {
            foreach (var unit in (string[])["US$", "USD", "$"])
            {
                if (amount.StartsWith(sign + unit, StringComparison.OrdinalIgnoreCase)) amount = sign + amount[(sign.Length + unit.Length)..].TrimStart();
                else if (sign.Length == 0 && amount.EndsWith(unit, StringComparison.OrdinalIgnoreCase)) amount = amount[..^unit.Length].TrimEnd();
            }
        }

        if (amount.EndsWith('-') && amount.Length > 1) (amount, isNegative) = (amount[..^1], !isNegative);
        return isNegative ? amount.StartsWith('-') ? amount[1..] : "-" + amount : amount;
    }
}
