using Callwatch.Control;
using Xunit;

namespace Callwatch.Tests.Control;

public sealed class RetentionDeskTests
{
    private static readonly RetentionRules Settings = new() { Journal = TimeSpan.FromDays(5) };

    [Fact]
    public void Settings_hold_where_nobody_has_said_anything()
    {
        using var control = new ControlFolder();
        var desk = new RetentionDesk(control.Started().Db, Settings);
        Assert.Equal(Settings, desk.For(1, 7));
        Assert.Equal(Settings, desk.Longest);
        Assert.Equal(Settings, desk.Shortest);
    }

    [Fact]
    public void An_app_goes_before_its_tenant_and_that_before_the_instance()
    {
        using var control = new ControlFolder();
        var desk = new RetentionDesk(control.Started().Db, Settings);
        var changes = 0;
        desk.Changed += (_, _) => changes++;
        desk.Put([(0, 0, new RetentionWish(null, 60, null, null)), (1, 0, new RetentionWish(null, 30, null, null)), (1, 7, new RetentionWish(2, null, 500, null))]);
        Assert.Equal(1, changes);
        Assert.Equal(60, desk.For(2).Rows.TotalDays);
        Assert.Equal(30, desk.For(1, 8).Rows.TotalDays);
        Assert.Equal((30, 2), (desk.For(1, 7).Rows.TotalDays, desk.For(1, 7).Journal.TotalDays));
        Assert.Equal(500, desk.For(1, 7).QuarterHours.TotalDays);
        Assert.Equal((60, 30), (desk.Longest.Rows.TotalDays, desk.Shortest.Rows.TotalDays));
        Assert.Equal((5, 2), (desk.Longest.Journal.TotalDays, desk.Shortest.Journal.TotalDays));
    }

    [Fact]
    public void Another_process_sees_a_change_at_once()
    {
        using var control = new ControlFolder();
        var (one, other) = (new RetentionDesk(control.Started().Db, Settings), new RetentionDesk(control.Open().Db, Settings));
        Assert.Equal(90, other.For(1).Rows.TotalDays);
        one.Put([(1, 0, new RetentionWish(null, 3, null, null))]);
        Assert.Equal(3, other.For(1).Rows.TotalDays);
        one.Put([(1, 0, new RetentionWish(null, null, null, null))]);
        Assert.Equal(90, other.For(1).Rows.TotalDays);
        Assert.Null(other.WishOf(1));
    }
}
