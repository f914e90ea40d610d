using Spectre.Console;

namespace Callwatch.Cli.Showing;

/// <summary>Tables on standard output: as wide as the terminal, or wide enough for everything when the output goes elsewhere.</summary>
internal static class Tables
{
    private const int WidthElsewhere = 10_000;

    public static IAnsiConsole Console { get; } = Open();

    /// <summary>Characters in a line.</summary>
    public static int Width => Console.Profile.Width;

    /// <param name="columns">A leading <c>&gt;</c> puts a column to the right.</param>
    public static Table New(params string[] columns)
    {
        var table = new Table().Border(TableBorder.None);
        foreach (var column in columns)
        {
            var right = column.StartsWith('>');
            table.AddColumn(new TableColumn(new Text(right ? column[1..] : column, new Style(Color.Grey))) { Alignment = right ? Justify.Right : Justify.Left, NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        }

        return table;
    }

    /// <summary>Cells are text, never markup.</summary>
    public static void Row(this Table table, params string[] cells) => table.AddRow(cells.Select(cell => new Text(Plain.Text(cell))));

    public static void Row(this Table table, Style style, params string[] cells) => table.AddRow(cells.Select(cell => new Text(Plain.Text(cell), style)));

    public static void Print(this Table table) => Console.Write(table);

    public static void Line(string text) => Console.WriteLine(text);

    private static IAnsiConsole Open()
    {
        if (!System.Console.IsOutputRedirected) return AnsiConsole.Create(new AnsiConsoleSettings());
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors });
        console.Profile.Width = WidthElsewhere;
        return console;
    }
}
