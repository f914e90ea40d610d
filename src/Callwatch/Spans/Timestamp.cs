using System.Globalization;

namespace Callwatch.Spans;

/// <summary>A moment in UTC, in nanoseconds since 1970: the resolution of OTLP, which <see cref="DateTimeOffset"/> (100 ns) lacks.
/// Range 1970 to 2262. <c>default</c> is 1970 and stands for "not given" where a field says so.</summary>
public readonly record struct Timestamp(long UnixNanoseconds) : IComparable<Timestamp>
{
    public const long NanosecondsPerSecond = 1_000_000_000;

    public bool IsNone => UnixNanoseconds == 0;

    public long UnixSeconds => Math.DivRem(UnixNanoseconds, NanosecondsPerSecond, out var rest) - (rest < 0 ? 1 : 0);

    public static Timestamp From(DateTimeOffset time) => new((time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * 100);

    public static Timestamp FromUnixSeconds(long seconds) => new(seconds * NanosecondsPerSecond);

    /// <summary>Loses what is finer than 100 ns.</summary>
    public DateTimeOffset ToDateTimeOffset() => DateTimeOffset.UnixEpoch.AddTicks(UnixNanoseconds / 100);

    public Timestamp Plus(TimeSpan span) => new(UnixNanoseconds + (span.Ticks * 100));

    public int CompareTo(Timestamp other) => UnixNanoseconds.CompareTo(other.UnixNanoseconds);

    public static bool operator <(Timestamp a, Timestamp b) => a.UnixNanoseconds < b.UnixNanoseconds;

    public static bool operator >(Timestamp a, Timestamp b) => a.UnixNanoseconds > b.UnixNanoseconds;

    public static bool operator <=(Timestamp a, Timestamp b) => a.UnixNanoseconds <= b.UnixNanoseconds;

    public static bool operator >=(Timestamp a, Timestamp b) => a.UnixNanoseconds >= b.UnixNanoseconds;

    /// <summary>RFC 3339 in UTC with as many of nine decimals as are needed: <c>2026-09-17T13:42:00.000000001Z</c>.</summary>
    public override string ToString()
    {
        var nanoseconds = (int)(UnixNanoseconds - (UnixSeconds * NanosecondsPerSecond));
        var seconds = DateTimeOffset.FromUnixTimeSeconds(UnixSeconds).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        return nanoseconds == 0 ? seconds + "Z" : seconds + "." + nanoseconds.ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0') + "Z";
    }

    /// <summary>RFC 3339 with a zone, up to nanoseconds. A time without a zone is refused: it names no moment.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Timestamp time)
    {
        time = default;
        var zone = text.EndsWith("Z", StringComparison.OrdinalIgnoreCase) ? text.Length - 1
            : text.Length > 6 && (text[^6] is '+' or '-') && text[^3] == ':' ? text.Length - 6 : -1;
        if (zone < 19) return false;
        var dot = text[..zone].IndexOf('.');
        var whole = dot < 0 ? text[..zone] : text[..dot];
        var fraction = dot < 0 ? [] : text[(dot + 1)..zone];
        if (!DateTime.TryParseExact(whole, ["yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd't'HH:mm:ss", "yyyy-MM-dd HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)) return false;
        if (date.Year is < 1970 or > 2261 || (dot >= 0 && (fraction.Length is 0 or > 9))) return false;
        long nanoseconds = 0;
        foreach (var digit in fraction)
        {
            if (!char.IsAsciiDigit(digit)) return false;
            nanoseconds = (nanoseconds * 10) + (digit - '0');
        }

        for (var i = fraction.Length; i < 9; i++) nanoseconds *= 10;
        var offset = TimeSpan.Zero;
        if (zone == text.Length - 6 && !TimeSpan.TryParseExact(text[(zone + 1)..], @"hh\:mm", CultureInfo.InvariantCulture, out offset)) return false;
        if (zone == text.Length - 6 && text[zone] == '-') offset = -offset;
        var seconds = ((date.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond) - (long)offset.TotalSeconds;
        time = new Timestamp((seconds * NanosecondsPerSecond) + nanoseconds);
        return seconds >= 0;
    }
}
