using System.Globalization;
using System.Text.RegularExpressions;

namespace Callwatch.Costs.Reconciling;

/// <summary>
/// How a file writes numbers and days. A spreadsheet that has opened an export and saved it again writes them as people do where it stands:
/// <c>1.234,50</c> and <c>17.09.2026</c> or <c>9/17/2026</c>. One value often can be read in two ways; all of a file together seldom can. Where
/// they can, nothing is guessed.
/// </summary>
internal sealed partial class WrittenForms(char delimiter)
{
    private (int Line, string Column)? point, comma, either, dayFirst, monthFirst, anyOrder;

    /// <summary>Looks at a number before it is read.</summary>
    /// <param name="isWhole">Whether it has to be a whole one: then <c>59.200</c> can only be one with a point between its thousands.</param>
    public void SeeNumber(string text, bool isWhole, int line, string column)
    {
        // What is no number at all is told by whoever reads it.
        if (!Numeric().IsMatch(text)) return;
        var digits = text.Split('e', 'E')[0];
        var (points, commas) = (digits.Count(letter => letter == '.'), digits.Count(letter => letter == ','));
        if (points + commas == 0) return;
        if (points > 0 && commas > 0)
        {
            if (digits.LastIndexOf('.') > digits.LastIndexOf(',')) point ??= (line, column);
            else comma ??= (line, column);
            return;
        }

        var isPoint = points > 0;
        var sign = digits.LastIndexOf(isPoint ? '.' : ',');
        var before = digits[..sign].Count(char.IsAsciiDigit);
        var after = digits[(sign + 1)..].Where(char.IsAsciiDigit).ToArray();
        var mayGroup = after.Length == 3 && before is >= 1 and <= 3 && !digits[..sign].Trim('-', '+', '$', ' ').StartsWith('0') && digits.Length == text.Length;
        // More than one of a kind stand between thousands; one that cannot is before decimals.
        if (points + commas > 1 || (mayGroup && isWhole && after.Any(digit => digit != '0'))) Vote(decimals: !isPoint);
        else if (!mayGroup) Vote(decimals: isPoint);
        else either ??= (line, column);

        void Vote(bool decimals)
        {
            if (decimals) point ??= (line, column);
            else comma ??= (line, column);
        }
    }

    /// <summary>Looks at a day before it is read.</summary>
    public void SeeDay(string text, int line, string column)
    {
        var found = Spoken().Match(text);
        if (!found.Success) return;
        var (first, second) = (Number(found, "first"), Number(found, "second"));
        if (found.Groups["between"].Value == "." || first > 12) dayFirst ??= (line, column);
        else if (second > 12) monthFirst ??= (line, column);
        else if (first != second) anyOrder ??= (line, column);
    }

    /// <summary>What keeps the file from being read; null when it is clear how.</summary>
    public UsageExportResult.Wrong? Unclear()
    {
        if (point is { } one && comma is { } other)
            return new(Math.Max(one.Line, other.Line), one.Line > other.Line ? one.Column : other.Column, $"numbers are written in two ways, with a decimal point (line {one.Line}) and with a decimal comma (line {other.Line}); write them in one.");
        if (point is null && comma is null && either is { } number && delimiter != ',')
            return new(number.Line, number.Column, "the number can be read in two ways, as thousands or with three decimals; export the file with commas between its fields.");
        if (dayFirst is { } day && monthFirst is { } month)
            return new(Math.Max(day.Line, month.Line), day.Line > month.Line ? day.Column : month.Column, $"days are written in two ways, the day first (line {day.Line}) and the month first (line {month.Line}); write them as 2026-09-17.");
        return dayFirst is null && monthFirst is null && anyOrder is { } any ? new(any.Line, any.Column, "day and month cannot be told apart; write days as 2026-09-17.") : null;
    }

    /// <summary>The number; null when it is none.</summary>
    public decimal? Number(string text)
    {
        var digits = Groups().Replace(text, "");
        digits = comma is not null ? digits.Replace(".", "", StringComparison.Ordinal).Replace(',', '.') : digits.Replace(",", "", StringComparison.Ordinal);
        return decimal.TryParse(digits, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    /// <summary>A day as people write it; null when it is none.</summary>
    public DateOnly? Day(string text)
    {
        var found = Spoken().Match(text);
        if (!found.Success) return null;
        var (first, second, year) = (Number(found, "first"), Number(found, "second"), Number(found, "year"));
        var (day, month) = monthFirst is not null ? (second, first) : (first, second);
        return month is >= 1 and <= 12 && year is >= 1 and <= 9_999 && day >= 1 && day <= DateTime.DaysInMonth(year, month) ? new DateOnly(year, month, day) : null;
    }

    private static int Number(Match found, string group) => int.Parse(found.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?<first>[0-9]{1,2})(?<between>[./-])(?<second>[0-9]{1,2})[./-](?<year>[0-9]{4})([ ,T][ 0-9:.APMapm]*)?$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Spoken();

    [GeneratedRegex(@"^[0-9.,eE+\s'’-]+$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Numeric();

    // Besides points and commas: spaces of all kinds and the Swiss mark.
    [GeneratedRegex(@"[\s'’]", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Groups();
}
