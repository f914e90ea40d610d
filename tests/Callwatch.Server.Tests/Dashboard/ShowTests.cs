using Callwatch.Dashboard.Language;
using Callwatch.Dashboard.Show;
using Callwatch.Spans;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard;

public sealed class ShowTests
{
    [Theory]
    [InlineData(null, "–")]
    [InlineData(0.0, "0 ms")]
    [InlineData(0.042, "0.042 ms")]
    [InlineData(4.24, "4.2 ms")]
    [InlineData(86.4, "86 ms")]
    [InlineData(120.0, "0.12 s")]
    [InlineData(7920.0, "7.92 s")]
    [InlineData(30000.0, "30.00 s")]
    [InlineData(134000.0, "2 min 14 s")]
    [InlineData(4320000.0, "1 h 12 min")]
    public void A_duration_has_the_unit_that_people_use(double? milliseconds, string shown) => Assert.Equal(shown, Figure.Duration(milliseconds).ToString());

    [Theory]
    [InlineData(null, "–")]
    [InlineData("0", "$0")]
    [InlineData("252.5812", "$252.58")]
    [InlineData("1234567.891", "$1,234,567.89")]
    [InlineData("0.0340111", "$0.0340")]
    [InlineData("0.0025444", "$0.002544")]
    [InlineData("0.0000001", "<$0.000001")]
    [InlineData("-3.5", "−$3.50")]
    public void Money_has_as_many_digits_as_say_something(string? usd, string shown) =>
        Assert.Equal(shown, Figure.Money(usd is null ? null : decimal.Parse(usd)).ToString());

    [Theory]
    [InlineData(41286, "41,286")]
    [InlineData(12_345_678, "12.35 M")]
    [InlineData(12_345_678_901, "12.35 G")]
    public void A_count_stays_whole_until_it_does_not_fit(long number, string shown) => Assert.Equal(shown, Figure.Whole(number).ToString());

    [Fact]
    public void Unknown_is_never_zero()
    {
        Assert.True(Figure.Duration(null).IsUnknown);
        Assert.True(Figure.Percent(null).IsUnknown);
        Assert.True(Figure.Money(null).IsUnknown);
        Assert.Equal("0.00 %", Figure.Percent(0).ToString());
        Assert.Equal("−2.1 %", Figure.Percent(-0.0213, 1).ToString());
    }

    [Fact]
    public void What_would_reorder_or_hide_is_made_visible()
    {
        Assert.Equal("‹U+202E›evil‹U+202C›", Visible.Text("\u202Eevil\u202C"));
        Assert.Equal("a␀b␛c", Visible.Text("a\0b\u001bc"));
        Assert.Equal("zero‹U+200B›width", Visible.Text("zero\u200Bwidth"));
        Assert.Equal("half\uFFFD", Visible.Text("half\uD83D"));
        Assert.Equal("‹U+E0041›", Visible.Text("\U000E0041"));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("two\nlines\tand a tab")]
    [InlineData("退款什么时候到账？")]
    [InlineData("👩‍👩‍👧 family")]
    [InlineData("می‌خواهم")]
    public void Honest_text_of_any_script_stays_as_it_is(string text) => Assert.Equal(text, Visible.Text(text));

    [Fact]
    public void A_cut_never_halves_a_character()
    {
        Assert.Equal("abc", Visible.Cut("abcdef", 3));
        Assert.Equal("ab", Visible.Cut("ab😀", 3));
        Assert.Equal("ab😀", Visible.Cut("ab😀c", 4));
        var marks = "e" + new string('\u0301', 5000);
        Assert.InRange(Visible.Cut(marks, 100).Length, 80, 100);
        Assert.Equal("a b…", Visible.Line("a\nb and more", 3));
    }

    [Fact]
    public void Any_text_can_be_shown_and_cut()
    {
        var random = new Random(7);
        for (var round = 0; round < 2000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => (char)random.Next(0x10000)));
            var cut = Visible.Cut(text, random.Next(40));
            Assert.StartsWith(cut, text, StringComparison.Ordinal);
            Assert.DoesNotContain(Visible.Text(text), character => char.IsControl(character) && character is not ('\n' or '\t'));
        }
    }

    [Theory]
    [InlineData(0, "now")]
    [InlineData(4, "4 s ago")]
    [InlineData(150, "2 min ago")]
    [InlineData(7200, "2 h ago")]
    [InlineData(259200, "3 d ago")]
    public void Times_are_relative_to_now(long seconds, string shown)
    {
        var now = Timestamp.FromUnixSeconds(1_789_650_000);
        Assert.Equal(shown, Clock.Ago(now.Plus(-TimeSpan.FromSeconds(seconds)), now, Words.English));
    }
}
