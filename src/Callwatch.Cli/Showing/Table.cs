using System.Text;

namespace Callwatch.Cli.Showing;

/// <summary>What a row says by its colour, where there are colours.</summary>
internal enum Tone
{
    Plain, Failed, Stopped,
}

/// <summary>
/// Lines of text in columns as wide as their cells. A terminal that is narrower loses the dispensable columns, the first named first;
/// no cell is ever broken, because broken ids and figures cannot be copied.
/// </summary>
/// <param name="columns">A leading <c>&gt;</c> puts a column to the right.</param>
internal sealed class Table(params string[] columns)
{
    private const string Between = "  ";
    private readonly List<(Tone Tone, string[] Cells)> rows = [];

    /// <summary>By the column's text without <c>&gt;</c>.</summary>
    public IReadOnlyList<string> Dispensable { get; init; } = [];

    public void Row(params string[] cells) => Row(Tone.Plain, cells);

    public void Row(Tone tone, params string[] cells) => rows.Add((tone, [.. cells.Select(Plain.Text)]));

    public void Print()
    {
        foreach (var line in Lines(Screen.Width, Screen.HasColours)) Console.Out.WriteLine(line);
    }

    public IEnumerable<string> Lines(int width, bool colours)
    {
        var heads = columns.Select(column => column.TrimStart('>')).ToArray();
        var widths = heads.Select((head, i) => rows.Select(row => WidthOf(row.Cells[i])).Append(WidthOf(head)).Max()).ToArray();
        var shown = Fitting(heads, widths, width);
        if (heads.Any(head => head.Length > 0)) yield return Coloured(colours ? "90" : null, Line(heads, widths, shown));
        foreach (var (tone, cells) in rows)
            yield return Coloured(!colours ? null : tone switch { Tone.Failed => "31", Tone.Stopped => "33", _ => null }, Line(cells, widths, shown));
    }

    private List<int> Fitting(string[] heads, int[] widths, int width)
    {
        var shown = Enumerable.Range(0, heads.Length).ToList();
        foreach (var column in Dispensable)
        {
            if (shown.Sum(i => widths[i] + Between.Length) - Between.Length <= width) break;
            shown.Remove(Array.IndexOf(heads, column));
        }

        return shown;
    }

    private string Line(string[] cells, int[] widths, List<int> shown)
    {
        var line = new StringBuilder();
        foreach (var i in shown)
        {
            if (line.Length > 0) line.Append(Between);
            var room = new string(' ', widths[i] - WidthOf(cells[i]));
            line.Append(columns[i].StartsWith('>') ? room + cells[i] : cells[i] + room);
        }

        return line.ToString().TrimEnd();
    }

    private static string Coloured(string? colour, string line) => colour is null ? line : $"\u001b[{colour}m{line}\u001b[0m";

    /// <summary>In columns of a terminal: Chinese, Japanese and Korean characters and most pictures take two.</summary>
    internal static int WidthOf(string text) => text.EnumerateRunes().Sum(rune => rune.Value switch
    {
        >= 0x1100 and <= 0x115F or >= 0x2E80 and <= 0xA4CF or >= 0xAC00 and <= 0xD7A3 or >= 0xF900 and <= 0xFAFF or >= 0xFE30 and <= 0xFE6F
            or >= 0xFF00 and <= 0xFF60 or >= 0x1F300 and <= 0x1FAFF or >= 0x20000 and <= 0x3FFFD => 2,
        >= 0x0300 and <= 0x036F or >= 0x200B and <= 0x200F or >= 0xFE00 and <= 0xFE0F => 0,
        _ => 1,
    });
}

/// <summary>Where standard output goes.</summary>
internal static class Screen
{
    /// <summary>Characters in a line; no end to them when the output is no terminal.</summary>
    public static int Width { get; } = WidthOfTerminal();

    public static bool HasColours { get; } =
        !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

    public static void Line(string text = "") => Console.Out.WriteLine(text);

    private static int WidthOfTerminal()
    {
        try
        {
            return Console.IsOutputRedirected || Console.WindowWidth <= 0 ? int.MaxValue : Console.WindowWidth;
        }
        catch (IOException)
        {
            return int.MaxValue;
        }
    }
}
