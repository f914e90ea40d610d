using System.Globalization;
using Callwatch.Spans;

namespace Callwatch.Store.Partitions;

/// <summary>One file of rows: spans that ended on one UTC day; a busy day has several.</summary>
/// <param name="File">Name of the file within the store's folder.</param>
/// <param name="Sequence">1 for the first of the day.</param>
/// <param name="Rows">Spans in it, about.</param>
/// <param name="FirstEnd">Earliest end ever stored in it; null while empty.</param>
/// <param name="Closed">True once its filter indexes stand: new rows go to another file.</param>
/// <param name="Applied">Journal number of the last batch that touched it.</param>
public sealed record Partition(
    string File, DateOnly Day, int Sequence, long Rows, Timestamp? FirstEnd, Timestamp? LastEnd, bool Closed, long Applied)
{
    private const string DayFormat = "yyyy-MM-dd";

    public static DateOnly DayOf(Timestamp end) => DateOnly.FromDayNumber(UnixDayNumber + (int)(end.UnixSeconds / 86_400));

    /// <summary>An end at or after this is of this day or a later one.</summary>
    public Timestamp From => Timestamp.FromUnixSeconds((Day.DayNumber - UnixDayNumber) * 86_400L);

    public Timestamp To => Timestamp.FromUnixSeconds((Day.DayNumber - UnixDayNumber + 1) * 86_400L);

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

    private static readonly int UnixDayNumber = new DateOnly(1970, 1, 1).DayNumber;
}
