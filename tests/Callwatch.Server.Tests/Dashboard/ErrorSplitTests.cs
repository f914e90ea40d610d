using Callwatch.Dashboard.Errors;
using Callwatch.Query;
using Callwatch.Query.Filters;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard;

/// <summary>Where the errors of a group lie, and what they have in common.</summary>
public sealed class ErrorSplitTests
{
    private static readonly FilterField Field = FilterFields.Release;

    [Fact]
    public void What_all_errors_share_and_other_calls_do_not_have_is_named()
    {
        var split = ErrorSplit.Of(Field, ["2.0", "2.0", "2.0"], [Group("2.0", 400), Group("1.9", 900), Group(null, 50)], complete: true)!;
        Assert.True(split.IsCommon);
        Assert.Equal(900, split.Spared);
        Assert.Equal(new ErrorShare("2.0", 3, 400), Assert.Single(split.Shares));
    }

    [Fact]
    public void Where_nearly_nothing_else_was_called_nothing_is_in_common() =>
        Assert.False(ErrorSplit.Of(Field, ["2.0"], [Group("2.0", 400), Group("1.9", ErrorSplit.Enough - 1)], complete: true)!.IsCommon);

    [Fact]
    public void Errors_of_two_values_have_neither_in_common()
    {
        var split = ErrorSplit.Of(Field, ["1.9", "2.0", "2.0"], [Group("2.0", 400), Group("1.9", 900), Group("1.8", 900)], complete: true)!;
        Assert.False(split.IsCommon);
        Assert.Equal(["2.0", "1.9"], split.Shares.Select(share => share.Value));
    }

    [Fact]
    public void Where_only_the_latest_were_looked_at_no_rate_is_made_of_them() =>
        Assert.Null(Assert.Single(ErrorSplit.Of(Field, ["2.0"], [Group("2.0", 400)], complete: false)!.Shares).Calls);

    [Fact]
    public void A_field_that_none_of_them_has_is_left_out() => Assert.Null(ErrorSplit.Of(Field, [null, null], null, complete: true));

    private static StatsGroup Group(string? value, long calls) => new(new Dictionary<string, string?> { [Field.Name] = value }, new Figures { Calls = calls }, []);
}
