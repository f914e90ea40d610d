using Callwatch.Journal;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Journal;

public sealed class NumberJumpTests
{
    [Fact]
    public async Task No_number_is_given_away_that_something_outside_the_journal_refers_to()
    {
        using var temp = new TempFolder();
        long first;
        await using (var journal = TestJournal.Open(temp.Path))
        {
            Assert.Equal(1, await journal.AppendAsync("one", "two"));
            journal.BeginAbove(1);
            Assert.Equal(3, await journal.AppendAsync("three"));
            journal.BeginAbove(5_000);
            first = await journal.AppendAsync("four");
            Assert.True(first > 5_000);
        }

        await using var again = TestJournal.Open(temp.Path);
        again.BeginAbove(5_000);
        Assert.Equal(first + 1, await again.AppendAsync("five"));
        Assert.Equal(["one", "two", "three", "four", "five"], (await again.RecordsAsync()).Select(record => record.Text()));
        Assert.Equal("four", again.Find(first)!.Text());
        Assert.Null(again.Find(4_000));
        Assert.Equal((5, 5), (again.Status().Records, again.CountBetween(0, again.Head.Number)));
        Assert.Equal(2, again.CountBetween(3, again.Head.Number));
    }

    [Theory]
    [InlineData(0, 1_000_000_000_001)]
    [InlineData(400_000_000_000, 1_000_000_000_001)]
    [InlineData(600_000_000_000, 2_000_000_000_001)]
    [InlineData(1_000_000_000_001, 2_000_000_000_001)]
    public void Numbers_leap_far_enough_for_years_that_were_lost(long number, long next) => Assert.Equal(next, NumberJumps.Behind(number));

    [Fact]
    public void Leaps_are_kept_and_a_damaged_line_is_passed_over()
    {
        using var temp = new TempFolder();
        NumberJumps.Write(temp.Path, [(10, 1_000_000_000_001), (1_000_000_000_007, 2_000_000_000_001)], Callwatch.Journal.Writing.DiskFiles.Instance);
        File.AppendAllText(temp.At(NumberJumps.File), "nonsense\n5 x\n");
        var jumps = NumberJumps.Read(temp.Path);
        Assert.Equal(2, jumps.Count);
        Assert.Equal(10 + 7 + 3, NumberJumps.Count(jumps, 0, 2_000_000_000_003));
        Assert.Equal(0, NumberJumps.Count(jumps, 10, 500));
    }
}
