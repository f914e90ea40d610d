using System.Globalization;

namespace Callwatch.Dashboard.Show;

/// <summary>A number as people read it, and its quieter unit.</summary>
/// <param name="Prefix">A unit that stands before the number: the dollar sign.</param>
public readonly record struct Figure(string Number, string? Unit = null, string? Prefix = null)
{
    /// <summary>What is not known: never 0.</summary>
    public static readonly Figure Unknown = new("–");

    private static CultureInfo Invariant => CultureInfo.InvariantCulture;

    public bool IsUnknown => Number == Unknown.Number;

    public override string ToString() => Prefix + Number + (Unit is null ? "" : " " + Unit);

    public static string Count(long number) => number.ToString("N0", Invariant);

    /// <summary>A count that fits a tile: in full up to seven digits.</summary>
    public static Figure Whole(long? number) => number switch
    {
        null => Unknown,
        < 10_000_000 => new Figure(Count(number.Value)),
        < 10_000_000_000 => new Figure((number.Value / 1e6).ToString("N2", Invariant), "M"),
        _ => new Figure((number.Value / 1e9).ToString("N2", Invariant), "G"),
    };

    /// <summary>A count in a column beside others: from a million on in millions, so that they can be compared.</summary>
    public static Figure Short(long number) => number < 1_000_000 ? new Figure(Count(number)) : new Figure((number / 1e6).ToString("N2", Invariant), "M");

    /// <summary>A length of time: 4.2 ms, 86 ms, 7.92 s, 2 min 14 s, 1 h 12 min.</summary>
    public static Figure Duration(double? milliseconds)
    {
        if (milliseconds is not { } ms || double.IsNaN(ms)) return Unknown;
        if (ms == 0) return new Figure("0", "ms");
        if (ms < 9.95) return new Figure(ms.ToString(ms < 0.095 ? "0.000" : "0.0", Invariant), "ms");
        if (ms < 99.5) return new Figure(ms.ToString("0", Invariant), "ms");
        if (ms < 119_995) return new Figure((ms / 1000).ToString("0.00", Invariant), "s");
        var seconds = (long)Math.Round(ms / 1000);
        return seconds < 3600
            ? new Figure($"{seconds / 60} min {seconds % 60:00}", "s")
            : new Figure($"{Count(seconds / 3600)} h {seconds % 3600 / 60:00}", "min");
    }

    public static Figure Nanoseconds(long? nanoseconds) => Duration(nanoseconds / 1e6);

    /// <summary>US dollars with as many of 2 to 6 digits as say something.</summary>
    public static Figure Money(decimal? usd) => usd switch
    {
        null => Unknown,
        0 => new Figure("0", Prefix: "$"),
        < 0 => new Figure(Money(-usd).Number, Prefix: "−$"),
        >= 1 => new Figure(usd.Value.ToString("N2", Invariant), Prefix: "$"),
        >= 0.01m => new Figure(usd.Value.ToString("0.0000", Invariant), Prefix: "$"),
        >= 0.000001m => new Figure(usd.Value.ToString("0.000000", Invariant), Prefix: "$"),
        _ => new Figure("0.000001", Prefix: "<$"),
    };

    /// <summary>US dollars of one call: six digits, so that a column of them can be compared.</summary>
    public static Figure CallMoney(decimal? usd) => usd switch
    {
        >= 0.000001m and < 1000 => new Figure(usd.Value.ToString("0.000000", Invariant), Prefix: "$"),
        _ => Money(usd),
    };

    /// <summary>US dollars in a narrow column: four digits behind the point, the size of things before their exact price.</summary>
    public static Figure ShortMoney(decimal? usd) => usd switch
    {
        > 0 and < 0.0001m => new Figure("0.0001", Prefix: "<$"),
        >= 0.0001m and < 1 => new Figure(usd.Value.ToString("0.0000", Invariant), Prefix: "$"),
        _ => Money(usd),
    };

    /// <param name="share">0 to 1.</param>
    public static Figure Percent(double? share, int decimals = 2) =>
        share is not { } value || double.IsNaN(value) ? Unknown : new Figure((value * 100).ToString("F" + decimals.ToString(Invariant), Invariant).Replace('-', '−'), "%");

    /// <summary>Per second, per minute or per hour, whichever gives a number that can be read.</summary>
    public static Figure Rate(double perSecond) => perSecond switch
    {
        0 => new Figure("0", "/s"),
        >= 10 => new Figure(perSecond.ToString("N0", Invariant), "/s"),
        >= 0.1 => new Figure(perSecond.ToString("0.0", Invariant), "/s"),
        >= 0.01 => new Figure((perSecond * 60).ToString("0.0", Invariant), "/min"),
        _ => new Figure((perSecond * 3600).ToString("0.0", Invariant), "/h"),
    };

    public static Figure Bytes(long? bytes) => bytes switch
    {
        null => Unknown,
        < 1000 => new Figure(Count(bytes.Value), "B"),
        < 1_000_000 => new Figure(Digits(bytes.Value / 1e3), "kB"),
        < 1_000_000_000 => new Figure(Digits(bytes.Value / 1e6), "MB"),
        < 1_000_000_000_000 => new Figure(Digits(bytes.Value / 1e9), "GB"),
        _ => new Figure(Digits(bytes.Value / 1e12), "TB"),
    };

    /// <summary>With its sign; the minus is the wide one, so that columns line up.</summary>
    public static string Signed(double value, string format) =>
        (value < 0 ? "−" : "+") + Math.Abs(value).ToString(format, Invariant);

    private static string Digits(double value) => value.ToString(value >= 99.5 ? "0" : "0.0", Invariant);
}
