using System.Globalization;
using Callwatch.Spans;

namespace Callwatch.Benchmarks.Reading;

/// <summary>
/// How soon an answer is to be there, in milliseconds at the 95th of a hundred. What somebody looks at all day is to feel immediate; half a second
/// is what one waits for without thinking of something else; two seconds are what the server gives a question that has to read rows of the whole range.
/// </summary>
internal static class Reach
{
    public const int Chart = 100, List = 200, Page = 500, Text = 1_000, Rows = 2_000;
}

/// <summary>A page of the dashboard or an address of the API.</summary>
/// <param name="Path">With <c>{range}</c> where it takes one, and names of <see cref="Samples"/> in braces.</param>
/// <param name="Reach">Of an hour and a day, or where there is no range.</param>
/// <param name="Wide">The same of 7 and 30 days.</param>
internal sealed record Route(string Path, int Reach, int Wide)
{
    public Route(string path, int reach)
        : this(path, reach, reach)
    {
    }

    public bool IsRanged => Path.Contains("{range}", StringComparison.Ordinal);

    /// <summary>Most of an export is sending it: only the shortest range is asked for.</summary>
    public bool IsStream => Path.Contains("/export", StringComparison.Ordinal);

    public string Name => Path.Replace("{range}&", "", StringComparison.Ordinal).Replace("?{range}", "", StringComparison.Ordinal);
}

/// <summary>A stretch of time that the time picker offers.</summary>
internal sealed record Stretch(string Name, TimeSpan Length)
{
    public static readonly IReadOnlyList<Stretch> All =
        [new("hour", TimeSpan.FromHours(1)), new("day", TimeSpan.FromDays(1)), new("7 days", TimeSpan.FromDays(7)), new("30 days", TimeSpan.FromDays(30))];

    public bool IsWide => Length > TimeSpan.FromDays(1);
}

/// <summary>What stands in a folder and can be asked for by its id.</summary>
internal sealed record Samples(string Trace, string Span, string OtherTrace, string OtherSpan, string User, string Session, string Destination, string Import)
{
    public string Fill(Route route, Timestamp from, Timestamp to) => route.Path
        .Replace("{range}", string.Create(CultureInfo.InvariantCulture, $"from={from}&to={to}"), StringComparison.Ordinal)
        .Replace("{trace}", Trace, StringComparison.Ordinal).Replace("{span}", Span, StringComparison.Ordinal)
        .Replace("{other_trace}", OtherTrace, StringComparison.Ordinal).Replace("{other_span}", OtherSpan, StringComparison.Ordinal)
        .Replace("{user}", User, StringComparison.Ordinal).Replace("{session}", Session, StringComparison.Ordinal)
        .Replace("{destination}", Destination, StringComparison.Ordinal).Replace("{import}", Import, StringComparison.Ordinal);
}
