using Callwatch.Cli.Showing;
using Xunit;

namespace Callwatch.Server.Tests.Cli;

public sealed class TableTests
{
    private const int Wide = int.MaxValue;

    [Fact]
    public void Columns_are_as_wide_as_their_cells_and_figures_stand_to_the_right()
    {
        var table = new Table("App", ">Calls");
        table.Row("shop", "7");
        table.Row("contract-review", "1,234");
        Assert.Equal(["App              Calls", "shop                 7", "contract-review  1,234"], table.Lines(Wide, colours: false));
    }

    [Theory]
    [InlineData(30, "Time   App   User  Trace")]
    [InlineData(24, "Time   App   User  Trace")]
    [InlineData(23, "Time   App   Trace")]
    [InlineData(17, "Time   Trace")]
    [InlineData(5, "Time   Trace")]
    public void A_narrow_terminal_loses_columns_in_their_order_and_never_breaks_a_cell(int width, string head)
    {
        var table = new Table("Time", "App", "User", "Trace") { Dispensable = ["User", "App"] };
        table.Row("12:00", "shop", "u", "abcde");
        Assert.Equal(head, table.Lines(width, colours: false).First());
    }

    [Fact]
    public void Chinese_text_takes_two_columns_a_character()
    {
        var table = new Table("Text", "Id");
        table.Row("退款", "1");
        table.Row("refund", "2");
        Assert.Equal(["Text    Id", "退款    1", "refund  2"], table.Lines(Wide, colours: false));
    }

    [Fact]
    public void Cells_hold_no_control_characters_even_where_there_are_colours()
    {
        var table = new Table("Text");
        table.Row(Tone.Failed, "a\u001b[2Jb\r\n\u202Ec");
        Assert.Equal("\u001b[31ma [2Jb   c\u001b[0m", table.Lines(Wide, colours: true).Last());
    }

    [Theory]
    [InlineData(null, "–")]
    [InlineData(0.4, "0 ms")]
    [InlineData(999.4, "999 ms")]
    [InlineData(1000d, "1.00 s")]
    [InlineData(61_000d, "1.0 min")]
    public void Durations_have_a_fitting_unit(double? milliseconds, string expected) => Assert.Equal(expected, Plain.Milliseconds(milliseconds));
}
