using System.Globalization;
using Callwatch.Spans;

namespace Callwatch.Store.Partitions;

/// <summary>One file of rows: spans that ended on one UTC day; a busy day has several. Before 2020 it is a year: no tracing is that old, and clocks that
/// were never set must not make a file for each day since 1970.</summary>
/// <param name="File">Name of the file within the store's folder.</param>
/// <param name="Day">Its first day.</param>
/// <param name="Sequence">1 for the first of the day.</param>
/// <param name="Rows">Spans in it, about.</param>
/// <param name="FirstEnd">Earliest end ever stored in it; null while empty.</param>
/// <param name="Closed">True once its filter indexes stand: new rows go to another file.</param>
/// <param name="Applied">Journal number of the last batch that touched it.</param>
public sealed record Partition(
    string File, DateOnly Day, int Sequence, long Rows, Timestamp? FirstEnd, Timestamp? LastEnd, bool Closed, long Applied)
{
    private const string DayFormat = "yyyy-MM-dd";

    private const int FirstYearOfDays = 2020;

    /// <summary>The first day of the partitions that hold what ends then.</summary>
    public static DateOnly DayOf(Timestamp end)
    {
        var day = DateOnly.FromDayNumber(UnixDayNumber + (int)(end.UnixSeconds / 86_400));
        return day.Year < FirstYearOfDays ? new DateOnly(day.Year, 1, 1) : day;
    }

    /// <summary>Ends in it lie at or after this.</summary>
    public Timestamp From => StartOf(Day);

    /// <summary>Ends in it lie before this.</summary>
    public Timestamp To => StartOf(EndOf(Day));

    /// <summary>The day after the last of a partition that begins with this one.</summary>
    internal static DateOnly EndOf(DateOnly day) => day.Year < FirstYearOfDays ? day.AddYears(1) : day.AddDays(1);

    internal static Partition New(DateOnly day, int sequence) =>
        new($"{day.ToString(DayFormat, CultureInfo.InvariantCulture)}.{sequence:D4}.db", day, sequence, 0, null, null, Closed: false, 0);

    /// <summary>What a file's name says; false when it is no partition's.</summary>
    internal static bool TryParse(string file, out Partition partition)
    {
        partition = New(default, 0);
        var parts = file.Split('.');
        if (parts is not [var dayPart, var sequencePart, "db"]
            || !DateOnly.TryParseExact(dayPart, DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            || !int.TryParse(sequencePart, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)) return false;
        partition = New(day, sequence);
        return partition.File == file;
    }

    internal static Timestamp StartOf(DateOnly day) => Timestamp.FromUnixSeconds((day.DayNumber - UnixDayNumber) * 86_400L);

    private static readonly int UnixDayNumber = new DateOnly(1970, 1, 1).DayNumber;
}
